#include "work/engine.h"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/test_point.h"
#include "db/words.h"
#include "work/finisher.h"
#include "work/image_metrics.h"
#include "work/lease_book.h"
#include "work/run_image.h"
#include "work/signal.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;

// Other processes' batches, lapsed leases and images whose pause is over are found by looking this
// often.
constexpr auto kPoll = 250ms;
constexpr auto kPauseAfterFailure = 1s;
constexpr auto kRenewal = std::chrono::milliseconds(limits::kLeaseRenewal);

void log_final(const Batch& batch) {
  const Micros took = batch.finished_at.value_or(batch.updated_at) - batch.created_at;
  log::info(
      "batch final",
      {{"request_id", batch.request_id},
       {"status", std::string(word_of_final(batch.state))},
       {"images", std::to_string(batch.counts.placements)},
       {"processed", std::to_string(batch.counts.processed)},
       {"failed", std::to_string(batch.counts.failed)},
       {"bytes_in", std::to_string(batch.counts.bytes_in)},
       {"bytes_out", std::to_string(batch.counts.bytes_out)},
       {"duration_ms",
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count())}});
}

}  // namespace

class Engine::Impl {
 public:
  Impl(EngineOptions options, EngineParts parts, const asio::any_io_executor& executor)
      : options_(std::move(options)),
        parts_(parts),
        executor_(executor),
        wake_(executor),
        renew_(executor),
        finisher_(parts, executor, [this](auto outcomes, const auto& report, auto batches) {
          on_written(outcomes, report, batches);
        }) {
    metrics_.in_hand.set(0);
  }

  Task<void> run() {
    spawn(finisher_.run(), finishers_running_);
    spawn(renew_leases(), renewers_running_);
    while (!stopping_) co_await lease_more();
    co_await finish_in_hand();
    co_await give_back_leases();
  }

  void nudge() {
    asio::post(executor_, [this] { wake_.set(); });
  }

  void drop(BatchKey batch) {
    asio::post(executor_, [this, batch] {
      dropped_while_leasing_.push_back(batch);
      parts_.fetcher.drop(batch);
    });
  }

  void stop() {
    stopping_ = true;
    wake_.set();
  }

 private:
  // What was not begun or was broken off can be leased at once by the next life.
  Task<void> give_back_leases() {
    const auto released = co_await run_on(
        parts_.blocking, [this] { return parts_.db.release_leases(options_.owner); });
    if (!released) {
      // They lapse by themselves after limits::kLeaseDuration.
      log::warn("leases not given back", {{"error", describe(released.error())}});
    }
  }

  Task<void> lease_more() {
    if (book_.images() + limits::kChunkImages > options_.images_in_hand) {
      co_await wake_.wait(kPauseAfterFailure);
      co_return;
    }
    const Time now = parts_.clock.now();
    const LeaseBook::Room room = book_.room(options_.images_in_hand);
    dropped_while_leasing_.clear();
    auto leases = co_await run_on(parts_.blocking, [&] {
      return parts_.db.lease_images(options_.owner, room.images, room.served, now,
                                    now + limits::kLeaseDuration);
    });
    TEST_POINT("engine.leased");
    if (!leases) {
      log::error("no leases from the database", {{"error", describe(leases.error())}});
      co_await wake_.wait(kPauseAfterFailure);
      co_return;
    }
    for (Lease& lease : *leases) start(std::move(lease));
    if (leases->empty()) co_await wake_.wait(kPoll);
  }

  void start(Lease lease) {
    book_.open(lease);
    metrics_.in_hand.set(static_cast<double>(book_.images()));
    if (std::ranges::count(dropped_while_leasing_, lease.id.batch) > 0) return break_off(lease);
    const RenditionPlace place = options_.place_of(lease.request_id);
    for (LeasedImage& image : lease.images) {
      spawn(run_one({.lease = lease.id,
                     .image = std::move(image),
                     .recipe = lease.recipe,
                     .request_id = lease.request_id,
                     .place = place}),
            images_running_);
    }
  }

  Task<void> run_one(ImageJob job) {
    const LeaseId lease = job.lease;
    const std::uint32_t image = job.image.image;
    const std::uint32_t tries = job.image.tries;
    std::optional<Outcome> outcome;
    if (!stopping_) outcome = co_await run_image(parts_, std::move(job));
    if (!outcome && !stopping_) outcome = broken_off(lease, image, tries);
    if (outcome) {
      finish(*std::move(outcome));
    } else {
      close(lease);
    }
  }

  void finish(Outcome outcome) {
    finisher_.add(std::move(outcome));
    if (finisher_.outcomes() == book_.images()) finisher_.hurry();
  }

  // Its batch was cancelled: the database takes it out of work. Should the batch go on, nothing is
  // lost but time.
  [[nodiscard]] Outcome broken_off(const LeaseId& lease, std::uint32_t image,
                                   std::uint32_t tries) const {
    return {.lease = lease,
            .image = image,
            .tries = tries,
            .rendered = std::nullopt,
            .fault = cancelled_fault(),
            .try_again_at = parts_.clock.now()};
  }

  void break_off(const Lease& lease) {
    for (const LeasedImage& image : lease.images) {
      finish(broken_off(lease.id, image.image, image.tries));
    }
  }

  void on_written(std::span<const Outcome> outcomes, const FinishReport& report,
                  std::span<const Batch> final_batches) {
    for (const Outcome& outcome : outcomes) {
      close(outcome.lease);
      metrics_.count(outcome);
    }
    if (report.fenced_off > 0) {
      metrics_.fenced_off.add(report.fenced_off);
      log::warn("outcomes came after their lease", {{"images", std::to_string(report.fenced_off)}});
    }
    for (const Batch& batch : final_batches) {
      metrics_.count_final(batch.state);
      log_final(batch);
    }
    if (!report.final_batches.empty()) options_.batch_became_final();
  }

  void close(const LeaseId& lease) {
    book_.close_one(lease);
    metrics_.in_hand.set(static_cast<double>(book_.images()));
    wake_.set();
  }

  Task<void> renew_leases() {
    while (true) {
      co_await renew_.wait(kRenewal);
      if (drained_) co_return;
      const std::vector<LeaseId> leases = book_.leases();
      if (leases.empty()) continue;
      const Time until = parts_.clock.now() + limits::kLeaseDuration;
      const auto extended =
          co_await run_on(parts_.blocking, [&] { return parts_.db.extend_leases(leases, until); });
      if (!extended) log::warn("leases not renewed", {{"error", describe(extended.error())}});
    }
  }

  // Images first, then the finisher with what they left it; leases are renewed all the while.
  Task<void> finish_in_hand() {
    while (images_running_ > 0) co_await wake_.wait(kPauseAfterFailure);
    finisher_.stop();
    while (finishers_running_ > 0) co_await wake_.wait(kPauseAfterFailure);
    drained_ = true;
    renew_.set();
    while (renewers_running_ > 0) co_await wake_.wait(kPauseAfterFailure);
  }

  void spawn(Task<void> task, std::size_t& running) {
    ++running;
    asio::co_spawn(executor_, std::move(task), [this, &running](const std::exception_ptr& bug) {
      CHECK(!bug);
      --running;
      wake_.set();
    });
  }

  const EngineOptions options_;
  EngineParts parts_;
  asio::any_io_executor executor_;
  Signal wake_;
  Signal renew_;
  LeaseBook book_;
  const ImageMetrics& metrics_ = image_metrics();
  Finisher finisher_;
  std::vector<BatchKey> dropped_while_leasing_;  // during the last call of lease_images
  std::size_t images_running_ = 0;
  std::size_t finishers_running_ = 0;
  std::size_t renewers_running_ = 0;
  bool stopping_ = false;
  bool drained_ = false;
};

Engine::Engine(EngineOptions options, EngineParts parts, const asio::any_io_executor& executor)
    : impl_(std::make_unique<Impl>(std::move(options), parts, executor)) {}
Engine::~Engine() = default;

Task<void> Engine::run() { return impl_->run(); }
void Engine::nudge() { impl_->nudge(); }
void Engine::drop(BatchKey batch) { impl_->drop(batch); }
void Engine::stop() { impl_->stop(); }

}  // namespace imgmill
