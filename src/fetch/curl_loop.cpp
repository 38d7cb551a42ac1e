#include "fetch/curl_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace imgmill {
namespace {

constexpr int kEventsMax = 64;
constexpr const char* kOpenText = "the network loop could not be set up";

std::uint32_t epoll_events(int what) {
  std::uint32_t events = 0;
  if (what & CURL_POLL_IN) events |= EPOLLIN;
  if (what & CURL_POLL_OUT) events |= EPOLLOUT;
  return events;
}

int curl_events(std::uint32_t events) {
  int what = 0;
  if (events & EPOLLIN) what |= CURL_CSELECT_IN;
  if (events & EPOLLOUT) what |= CURL_CSELECT_OUT;
  if (events & (EPOLLERR | EPOLLHUP)) what |= CURL_CSELECT_ERR;
  return what;
}

// libcurl may speak of a descriptor that was closed and given out again meanwhile: either call is
// tried.
void watch(int epoll, int fd, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  if (::epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0) return;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

Result<std::unique_ptr<CurlLoop>> CurlLoop::create(long connections_max) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (global != CURLE_OK) return fail(ErrorCode::kInternal, kOpenText, curl_easy_strerror(global));
  std::unique_ptr<CurlLoop> loop(new CurlLoop(curl_multi_init()));
  TRY_VOID(loop->open(connections_max));
  return loop;
}

Result<void> CurlLoop::open(long connections_max) {
  if (multi_ == nullptr) return fail(ErrorCode::kIo, kOpenText, "curl_multi_init");
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return fail_errno(errno, kOpenText, "epoll_create1");
  waker_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!waker_) return fail_errno(errno, kOpenText, "eventfd");
  watch(epoll_.get(), waker_.get(), EPOLLIN);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::watch_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::set_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, connections_max);
  return {};
}

CurlLoop::~CurlLoop() {
  for (CURL* easy : idle_handles_) curl_easy_cleanup(easy);
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
}

CURL* CurlLoop::take_handle() {
  if (idle_handles_.empty()) return curl_easy_init();
  CURL* easy = idle_handles_.back();
  idle_handles_.pop_back();
  return easy;
}

void CurlLoop::give_back_handle(CURL* easy) {
  curl_easy_reset(easy);
  idle_handles_.push_back(easy);
}

bool CurlLoop::start(CURL* easy) { return curl_multi_add_handle(multi_, easy) == CURLM_OK; }

void CurlLoop::end(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

std::optional<CurlLoop::Finished> CurlLoop::next_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) return Finished{message->easy_handle, message->data.result};
  }
  return std::nullopt;
}

int CurlLoop::watch_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  const auto& loop = *static_cast<CurlLoop*>(self);
  if (what == CURL_POLL_REMOVE) {
    ::epoll_ctl(loop.epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
  } else {
    watch(loop.epoll_.get(), socket, epoll_events(what));
  }
  return 0;
}

int CurlLoop::set_timer(CURLM*, long timeout_ms, void* self) {
  auto& loop = *static_cast<CurlLoop*>(self);
  loop.timer_at_.reset();
  if (timeout_ms >= 0) {
    loop.timer_at_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  return 0;
}

int CurlLoop::wait_ms(std::chrono::milliseconds wait_max) const {
  if (!timer_at_) return static_cast<int>(wait_max.count());
  const auto until_timer =
      std::chrono::ceil<std::chrono::milliseconds>(*timer_at_ - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp(until_timer, std::chrono::milliseconds(0), wait_max).count());
}

void CurlLoop::run_timer() {
  if (!timer_at_ || std::chrono::steady_clock::now() < *timer_at_) return;
  timer_at_.reset();
  int running = 0;
  curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
}

void CurlLoop::turn(std::chrono::milliseconds wait_max) {
  std::array<epoll_event, kEventsMax> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsMax, wait_ms(wait_max));
  for (int i = 0; i < count; ++i) {
    const int fd = events[i].data.fd;
    if (fd == waker_.get()) {
      eventfd_t rings = 0;
      ::eventfd_read(fd, &rings);
      continue;
    }
    int running = 0;
    curl_multi_socket_action(multi_, fd, curl_events(events[i].events), &running);
  }
  run_timer();
}

void CurlLoop::wake() { ::eventfd_write(waker_.get(), 1); }

}  // namespace imgmill
