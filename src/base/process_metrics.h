// The process's own numbers as Prometheus's client libraries name them: process_cpu_seconds_total,
// process_resident_memory_bytes, process_virtual_memory_bytes, process_open_fds, process_max_fds,
// process_start_time_seconds. Read from the kernel when asked; one that cannot be read is left out.
// Thread-safe. The codec's children are processes of their own and not in here.
#pragma once

#include <string>

namespace imgmill::metrics {

void append_process_metrics(std::string& text);

}  // namespace imgmill::metrics
