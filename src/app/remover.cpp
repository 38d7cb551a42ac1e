#include "app/remover.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "batch/removal.h"

namespace imgmill {
namespace {

constexpr std::chrono::seconds kPauseMax{60};
constexpr std::uint32_t kExpiredAtOnce = 100;

}  // namespace

Remover::Remover(RemoverParts parts, std::chrono::seconds retention,
                 const asio::any_io_executor& engine)
    : parts_(parts), retention_(retention), signal_(engine) {}

Task<void> Remover::run() {
  while (!stopping_) {
    const bool more = co_await begin_expired();
    co_await remove_what_is_left();
    if (!stopping_ && !more) co_await signal_.wait(pause());
  }
}

// What is kept for seconds is not to stay for a minute.
std::chrono::seconds Remover::pause() const {
  if (retention_.count() == 0) return kPauseMax;
  return std::clamp(retention_ / 10, std::chrono::seconds(1), kPauseMax);
}

Task<bool> Remover::begin_expired() {
  if (retention_.count() == 0) co_return false;
  const Time finished_before = parts_.clock.now() - retention_;
  auto begin = [this, finished_before] {
    return parts_.db.begin_deletions(finished_before, kExpiredAtOnce);
  };
  const Result<std::uint32_t> begun = co_await run_on(parts_.blocking, begin);
  if (!begun) {
    log::warn("requests that had their time not deleted", {{"error", describe(begun.error())}});
    co_return false;
  }
  co_return *begun == kExpiredAtOnce;
}

void Remover::stop() {
  stopping_ = true;
  signal_.set();
}

Task<void> Remover::remove_what_is_left() {
  auto find = [this] { return parts_.db.find_deleting(); };
  Result<std::vector<Batch>> left = co_await run_on(parts_.blocking, find);
  if (!left) {
    log::warn("deletions not looked for", {{"error", describe(left.error())}});
    co_return;
  }
  for (Batch& batch : *left) {
    if (!stopping_) co_await remove(std::move(batch));
  }
}

Task<void> Remover::remove(Batch batch) {
  const std::string request_id = batch.request_id;
  BatchRemoval removal(std::move(batch), parts_.db, parts_.objects);
  while (!stopping_) {
    auto step = [&removal] { return removal.step(); };
    const Result<bool> gone = co_await run_on(parts_.blocking, step);
    if (!gone) {
      log::warn("request not wholly deleted, will be tried again",
                {{"request_id", request_id}, {"error", describe(gone.error())}});
      co_return;
    }
    if (!*gone) continue;
    log::info("deletion finished", {{"request_id", request_id}});
    co_return;
  }
}

}  // namespace imgmill
