// Finishes deletions that a crash, a shutdown or a failing database or store has left half done: at
// the start, and again once a minute. A deletion that runs without trouble is its endpoint's.
//
// On the engine's one thread; what blocks goes through the pool.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/async.h"
#include "db/db.h"
#include "objects/object_store.h"
#include "work/signal.h"

namespace imgmill {

class Remover {
 public:
  // All these outlive run().
  Remover(Db& db, ObjectStore& objects, const asio::any_io_executor& engine,
          asio::thread_pool& blocking);

  // Until stop(): co_spawn it once.
  [[nodiscard]] Task<void> run();
  // run() returns after the step under way. On the engine's thread.
  void stop();

 private:
  [[nodiscard]] Task<void> remove_what_is_left();
  [[nodiscard]] Task<void> remove(Batch batch);

  Db& db_;
  ObjectStore& objects_;
  asio::thread_pool& blocking_;
  Signal signal_;
  bool stopping_ = false;
};

}  // namespace imgmill
