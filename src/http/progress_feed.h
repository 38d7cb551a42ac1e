// How requests get on, told to all who listen (GET /api/requests/{id}/events). A request that
// somebody listens to has one feed: a coroutine that reads the batch, renders a change once, and
// hands the same text to every listener. It reads every limits::kProgressInterval, less often when
// very many requests are listened to; the database alone is asked, so it does not matter which
// process works on the batch.
//
// A listener holds a seat and neither a thread nor a queue: one that is slow finds the newest state
// when it comes back. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/async.h"
#include "base/clock.h"
#include "db/db.h"
#include "http/reply.h"

namespace imgmill {

class ProgressFeed;

class ProgressFeeds {
 public:
  // All these outlive it.
  ProgressFeeds(asio::io_context& io, Db& db, const Clock& clock, asio::thread_pool& blocking);
  ~ProgressFeeds();

  // What a listener is sent until the batch is final or gone, or stop(). nullptr when
  // limits::kListenersMax listen already.
  [[nodiscard]] std::unique_ptr<LiveSource> listen(const Batch& batch);
  // Ends all streams; later ones end at once.
  void stop();

 private:
  class Listener;

  // The batch's feed with one listener more, begun when there is none; nullptr after stop().
  [[nodiscard]] std::shared_ptr<ProgressFeed> join(const Batch& batch);
  [[nodiscard]] Task<void> follow(std::shared_ptr<ProgressFeed> feed);
  // False when the feed has ended or nobody listens any more: then it is out of the list.
  [[nodiscard]] bool goes_on(const std::shared_ptr<ProgressFeed>& feed);
  [[nodiscard]] std::chrono::steady_clock::duration pause() const;

  asio::io_context& io_;
  Db& db_;
  const Clock& clock_;
  asio::thread_pool& blocking_;
  std::atomic<std::size_t> listeners_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<ProgressFeed>> feeds_;  // by request id
  bool stopping_ = false;
};

// "event: progress" with the status object and, of a final batch, "event: done" with the same.
[[nodiscard]] std::string progress_events(const Batch& batch, Time now);
// The id of the done event: another one after a retry.
[[nodiscard]] std::string done_event_id(const Batch& final_batch);

}  // namespace imgmill
