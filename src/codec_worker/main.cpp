// imgmill-codec: the program that decodes pictures, in a sandbox. Started by codec/pool only.
#include <unistd.h>

#include "codec_worker/worker_loop.h"

int main() { _exit(imgmill::codec_worker::run_worker()); }
