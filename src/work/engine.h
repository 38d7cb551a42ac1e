// The engine: leases images, runs each through fetch → codec → store, and writes the outcomes. The
// only place that decides what happens next to an image. Coroutines on the caller's single-threaded
// executor, so nothing here locks and a test can step it; blocking calls go through the pool.
//
//   LeaseBook    what is in hand, and what each batch may have
//   run_image    one image through its steps, to an Outcome
//   Finisher     outcomes made durable together: objects first, then one transaction
//   retry_policy which fault is tried again, and when
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/async.h"
#include "base/clock.h"
#include "codec/codec.h"
#include "db/db.h"
#include "fetch/fetcher.h"
#include "objects/object_store.h"

namespace imgmill {

// Where a batch's renditions go.
struct RenditionPlace {
  std::string folder;  // the front of their keys, with its slash: "images/"
  std::string secret;  // keys the names' last part, so that they cannot be guessed; may be empty
};

struct EngineOptions {
  std::string owner;             // names this process in its leases
  std::uint32_t images_in_hand;  // leased and not finished, at most (and up to a chunk more)
  std::function<RenditionPlace(const std::string& request_id)> place_of;
  std::function<void()> batch_became_final;  // a hint for the courier
};

struct EngineParts {
  Db& db;
  Fetcher& fetcher;
  Codec& codec;
  ObjectStore& objects;
  const Clock& clock;
  asio::thread_pool& blocking;
};

class Engine {
 public:
  Engine(EngineOptions options, EngineParts parts, const asio::any_io_executor& executor);
  ~Engine();

  // Works until stop(): co_spawn it on the executor.
  [[nodiscard]] Task<void> run();
  // There may be something to lease: look at once. Any thread.
  void nudge();
  // Breaks off the downloads of a cancelled batch and begins no image of it that is leased already;
  // what is further ends in its own way. Any thread.
  void drop(BatchKey batch);
  // Lease no more and give back what has not begun; run() returns when what is under way is
  // finished.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace imgmill
