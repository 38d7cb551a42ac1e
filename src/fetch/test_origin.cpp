#include "fetch/test_origin.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/socket.h>

#include <fmt/format.h>

#include "base/check.h"

namespace imgmill {
namespace {

// Appends what arrives; false at the end.
bool read_more(int fd, std::string& unread) {
  char buffer[8'192];
  const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  unread.append(buffer, static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> take_front(int fd, std::string& unread, std::size_t size) {
  while (unread.size() < size) {
    if (!read_more(fd, unread)) return std::nullopt;
  }
  std::string front = unread.substr(0, size);
  unread.erase(0, size);
  return front;
}

std::optional<std::string> take_head(int fd, std::string& unread) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  while (unread.find(kEnd) == std::string::npos) {
    if (!read_more(fd, unread)) return std::nullopt;
  }
  return take_front(fd, unread, unread.find(kEnd) + kEnd.size());
}

std::size_t content_length(const std::string& head) {
  const std::size_t at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::strtoull(head.c_str() + at + 16, nullptr, 10);
}

std::string path_of(const std::string& head) {
  const std::size_t first = head.find(' ') + 1;
  return head.substr(first, head.find_first_of(" ?", first) - first);
}

}  // namespace

void Gate::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

bool Gate::is_open() {
  const std::lock_guard lock(mutex_);
  return open_;
}

void Gate::wait_until_open() {
  std::unique_lock lock(mutex_);
  ++arrived_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return open_; });
}

void Gate::wait_for_arrivals(int count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return arrived_ >= count; });
}

bool Exchange::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Exchange::answer(int status, std::string_view headers, std::string_view with_body) {
  return send(fmt::format("HTTP/1.1 {} Whatever\r\nContent-Length: {}\r\n{}\r\n", status,
                          with_body.size(), headers)) &&
         send(with_body);
}

void Exchange::wait_for_close() {
  std::string ignored;
  while (read_more(fd_, ignored)) ignored.clear();
  closed_ = true;
}

void Exchange::close() {
  ::shutdown(fd_, SHUT_WR);
  closed_ = true;
}

void Exchange::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  closed_ = true;
}

TestOrigin::TestOrigin(std::string address)
    : address_(std::move(address)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  CHECK(::inet_pton(AF_INET, address_.c_str(), &name.sin_addr) == 1);
  socklen_t size = sizeof name;
  CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&name), size) == 0);
  CHECK(::listen(listener_.get(), 512) == 0);
  CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
  port_ = ntohs(name.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

TestOrigin::~TestOrigin() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : open_fds_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  threads.swap(threads_);  // nobody adds to it any more
  for (std::thread& thread : threads) thread.join();
}

std::string TestOrigin::url(std::string_view path) const {
  return fmt::format("http://{}:{}{}", address_, port_, path);
}

void TestOrigin::accept_loop() {
  while (true) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (fd >= 0 && stopping_) ::close(fd);
    if (fd < 0 || stopping_) return;
    const int at_once = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    ++connections_;
    open_fds_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void TestOrigin::serve(int fd) {
  std::string unread;
  Exchange(fd, {}, {}).send(greeting_);
  while (serve_one(fd, unread)) {
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_fds_, fd);
  ::close(fd);
}

bool TestOrigin::serve_one(int fd, std::string& unread) {
  auto head = take_head(fd, unread);
  if (!head) return false;
  auto body = take_front(fd, unread, content_length(*head));
  if (!body) return false;
  ++requests_;
  Exchange exchange(fd, *std::move(head), *std::move(body));
  const auto script = scripts_.find(path_of(exchange.head));
  if (script == scripts_.end()) return exchange.answer(404, "", "no such thing");
  script->second(exchange);
  return !exchange.closed();
}

}  // namespace imgmill
