// libcurl's multi handle and the waiting for it: easy handles go in, finished ones come out.
// Sockets are watched with epoll, so a turn costs what has happened and not what is under way:
// curl_multi_perform looks at every transfer at each turn. Easy handles are kept and used again.
//
// Private to the room. One thread, but wake(), which any thread may call.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include <curl/curl.h>

#include "base/error.h"
#include "base/unique_fd.h"

namespace imgmill {

class CurlLoop {
 public:
  // Keeps at most `connections_max` idle connections. kIo when the system has no descriptor left.
  [[nodiscard]] static Result<std::unique_ptr<CurlLoop>> create(long connections_max);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  // A handle with no option set; nullptr when there is no memory.
  [[nodiscard]] CURL* take_handle();
  void give_back_handle(CURL* easy);

  [[nodiscard]] bool start(CURL* easy);
  // Ends a transfer, finished or not. Its handle stays readable until it is given back.
  void end(CURL* easy);

  struct Finished {
    CURL* easy;
    CURLcode result;
  };
  [[nodiscard]] std::optional<Finished> next_finished();

  // Waits until something happens, and lets libcurl work on it.
  void turn(std::chrono::milliseconds wait_max);
  void wake();

 private:
  explicit CurlLoop(CURLM* multi) : multi_(multi) {}

  static int watch_socket(CURL* easy, curl_socket_t socket, int what, void* self,
                          void* socket_data);
  static int set_timer(CURLM* multi, long timeout_ms, void* self);
  [[nodiscard]] Result<void> open(long connections_max);
  [[nodiscard]] int wait_ms(std::chrono::milliseconds wait_max) const;
  void run_timer();

  CURLM* multi_;
  UniqueFd epoll_;
  UniqueFd waker_;
  std::optional<std::chrono::steady_clock::time_point> timer_at_;
  std::vector<CURL*> idle_handles_;
};

}  // namespace imgmill
