#include "http/edge.h"

#include <exception>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "http/connections.h"
#include "http/listener.h"
#include "http/progress_feed.h"
#include "http/site.h"

namespace imgmill {

class Edge::Impl {
 public:
  Impl(EdgeOptions options, EdgeParts parts)
      : site_{.options = std::move(options), .parts = std::move(parts)},
        io_(site_.options.threads),
        strand_(asio::make_strand(io_)),
        connections_(limits::kHttpConnectionsMax),
        listener_(io_, strand_, site_, connections_,
                  site_.options.metrics ? Door::kPublic : Door::kMain),
        metrics_listener_(io_, strand_, site_, connections_, Door::kMetrics),
        progress_(io_, site_.parts.db, site_.parts.clock, site_.parts.blocking),
        watch_timer_(io_) {
    site_.progress = &progress_;
  }
  ~Impl() { stop(std::chrono::milliseconds(0)); }

  Result<void> bind() {
    if (site_.options.tls) {
      TRY(site_.certificate, TlsCertificate::load(*site_.options.tls));
    }
    TRY_VOID(listener_.bind("--listen", site_.options.address, site_.options.port));
    const auto& metrics = site_.options.metrics;
    if (!metrics) return {};
    return metrics_listener_.bind("--metrics-listen", metrics->address, metrics->port);
  }
  std::uint16_t port() const { return listener_.port(); }
  std::uint16_t metrics_port() const { return metrics_listener_.port(); }

  void start() {
    CHECK(threads_.empty());
    asio::co_spawn(strand_, listener_.run(), note_end);
    asio::co_spawn(strand_, metrics_listener_.run(), note_end);
    asio::co_spawn(strand_, watch(), note_end);
    for (int i = 0; i < site_.options.threads; ++i) threads_.emplace_back([this] { run(); });
  }

  void reload_certificate() {
    if (!site_.certificate) return;
    const auto reloaded = site_.certificate->reload();
    if (reloaded) return log::info("certificate read anew");
    log::error("certificate not read anew: the one before stays in use",
               {{"error", describe(reloaded.error())}});
  }

  void drain() { site_.draining = true; }

  // Blocking calls under way are waited for, deadline or not: they answer to io_.
  void stop(std::chrono::milliseconds deadline) {
    if (threads_.empty()) return;
    drain();
    asio::post(strand_, [this] {
      listener_.close();
      metrics_listener_.close();
    });
    progress_.stop();
    connections_.retire_all();
    bool empty = connections_.wait_until_empty(deadline * 3 / 4);
    site_.stopping = true;  // what has not ended by itself still hears why
    if (!empty) empty = connections_.wait_until_empty(deadline / 4);
    if (!empty) {
      log::warn("connections broken off", {{"count", std::to_string(connections_.size())}});
      connections_.abort_all();
      connections_.wait_until_empty();
    }
    asio::post(strand_, [this] {
      stopped_ = true;
      watch_timer_.cancel();
    });
    threads_.clear();
  }

 private:
  void run() {
    try {
      io_.run();
    } catch (const std::exception& exception) {
      log::error("an edge thread ended by an exception", {{"what", exception.what()}});
      throw;  // ends the process: nobody would answer
    }
  }

  Task<void> watch() {
    while (!stopped_) {
      boost::system::error_code ignored;
      auto token = asio::redirect_error(asio::use_awaitable, ignored);
      watch_timer_.expires_after(limits::kHttpWatchInterval);
      co_await watch_timer_.async_wait(token);
      connections_.enforce_deadlines(site_.parts.clock.steady_now());
    }
  }

  static void note_end(const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);  // ends run(), above
  }

  Site site_;
  asio::io_context io_;
  Strand strand_;
  Connections connections_;
  Listener listener_;
  Listener metrics_listener_;  // open when it has an address of its own
  ProgressFeeds progress_;
  asio::steady_timer watch_timer_;
  bool stopped_ = false;  // on the strand
  std::vector<std::jthread> threads_;
};

Edge::Edge(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Edge::~Edge() = default;

Result<std::unique_ptr<Edge>> Edge::create(EdgeOptions options, EdgeParts parts) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(parts));
  TRY_VOID(impl->bind());
  return std::unique_ptr<Edge>(new Edge(std::move(impl)));
}

std::uint16_t Edge::port() const { return impl_->port(); }
std::uint16_t Edge::metrics_port() const { return impl_->metrics_port(); }
void Edge::start() { impl_->start(); }
void Edge::reload_certificate() { impl_->reload_certificate(); }
void Edge::drain() { impl_->drain(); }
void Edge::stop(std::chrono::milliseconds deadline) { impl_->stop(deadline); }

}  // namespace imgmill
