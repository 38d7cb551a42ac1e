// Deletes requests that have been final for as long as they are kept, and finishes deletions that a
// crash, a shutdown or a failing database or store has left half done: at the start, and again
// about once a minute. A deletion that runs without trouble is its endpoint's.
//
// On the engine's one thread; what blocks goes through the pool.
#pragma once

#include <chrono>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/async.h"
#include "base/clock.h"
#include "db/db.h"
#include "objects/object_store.h"
#include "work/signal.h"

namespace imgmill {

struct RemoverParts {  // all outlive run()
  Db& db;
  ObjectStore& objects;
  const Clock& clock;
  asio::thread_pool& blocking;
};

class Remover {
 public:
  // `retention` of 0 is for ever.
  Remover(RemoverParts parts, std::chrono::seconds retention, const asio::any_io_executor& engine);

  // Until stop(): co_spawn it once.
  [[nodiscard]] Task<void> run();
  // run() returns after the step under way. On the engine's thread.
  void stop();

 private:
  // Of the batches that have had their time, some: false when there are none.
  [[nodiscard]] Task<bool> begin_expired();
  [[nodiscard]] Task<void> remove_what_is_left();
  [[nodiscard]] Task<void> remove(Batch batch);
  [[nodiscard]] std::chrono::seconds pause() const;

  const RemoverParts parts_;
  const std::chrono::seconds retention_;
  Signal signal_;
  bool stopping_ = false;
};

}  // namespace imgmill
