#include "db/fake/fake_db.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/crypto.h"
#include "base/limits.h"

namespace imgmill {
namespace {

// What can be leased: a chunk, or one image that waits for its next try.
struct Work {
  std::uint32_t left = 0;   // images without an outcome
  std::uint32_t tries = 0;  // of a waiting image
  Time available;           // free: when it is due; leased: when the lease runs out
  std::uint32_t attempt = 0;
  std::string owner;
  bool leased = false;
};

struct Image {
  enum class State : std::uint8_t { kQueued, kWaiting, kDone, kFailed };
  std::string url;
  State state = State::kQueued;
  std::uint32_t places = 0;
  std::string output_key;
  ImageFault fault;  // of a failed one

  [[nodiscard]] bool finished() const { return state >= State::kDone; }
};

struct Placement {
  std::uint32_t row = 0;
  std::uint32_t position = 0;
  std::uint32_t image = 0;
};

struct Folder {  // one batch and all that belongs to it
  Batch batch;
  std::vector<Image> images;
  std::vector<Placement> placements;
  std::map<std::uint32_t, Work> chunks;   // by first image
  std::map<std::uint32_t, Work> waiting;  // by image
  std::uint64_t images_left = 0;
  std::uint64_t images_done = 0;
  std::uint64_t turn = 0;

  [[nodiscard]] std::map<std::uint32_t, Work>& works(bool of_waiting) {
    return of_waiting ? waiting : chunks;
  }
};

struct Post {  // one delivery
  Delivery delivery;
  BatchKey batch = 0;
  Time available;
  bool final = false;
};

[[nodiscard]] std::uint32_t chunk_of(std::uint32_t image) {
  return image - image % limits::kChunkImages;
}

// The free or expired work that has been due for longest.
[[nodiscard]] std::map<std::uint32_t, Work>::iterator next_due(std::map<std::uint32_t, Work>& works,
                                                               Time now) {
  auto best = works.end();
  for (auto it = works.begin(); it != works.end(); ++it) {
    if (it->second.available > now) continue;
    if (best == works.end() || it->second.available < best->second.available) best = it;
  }
  return best;
}

}  // namespace

class FakeDb::Memory {
 public:
  std::mutex mutex;
  std::map<BatchKey, Folder> folders;
  std::map<std::int64_t, Post> posts;
  std::vector<std::pair<BatchKey, DeliveryAttempt>> attempts;
  std::deque<std::pair<std::string, Error>> failures;  // verb or "", error
  BatchKey last_key = 0;
  std::uint64_t last_turn = 0;

  [[nodiscard]] Result<void> enter(std::string_view verb);
  [[nodiscard]] Folder* find(std::string_view request_id);
  [[nodiscard]] Result<Folder*> receiving(BatchKey key);
  void append(Folder& folder, std::span<const NewImage> images,
              std::span<const NewPlacement> placements);
  [[nodiscard]] bool take_turn(Folder& folder, std::string_view owner, std::uint32_t images_max,
                               Time now, Time until, std::vector<Lease>& leases);
  [[nodiscard]] Work* held(const LeaseId& id);
  [[nodiscard]] bool finish(const Outcome& outcome, Time now);
  void settle(Folder& folder, Image& image, const Outcome& outcome);
  void end_if_done(Folder& folder, Time now);
};

Result<void> FakeDb::Memory::enter(std::string_view verb) {
  auto it = std::ranges::find_if(
      failures, [verb](const auto& f) { return f.first.empty() || f.first == verb; });
  if (it == failures.end()) return {};
  Error error = std::move(it->second);
  failures.erase(it);
  return std::unexpected(std::move(error));
}

Folder* FakeDb::Memory::find(std::string_view request_id) {
  for (auto& [key, folder] : folders) {
    if (folder.batch.request_id == request_id) return &folder;
  }
  return nullptr;
}

Result<Folder*> FakeDb::Memory::receiving(BatchKey key) {
  auto it = folders.find(key);
  if (it == folders.end()) return fail(ErrorCode::kNotFound, "there is no such request");
  if (it->second.batch.state != BatchState::kReceiving) {
    return fail(ErrorCode::kConflict, "the request has been taken in already");
  }
  return &it->second;
}

void FakeDb::Memory::append(Folder& folder, std::span<const NewImage> images,
                            std::span<const NewPlacement> placements) {
  for (const NewImage& image : images) {
    const auto number = static_cast<std::uint32_t>(folder.images.size());
    Image& added = folder.images.emplace_back();
    added.url = image.url;
    if (image.fault) {
      added.state = Image::State::kFailed;
      added.fault = *image.fault;
    } else {
      ++folder.chunks[chunk_of(number)].left;
      ++folder.images_left;
    }
  }
  BatchCounts& counts = folder.batch.counts;
  for (const NewPlacement& placement : placements) {
    Image& image = folder.images[placement.image];
    ++image.places;
    ++counts.placements;
    counts.processed += image.finished() ? 1 : 0;
    counts.failed += image.finished() ? 1 : 0;
    folder.placements.push_back({placement.row, placement.position, placement.image});
  }
}

bool FakeDb::Memory::take_turn(Folder& folder, std::string_view owner, std::uint32_t images_max,
                               Time now, Time until, std::vector<Lease>& leases) {
  const Batch& batch = folder.batch;
  const auto take = [&](bool of_waiting) {
    auto it = next_due(folder.works(of_waiting), now);
    if (it == folder.works(of_waiting).end()) return false;
    auto& [first, work] = *it;
    ++work.attempt;
    work.owner = owner;
    work.leased = true;
    work.available = until;
    Lease lease{{batch.key, first, of_waiting, work.attempt}, batch.request_id, batch.recipe, {}};
    const std::uint32_t end = of_waiting ? first + 1 : first + limits::kChunkImages;
    const auto wanted = of_waiting ? Image::State::kWaiting : Image::State::kQueued;
    for (std::uint32_t i = first; i < end && i < folder.images.size(); ++i) {
      if (folder.images[i].state == wanted) {
        lease.images.push_back({i, work.tries, folder.images[i].url});
      }
    }
    leases.push_back(std::move(lease));
    return true;
  };
  std::uint32_t taken = 0;
  while (taken < std::min(images_max, limits::kChunkImages) && take(true)) ++taken;
  return taken > 0 || take(false);
}

Work* FakeDb::Memory::held(const LeaseId& id) {
  auto folder = folders.find(id.batch);
  if (folder == folders.end()) return nullptr;
  auto& works = folder->second.works(id.waiting);
  auto it = works.find(id.first_image);
  if (it == works.end() || !it->second.leased || it->second.attempt != id.attempt) return nullptr;
  return &it->second;
}

bool FakeDb::Memory::finish(const Outcome& outcome, Time now) {
  CHECK(is_whole(outcome));
  const LeaseId& id = outcome.lease;
  Work* work = held(id);
  if (work == nullptr || !covers(id, outcome.image)) return false;
  Folder& folder = folders.at(id.batch);
  if (outcome.image >= folder.images.size()) return false;
  Image& image = folder.images[outcome.image];
  if (image.state != (id.waiting ? Image::State::kWaiting : Image::State::kQueued)) return false;

  if (outcome.try_again_at) {
    image.state = Image::State::kWaiting;
    Work& again = folder.waiting[outcome.image];
    again.left = 1;
    again.tries = outcome.tries;
    again.available = *outcome.try_again_at;
    again.leased = false;
    again.owner.clear();
  } else {
    settle(folder, image, outcome);
    if (id.waiting) folder.waiting.erase(outcome.image);
  }
  if (!id.waiting && --work->left == 0) folder.chunks.erase(id.first_image);
  folder.batch.updated_at = now;
  return true;
}

void FakeDb::Memory::settle(Folder& folder, Image& image, const Outcome& outcome) {
  BatchCounts& counts = folder.batch.counts;
  counts.processed += image.places;
  --folder.images_left;
  if (outcome.rendered) {
    image.state = Image::State::kDone;
    image.output_key = outcome.rendered->output_key;
    counts.bytes_in += outcome.rendered->bytes_in;
    counts.bytes_out += outcome.rendered->bytes_out;
    ++folder.images_done;
  } else {
    image.state = Image::State::kFailed;
    image.fault = outcome.fault.value();
    counts.failed += image.places;
  }
}

void FakeDb::Memory::end_if_done(Folder& folder, Time now) {
  Batch& batch = folder.batch;
  if (folder.images_left > 0) return;
  batch.state = folder.images_done > 0 ? BatchState::kCompleted : BatchState::kFailed;
  batch.finished_at = now;
  if (!batch.webhook_url) return;
  Post post{.delivery = {.id = static_cast<std::int64_t>(posts.size()) + 1,
                         .event_id = "evt_" + random_uuid(),
                         .url = *batch.webhook_url,
                         .request_id = batch.request_id,
                         .state = batch.state,
                         .total_images = batch.counts.placements,
                         .processed_images = batch.counts.processed,
                         .failed_images = batch.counts.failed,
                         .completion_time = now},
            .batch = batch.key,
            .available = now};
  posts.emplace(post.delivery.id, std::move(post));
}

FakeDb::FakeDb() : memory_(std::make_unique<Memory>()) {}
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
  folder->batch.state = BatchState::kSealed;
  folder->batch.updated_at = now;
  folder->turn = ++memory_->last_turn;
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
  if (folder == nullptr || folder->batch.state == BatchState::kReceiving) return std::nullopt;
  return folder->batch;
}

Result<std::vector<PlacementOutput>> FakeDb::list_outputs(BatchKey batch, std::uint64_t first,
                                                          std::uint32_t limit) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("list_outputs"));
  std::vector<PlacementOutput> outputs;
  auto it = memory_->folders.find(batch);
  if (it == memory_->folders.end()) return outputs;
  const Folder& folder = it->second;
  for (std::uint64_t i = first; i < folder.placements.size() && outputs.size() < limit; ++i) {
    const Placement& placement = folder.placements[i];
    outputs.push_back(
        {placement.row, placement.position, folder.images[placement.image].output_key});
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
    if (!folder.batch.started_at) folder.batch.started_at = folder.batch.updated_at = now;
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
  return {};
}

Result<std::vector<Delivery>> FakeDb::lease_deliveries(std::uint32_t limit, Time now, Time until) {
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
  memory_->attempts.emplace_back(post.batch, attempt);
  if (post.final || post.delivery.attempt != delivery.attempt) return {};
  if (again_at) {
    post.available = *again_at;
    return {};
  }
  post.final = true;
  Batch& batch = memory_->folders.at(post.batch).batch;
  batch.webhook_state =
      verdict == DeliveryVerdict::kDelivered ? WebhookState::kSent : WebhookState::kFailed;
  batch.updated_at = now;
  return {};
}

Result<std::vector<DeliveryAttempt>> FakeDb::list_attempts(std::string_view request_id) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("list_attempts"));
  std::vector<DeliveryAttempt> attempts;
  const Folder* folder = memory_->find(request_id);
  for (const auto& [batch, attempt] : memory_->attempts) {
    if (folder != nullptr && batch == folder->batch.key) attempts.push_back(attempt);
  }
  return attempts;
}

Result<void> FakeDb::check() {
  const std::scoped_lock lock(memory_->mutex);
  return memory_->enter("check");
}

}  // namespace imgmill
