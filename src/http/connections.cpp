#include "http/connections.h"

namespace imgmill {

bool Connections::add(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  if (closing_ || open_.size() >= count_max_) return false;
  open_.emplace(connection.get(), connection);
  return true;
}

void Connections::remove(const Connection* connection) {
  const std::lock_guard lock(mutex_);
  open_.erase(connection);
  if (open_.empty()) emptied_.notify_all();
}

std::size_t Connections::size() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

void Connections::enforce_deadlines(std::chrono::steady_clock::time_point now) {
  for (const auto& connection : snapshot()) connection->enforce_deadline(now);
}

void Connections::retire_all() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  for (const auto& connection : snapshot()) connection->retire();
}

void Connections::abort_all() {
  for (const auto& connection : snapshot()) connection->abort();
}

void Connections::wait_until_empty() {
  std::unique_lock lock(mutex_);
  emptied_.wait(lock, [this] { return open_.empty(); });
}

bool Connections::wait_until_empty(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return emptied_.wait_for(lock, timeout, [this] { return open_.empty(); });
}

// A copy, so that no connection is called, and none ends, under the lock.
std::vector<std::shared_ptr<Connection>> Connections::snapshot() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Connection>> open;
  open.reserve(open_.size());
  for (const auto& [key, weak] : open_) {
    if (auto connection = weak.lock()) open.push_back(std::move(connection));
  }
  return open;
}

}  // namespace imgmill
