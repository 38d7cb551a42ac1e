// An origin for tests: plain sockets on loopback, a thread a connection, and a script a path. A
// script may say and do anything a real origin might: lie, drip, reset, or never answer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace imgmill {

// A door that scripts wait at until the test opens it.
class Gate {
 public:
  void open();
  void wait_until_open();
  // The test's side: until so many have arrived.
  void wait_for_arrivals(int count);
  [[nodiscard]] bool is_open();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

class Exchange {
 public:
  Exchange(int fd, std::string head, std::string body)
      : head(std::move(head)), body(std::move(body)), fd_(fd) {}

  // False when the other side is gone.
  bool send(std::string_view bytes);
  // A whole answer; the connection stays open.
  bool answer(int status, std::string_view headers, std::string_view body);
  // Until the other side closes.
  void wait_for_close();
  void close();
  void reset();  // with RST, not FIN
  [[nodiscard]] bool closed() const { return closed_; }

  const std::string head;  // request line and headers
  const std::string body;

 private:
  int fd_;
  bool closed_ = false;
};

class TestOrigin {
 public:
  using Script = std::function<void(Exchange&)>;

  // `address`: "127.0.0.1", "127.0.0.2", …
  explicit TestOrigin(std::string address = "127.0.0.1");
  ~TestOrigin();
  TestOrigin(const TestOrigin&) = delete;
  TestOrigin& operator=(const TestOrigin&) = delete;

  // Before the first request for it. Without a script a path is answered 404.
  void on(std::string path, Script script) { scripts_[std::move(path)] = std::move(script); }
  // Before the first connection: what is said before anything was asked.
  void greet_with(std::string bytes) { greeting_ = std::move(bytes); }
  [[nodiscard]] std::string url(std::string_view path) const;
  [[nodiscard]] int port() const { return port_; }

  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] int requests() const { return requests_; }

 private:
  void accept_loop();
  void serve(int fd);
  // False when the connection is over.
  bool serve_one(int fd, std::string& unread);

  std::string address_;
  int port_ = 0;
  UniqueFd listener_;
  std::map<std::string, Script> scripts_;
  std::string greeting_;
  std::atomic<int> connections_{0};
  std::atomic<int> requests_{0};
  std::mutex mutex_;
  std::vector<int> open_fds_;         // guarded by mutex_
  std::vector<std::thread> threads_;  // guarded by mutex_
  bool stopping_ = false;             // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace imgmill
