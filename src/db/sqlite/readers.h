// A few connections that only read, handed out one to a thread at a time. A read sees everything
// that was committed before it began.
#pragma once

#include <condition_variable>
#include <mutex>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "base/metrics.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/verb_duration.h"

namespace imgmill::sqlite {

class Readers {
 public:
  explicit Readers(std::vector<Connection> connections) : connections_(std::move(connections)) {
    for (Connection& connection : connections_) free_.push_back(&connection);
  }

  // fn(connection), as soon as a connection is free. Any thread.
  template <class Fn>
  [[nodiscard]] auto run(Fn fn) -> std::invoke_result_t<Fn&, Connection&> {
    const metrics::Timer timer(verb_time_);
    const Borrowed borrowed(*this);
    return fn(*borrowed.connection);
  }

 private:
  struct Borrowed {
    explicit Borrowed(Readers& from) : readers(from), connection(readers.take()) {}
    ~Borrowed() { readers.give_back(connection); }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;

    Readers& readers;
    Connection* connection;
  };

  Connection* take() {
    std::unique_lock lock(mutex_);
    one_is_free_.wait(lock, [this] { return !free_.empty(); });
    Connection* connection = free_.back();
    free_.pop_back();
    return connection;
  }

  void give_back(Connection* connection) {
    {
      const std::scoped_lock lock(mutex_);
      free_.push_back(connection);
    }
    one_is_free_.notify_one();
  }

  const metrics::Histogram verb_time_ = verb_duration("read");
  std::vector<Connection> connections_;
  std::mutex mutex_;
  std::condition_variable one_is_free_;
  std::vector<Connection*> free_;
};

}  // namespace imgmill::sqlite
