#include "db/fake/fake_db.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "db/fake/fake_memory.h"

namespace imgmill {

using fake::Folder;
using fake::Image;
using fake::Placement;
using fake::Post;
using fake::Work;

FakeDb::FakeDb() : memory_(std::make_unique<fake::Memory>()) {}
FakeDb::~FakeDb() = default;

void FakeDb::fail_next(Error error, std::string_view verb) {
  const std::scoped_lock lock(memory_->mutex);
  memory_->failures.emplace_back(verb, std::move(error));
}

Result<BatchKey> FakeDb::open_batch(const NewBatch& batch, Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("open_batch"));
  if (memory_->find(batch.request_id) != nullptr) {
    return fail(ErrorCode::kConflict, "a request of this id exists already");
  }
  const BatchKey key = ++memory_->last_key;
  Folder& folder = memory_->folders[key];
  folder.batch.key = key;
  folder.batch.request_id = batch.request_id;
  folder.batch.recipe = batch.recipe;
  folder.batch.csv_key = batch.csv_key;
  folder.batch.webhook_url = batch.webhook_url;
  folder.batch.owner = batch.owner;
  folder.mark = batch.mark;
  folder.batch.created_at = now;
  folder.batch.updated_at = now;
  return key;
}

Result<void> FakeDb::append_images(BatchKey batch, std::span<const NewImage> images,
                                   std::span<const NewPlacement> placements) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("append_images"));
  TRY(Folder * folder, memory_->receiving(batch));
  const std::size_t images_after = folder->images.size() + images.size();
  if (folder->placements.size() + placements.size() > limits::kBatchPlacementsMax ||
      images_after > limits::kBatchPlacementsMax) {
    return fail(ErrorCode::kTooLarge, "the request has too many images");
  }
  for (const NewPlacement& placement : placements) {
    if (placement.image >= images_after) {
      return fail(ErrorCode::kInvalid, "a placement names an image that is not there");
    }
  }
  memory_->append(*folder, images, placements);
  return {};
}

Result<void> FakeDb::seal_batch(BatchKey batch, Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("seal_batch"));
  TRY(Folder * folder, memory_->receiving(batch));
  TRY_VOID(memory_->remember_upload(*folder, now));
  folder->batch.state = BatchState::kSealed;
  folder->batch.updated_at = now;
  folder->turn = ++memory_->last_turn;
  for (ApiKey& key : memory_->keys) key.requests += key.number == folder->batch.owner ? 1 : 0;
  memory_->end_if_done(*folder, now);
  return {};
}

Result<void> FakeDb::discard_batch(BatchKey batch) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("discard_batch"));
  TRY_VOID(memory_->receiving(batch));
  memory_->folders.erase(batch);
  return {};
}

Result<std::vector<Batch>> FakeDb::find_receiving(Time opened_before) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("find_receiving"));
  std::vector<Batch> found;
  for (const auto& [key, folder] : memory_->folders) {
    const Batch& batch = folder.batch;
    if (batch.state == BatchState::kReceiving && batch.created_at < opened_before) {
      found.push_back(batch);
    }
  }
  return found;
}

Result<std::optional<Batch>> FakeDb::find_batch(std::string_view request_id) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("find_batch"));
  const Folder* folder = memory_->find(request_id);
  if (folder == nullptr || !folder->is_visible()) return std::nullopt;
  return folder->batch;
}

Result<std::vector<PlacementOutput>> FakeDb::list_outputs(BatchKey batch, std::uint64_t first,
                                                          std::uint32_t limit) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("list_outputs"));
  std::vector<PlacementOutput> outputs;
  auto it = memory_->folders.find(batch);
  if (it == memory_->folders.end() || it->second.deleting) return outputs;
  const Folder& folder = it->second;
  for (std::uint64_t i = first; i < folder.placements.size() && outputs.size() < limit; ++i) {
    const Placement& placement = folder.placements[i];
    const auto& rendered = folder.images[placement.image].rendered;
    outputs.push_back(
        {placement.row, placement.position, rendered ? rendered->output_key : std::string()});
  }
  return outputs;
}

Result<std::vector<PlacementFailure>> FakeDb::list_failures(BatchKey batch, std::uint64_t first,
                                                            std::uint32_t limit) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("list_failures"));
  std::vector<PlacementFailure> failures;
  auto it = memory_->folders.find(batch);
  if (it == memory_->folders.end()) return failures;
  const Folder& folder = it->second;
  for (std::uint64_t i = first; i < folder.placements.size() && failures.size() < limit; ++i) {
    const Placement& placement = folder.placements[i];
    const Image& image = folder.images[placement.image];
    if (image.state != Image::State::kFailed) continue;
    failures.push_back({i, placement.row, placement.position, image.url, image.fault});
  }
  return failures;
}

Result<std::vector<Lease>> FakeDb::lease_images(std::string_view owner, std::uint32_t images_max,
                                                std::span<const BatchKey> skip, Time now,
                                                Time until) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("lease_images"));
  std::map<std::uint64_t, Folder*> turns;
  for (auto& [key, folder] : memory_->folders) {
    if (folder.batch.state != BatchState::kSealed || std::ranges::count(skip, key) > 0) continue;
    turns.emplace(folder.turn, &folder);
  }
  std::vector<Lease> leases;
  std::uint32_t images = 0;
  while (images < images_max && !turns.empty()) {
    Folder& folder = *turns.extract(turns.begin()).mapped();
    const std::size_t before = leases.size();
    if (!memory_->take_turn(folder, owner, images_max - images, now, until, leases)) continue;
    for (std::size_t i = before; i < leases.size(); ++i) {
      images += static_cast<std::uint32_t>(leases[i].images.size());
    }
    if (!folder.batch.started_at) {
      folder.batch.started_at = folder.batch.updated_at = now;
      folder.batch.processed_before = folder.batch.counts.processed;
    }
    folder.turn = ++memory_->last_turn;
    turns.emplace(folder.turn, &folder);
  }
  return leases;
}

Result<void> FakeDb::extend_leases(std::span<const LeaseId> leases, Time until) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("extend_leases"));
  for (const LeaseId& id : leases) {
    if (Work* work = memory_->held(id)) work->available = until;
  }
  return {};
}

Result<FinishReport> FakeDb::finish_images(std::span<const Outcome> outcomes, Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("finish_images"));
  FinishReport report;
  for (const Outcome& outcome : outcomes) {
    if (!memory_->finish(outcome, now)) {
      ++report.fenced_off;
      continue;
    }
    ++report.applied;
    Folder& folder = memory_->folders.at(outcome.lease.batch);
    memory_->end_if_done(folder, now);
    if (is_final(folder.batch.state)) report.final_batches.push_back(folder.batch.request_id);
  }
  return report;
}

Result<void> FakeDb::release_leases(std::string_view owner) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("release_leases"));
  const auto release = [owner](std::map<std::uint32_t, Work>& works) {
    for (auto& [first, work] : works) {
      if (!work.leased || work.owner != owner) continue;
      work.leased = false;
      work.owner.clear();
      work.available = Time{};
    }
  };
  for (auto& [key, folder] : memory_->folders) {
    release(folder.chunks);
    release(folder.waiting);
  }
  for (auto& [id, post] : memory_->posts) {
    if (post.owner == owner) post.available = Time{};
  }
  return {};
}

Result<std::vector<Delivery>> FakeDb::lease_deliveries(std::string_view owner, std::uint32_t limit,
                                                       Time now, Time until) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("lease_deliveries"));
  std::vector<Post*> due;
  for (auto& [id, post] : memory_->posts) {
    if (!post.final && post.available <= now) due.push_back(&post);
  }
  std::ranges::sort(due, {},
                    [](const Post* post) { return std::pair(post->available, post->delivery.id); });
  if (due.size() > limit) due.resize(limit);
  std::vector<Delivery> leased;
  for (Post* post : due) {
    ++post->delivery.attempt;
    post->available = until;
    post->owner = owner;
    leased.push_back(post->delivery);
  }
  return leased;
}

Result<void> FakeDb::finish_delivery(const Delivery& delivery, const DeliveryAttempt& attempt,
                                     DeliveryVerdict verdict, std::optional<Time> again_at,
                                     Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("finish_delivery"));
  CHECK(again_at.has_value() == (verdict == DeliveryVerdict::kTryAgain));
  auto it = memory_->posts.find(delivery.id);
  if (it == memory_->posts.end()) return fail(ErrorCode::kNotFound, "there is no such delivery");
  Post& post = it->second;
  memory_->attempts.emplace_back(
      post.batch,
      RecordedAttempt{post.delivery.event_id, delivery.attempt, post.delivery.url, attempt});
  if (post.final || post.delivery.attempt != delivery.attempt) return {};
  if (again_at) {
    post.available = *again_at;
    post.owner.clear();
    return {};
  }
  post.final = true;
  Batch& batch = memory_->folders.at(post.batch).batch;
  const bool latest = std::ranges::none_of(memory_->posts, [&](const auto& other) {
    return other.second.batch == post.batch && other.first > delivery.id;
  });
  if (!latest || !is_final(batch.state)) return {};
  batch.webhook_state =
      verdict == DeliveryVerdict::kDelivered ? WebhookState::kSent : WebhookState::kFailed;
  batch.updated_at = now;
  return {};
}

Result<std::vector<RecordedAttempt>> FakeDb::list_attempts(BatchKey batch, std::uint32_t limit) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("list_attempts"));
  std::vector<RecordedAttempt> attempts;
  for (const auto& [key, attempt] : memory_->attempts) {
    if (key == batch) attempts.push_back(attempt);
  }
  if (attempts.size() > limit) attempts.erase(attempts.begin(), attempts.end() - limit);
  return attempts;
}

Result<void> FakeDb::redeliver(BatchKey batch, Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("redeliver"));
  TRY(Folder * folder, memory_->visible(batch));
  if (!is_final(folder->batch.state)) {
    return fail(ErrorCode::kConflict, "the request is not final: its webhook is still to come");
  }
  Post* last = nullptr;
  for (auto& [id, post] : memory_->posts) {
    if (post.batch == batch) last = &post;
  }
  if (last == nullptr) return fail(ErrorCode::kConflict, "the request has no webhook_url");
  if (last->final || last->owner.empty() || last->available <= now) {
    last->delivery.attempts_before = last->delivery.attempt;
    last->final = false;
    last->available = now;
    last->owner.clear();
  }
  if (folder->batch.webhook_state == WebhookState::kFailed) {
    folder->batch.webhook_state = WebhookState::kNotSent;
    folder->batch.updated_at = now;
  }
  return {};
}

Result<QueueState> FakeDb::queue_state(Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("queue_state"));
  QueueState state;
  for (auto& [key, folder] : memory_->folders) {
    if (folder.batch.state != BatchState::kSealed || folder.cancelled) continue;
    const std::uint64_t in_hand = folder.held(now);
    state.images += folder.images_left - in_hand;
    if (!folder.has_due(now)) continue;
    const Time since =
        folder.retries > 0 ? folder.batch.started_at.value_or(now) : folder.batch.created_at;
    state.waiting_since = std::min(state.waiting_since.value_or(since), since);
  }
  return state;
}

Result<void> FakeDb::check() {
  const std::scoped_lock lock(memory_->mutex);
  return memory_->enter("check");
}

}  // namespace imgmill
