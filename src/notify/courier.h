// Webhooks: lease a Delivery, sign it, POST it through the Fetcher's guard, record the attempt, and
// say when to try again or that it is dead (CONTRACT section 3). Pauses live in the database, not
// in a thread, so they hold across restarts.
//
// At least once: what was posted and could not be recorded is recorded later, as long as this
// process lives; after that it is posted again, under the same event id. Up to
// limits::kWebhooksAtOnce at once, so that a slow receiver does not hold up the others.
//
// Runs on the engine's one thread; Db calls go through the blocking pool.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/async.h"
#include "base/clock.h"
#include "db/db.h"
#include "fetch/fetcher.h"

namespace imgmill {

struct CourierOptions {
  std::string owner;                           // names this process in its leases
  std::string base_url;                        // "http://localhost:5000", no slash at the end
  std::vector<std::string> secrets;            // newest first; empty: unsigned
  std::vector<std::chrono::seconds> schedule;  // pauses after the 1st, 2nd, … failed attempt
};

class Courier {
 public:
  // All these, and the Courier, outlive run(). `engine` is single-threaded.
  Courier(CourierOptions options, Db& db, Fetcher& fetcher, const Clock& clock,
          asio::any_io_executor engine, asio::thread_pool& blocking);
  ~Courier();

  // Polls until stop(): co_spawn it on the engine, once.
  [[nodiscard]] Task<void> run();
  // A delivery may be due now: look at once. Any thread.
  void nudge();
  // Lease no more; run() returns when what is under way has been answered and recorded. An attempt
  // that cannot be recorded then is left to its lease. Any thread.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace imgmill
