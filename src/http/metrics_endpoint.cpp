#include <limits>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/log.h"
#include "http/endpoints.h"
#include "http/site.h"

namespace imgmill {
namespace {

constexpr auto kQueueDeadline = std::chrono::seconds(2);
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

struct Waiting {
  explicit Waiting(const asio::any_io_executor& executor) : timer(executor) {}
  asio::steady_timer timer;
  std::optional<QueueState> state;
};

// Starts reading on the pool; `waiting` hears of it on its executor, or nobody does any more. One
// read at a time, so that a database that hangs holds one thread of the pool and not all.
void read_queue(Site& site, const std::shared_ptr<Waiting>& waiting) {
  if (site.queue_is_being_read.exchange(true)) return;
  auto tracked =
      asio::prefer(waiting->timer.get_executor(), asio::execution::outstanding_work.tracked);
  asio::post(site.parts.blocking, [&site, waiting, tracked = std::move(tracked)] {
    auto state = site.parts.db.queue_state(site.parts.clock.now());
    site.queue_is_being_read = false;
    if (!state) return log::warn("queue not read", {{"error", describe(state.error())}});
    asio::post(tracked, [waiting, state = *state] {
      waiting->state = state;
      waiting->timer.cancel();
    });
  });
}

Task<void> measure_queue(Site& site) {
  const auto executor = co_await asio::this_coro::executor;
  const auto waiting = std::make_shared<Waiting>(executor);
  waiting->timer.expires_after(kQueueDeadline);
  read_queue(site, waiting);
  boost::system::error_code cancelled;  // by the answer
  auto token = asio::redirect_error(asio::use_awaitable, cancelled);
  co_await waiting->timer.async_wait(token);
  const auto& state = waiting->state;
  const auto age = [&](Time since) {
    return std::chrono::duration<double>(site.parts.clock.now() - since).count();
  };
  const bool idle = state && !state->waiting_since;
  site.metrics.queue_images.set(state ? static_cast<double>(state->images) : kUnknown);
  site.metrics.queue_age.set(!state ? kUnknown : idle ? 0 : age(*state->waiting_since));
}

}  // namespace

Task<Reply> get_metrics(Site& site, Request& request) {
  if (!request.may_see_metrics) co_return reply_of(not_found());
  co_await measure_queue(site);
  site.metrics.uploads.set(site.uploads);
  auto write = [] { return metrics::exposition(); };  // counts descriptors in /proc
  co_return Reply{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                  .headers = {{"Cache-Control", "no-store"}},
                  .body = co_await run_on(site.parts.blocking, std::move(write))};
}

}  // namespace imgmill
