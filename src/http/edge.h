// The edge: listener, sessions, router, and the endpoints of CONTRACT 1.1 to 1.5. Every failure
// leaves as application/problem+json (http/problem.cpp). Beast stays inside this room's .cpp files.
//
// An io_context on `threads` threads of its own, a strand a session, a deadline on every await;
// blocking calls go through the pool.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/async.h"
#include "base/clock.h"
#include "base/error.h"
#include "db/db.h"
#include "http/url_sample.h"
#include "objects/object_store.h"

namespace imgmill {

struct EdgeOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 5000;  // 0: any free one
  int threads = 2;
  std::string base_url{};                // no slash at the end
  std::filesystem::path spool_folder{};  // uploads on their way; on the store's file system
  std::uint64_t upload_bytes_max = std::uint64_t{1} << 30;
  int quality_default = 50;
};

struct EdgeParts {
  Db& db;
  ObjectStore& objects;
  const Clock& clock;
  asio::thread_pool& blocking;
  // What is wrong with a webhook URL as an address (blocked), or nullopt. Called on the pool.
  std::function<std::optional<std::string>(std::string_view url)> webhook_url_fault;
  // Hints for the engine, from any edge thread.
  std::function<void()> batch_sealed;  // or there is something to be done in it again
  std::function<void(BatchKey)> batch_cancelled;
  // What is behind a URL, for dry runs: asked from any thread, answered once on any. end_looking()
  // has all that is asked for in that round answered soon, as kCancelled.
  std::function<void(std::string url, std::int64_t round, Callback<UrlSample> done)> look{};
  std::function<void(std::int64_t round)> end_looking{};
};

class Edge {
 public:
  // Binds and listens; kUnavailable, naming the address, when it cannot.
  [[nodiscard]] static Result<std::unique_ptr<Edge>> create(EdgeOptions options, EdgeParts parts);
  ~Edge();

  [[nodiscard]] std::uint16_t port() const;
  void start();
  // New uploads are answered 503 and readyz says so; what is under way goes on.
  void drain();
  // Closes the listener and idle connections, waits for what is under way until the deadline, then
  // breaks it off. A blocking call under way is always waited for.
  void stop(std::chrono::milliseconds deadline);

 private:
  class Impl;
  explicit Edge(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace imgmill
