// All open connections: counted against limits::kHttpConnectionsMax, watched for deadlines, and
// ended when the edge stops. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace imgmill {

// Its calls come from any thread and return at once.
class Connection {
 public:
  virtual ~Connection() = default;
  // Ends what it waits for, if its deadline has passed.
  virtual void enforce_deadline(std::chrono::steady_clock::time_point now) = 0;
  // Ends after the request under way, or at once when there is none.
  virtual void retire() = 0;
  // Ends now.
  virtual void abort() = 0;
};

class Connections {
 public:
  explicit Connections(std::size_t count_max) : count_max_(count_max) {}

  // False when there are too many or the edge is stopping.
  [[nodiscard]] bool add(const std::shared_ptr<Connection>& connection);
  void remove(const Connection* connection);
  [[nodiscard]] std::size_t size() const;

  void enforce_deadlines(std::chrono::steady_clock::time_point now);
  void retire_all();  // and takes no more
  void abort_all();
  void wait_until_empty();
  [[nodiscard]] bool wait_until_empty(std::chrono::milliseconds timeout);

 private:
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> snapshot() const;

  const std::size_t count_max_;
  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  std::unordered_map<const Connection*, std::weak_ptr<Connection>> open_;
  bool closing_ = false;
};

}  // namespace imgmill
