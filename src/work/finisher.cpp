#include "work/finisher.h"

#include <iterator>

#include "base/crypto.h"
#include "base/log.h"
#include "base/test_point.h"
#include "work/retry_policy.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;

// A chunk's worth is written together: a commit and its syncs cost about as much for one image as
// for
// 32. A few stragglers wait this long for company, unless none can come.
constexpr std::size_t kGatherOutcomes = 32;
constexpr auto kGatherTime = 200ms;
constexpr std::size_t kTransactionOutcomes = 1'024;
constexpr auto kPauseAfterFailure = 1s;
constexpr int kFailuresWhileStoppingMax = 3;

void turn_into_fault(Outcome& outcome, const FetchFault& fault, Time now) {
  outcome.rendered.reset();
  outcome.fault = fault.fault;
  if (const auto pause = pause_after(fault, outcome.tries, random_u64())) {
    outcome.try_again_at = now + *pause;
  }
}

void make_durable(std::vector<Outcome>& outcomes, ObjectStore& objects, Time now) {
  std::vector<std::string> keys;
  for (const Outcome& outcome : outcomes) {
    if (outcome.rendered) keys.push_back(outcome.rendered->output_key);
  }
  if (keys.empty()) return;
  const auto durable = objects.make_durable(keys);
  if (durable) return;
  log::error("renditions not durable", {{"error", describe(durable.error())}});
  for (Outcome& outcome : outcomes) {
    if (outcome.rendered) turn_into_fault(outcome, storage_fault(durable.error()), now);
  }
}

// For the log and the metrics only: one that cannot be read, or was deleted at once, is left out.
std::vector<Batch> find_all(Db& db, std::span<const std::string> request_ids) {
  std::vector<Batch> batches;
  for (const std::string& id : request_ids) {
    if (auto found = db.find_batch(id); found && *found) batches.push_back(**std::move(found));
  }
  return batches;
}

}  // namespace

Finisher::Finisher(EngineParts parts, const asio::any_io_executor& executor, Written written)
    : parts_(parts), written_(std::move(written)), signal_(executor) {}

void Finisher::add(Outcome outcome) {
  pending_.push_back(std::move(outcome));
  if (pending_.size() == 1 || pending_.size() >= kGatherOutcomes) signal_.set();
}

void Finisher::hurry() {
  hurrying_ = true;
  signal_.set();
}

void Finisher::stop() {
  stopping_ = true;
  signal_.set();
}

Task<void> Finisher::run() {
  int failures = 0;
  while (true) {
    if (pending_.empty()) {
      if (stopping_) co_return;
      co_await signal_.wait(1h);
      continue;
    }
    if (pending_.size() < kGatherOutcomes && !hurrying_ && !stopping_) {
      signal_.clear();
      co_await signal_.wait(kGatherTime);
    }
    hurrying_ = false;
    const bool written = co_await write_pending();
    failures = written ? 0 : failures + 1;
    if (written) continue;
    if (stopping_ && failures >= kFailuresWhileStoppingMax) co_return;
    co_await signal_.wait(kPauseAfterFailure);
  }
}

Task<bool> Finisher::write_pending() {
  const std::size_t count = std::min(pending_.size(), kTransactionOutcomes);
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Outcome> outcomes(std::make_move_iterator(pending_.begin()),
                                std::make_move_iterator(end));
  pending_.erase(pending_.begin(), end);

  being_written_ = count;
  const Time now = parts_.clock.now();
  std::vector<Batch> final_batches;
  const auto report = co_await run_on(parts_.blocking, [&]() -> Result<FinishReport> {
    make_durable(outcomes, parts_.objects, now);
    TEST_POINT("finish.durable");
    TRY(FinishReport written, parts_.db.finish_images(outcomes, now));
    final_batches = find_all(parts_.db, written.final_batches);
    return written;
  });
  being_written_ = 0;
  if (!report) {
    log::error("outcomes not written, will be tried again", {{"error", describe(report.error())}});
    pending_.insert(pending_.begin(), std::make_move_iterator(outcomes.begin()),
                    std::make_move_iterator(outcomes.end()));
    co_return false;
  }
  TEST_POINT("finish.committed");
  written_(outcomes, *report, final_batches);
  co_return true;
}

}  // namespace imgmill
