#include "app/remover.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "batch/removal.h"

namespace imgmill {
namespace {

constexpr std::chrono::minutes kPause{1};

}  // namespace

Remover::Remover(Db& db, ObjectStore& objects, const asio::any_io_executor& engine,
                 asio::thread_pool& blocking)
    : db_(db), objects_(objects), blocking_(blocking), signal_(engine) {}

Task<void> Remover::run() {
  while (!stopping_) {
    co_await remove_what_is_left();
    if (!stopping_) co_await signal_.wait(kPause);
  }
}

void Remover::stop() {
  stopping_ = true;
  signal_.set();
}

Task<void> Remover::remove_what_is_left() {
  auto find = [this] { return db_.find_deleting(); };
  Result<std::vector<Batch>> left = co_await run_on(blocking_, find);
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
  BatchRemoval removal(std::move(batch), db_, objects_);
  while (!stopping_) {
    auto step = [&removal] { return removal.step(); };
    const Result<bool> gone = co_await run_on(blocking_, step);
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
