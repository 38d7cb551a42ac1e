// A small server of its own, for the test that kills it: starts a pool, prints the pid of each
// child on one line, and waits. argv: the worker, the number of children.
#include <cstdio>
#include <set>
#include <string>

#include <unistd.h>

#include "tests/sandbox/hostile.h"

int main(int count, char** arguments) {
  using namespace imgmill;
  if (count != 3) return 2;
  CodecPoolOptions options = hostile_options();
  options.worker = arguments[1];
  options.children = number_of(arguments[2]);
  const auto pool = hostile_pool(options);
  if (!pool) return 3;
  std::set<std::string> pids;
  while (std::ssize(pids) < options.children) pids.insert(message_of(ask(*pool, "pid")));
  std::vector<std::future<CodecOutcome>> busy;
  busy.push_back(ask_later(*pool, "spin"));  // one child is at work, the others are idle
  for (const std::string& pid : pids) std::printf("%s ", pid.c_str());
  std::printf("\n");
  std::fflush(stdout);
  while (true) ::pause();
}
