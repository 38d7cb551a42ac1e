#include "db/fake/fake_memory.h"

#include <algorithm>

#include "base/check.h"
#include "base/crypto.h"
#include "base/limits.h"

namespace imgmill::fake {
namespace {

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

std::uint64_t Folder::held(Time now) const {
  std::uint64_t in_hand = 0;
  for (const auto* works : {&chunks, &waiting}) {
    for (const auto& [first, work] : *works) {
      if (work.leased && work.available > now) in_hand += works == &chunks ? work.left : 1;
    }
  }
  return in_hand;
}

bool Folder::has_due(Time now) const {
  const auto due = [now](const auto& entry) { return entry.second.available <= now; };
  return std::ranges::any_of(chunks, due) || std::ranges::any_of(waiting, due);
}

Result<void> Memory::enter(std::string_view verb) {
  auto it = std::ranges::find_if(
      failures, [verb](const auto& f) { return f.first.empty() || f.first == verb; });
  if (it == failures.end()) return {};
  Error error = std::move(it->second);
  failures.erase(it);
  return std::unexpected(std::move(error));
}

Folder* Memory::find(std::string_view request_id) {
  for (auto& [key, folder] : folders) {
    if (folder.batch.request_id == request_id) return &folder;
  }
  return nullptr;
}

Result<Folder*> Memory::receiving(BatchKey key) {
  auto it = folders.find(key);
  if (it == folders.end()) return fail(ErrorCode::kNotFound, "there is no such request");
  if (it->second.batch.state != BatchState::kReceiving) {
    return fail(ErrorCode::kConflict, "the request has been taken in already");
  }
  return &it->second;
}

Result<Folder*> Memory::visible(BatchKey key) {
  auto it = folders.find(key);
  if (it == folders.end() || !it->second.is_visible()) {
    return fail(ErrorCode::kNotFound, "there is no such request");
  }
  return &it->second;
}

void Memory::append(Folder& folder, std::span<const NewImage> images,
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
    folder.placements.push_back({placement.row, placement.position, placement.image,
                                 std::string(placement.serial_number),
                                 std::string(placement.product_name)});
  }
}

bool Memory::take_turn(Folder& folder, std::string_view owner, std::uint32_t images_max, Time now,
                       Time until, std::vector<Lease>& leases) {
  if (folder.cancelled) {
    cancel_idle(folder, now);
    return false;
  }
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

Work* Memory::held(const LeaseId& id) {
  auto folder = folders.find(id.batch);
  if (folder == folders.end()) return nullptr;
  auto& works = folder->second.works(id.waiting);
  auto it = works.find(id.first_image);
  if (it == works.end() || !it->second.leased || it->second.attempt != id.attempt) return nullptr;
  return &it->second;
}

bool Memory::finish(const Outcome& outcome, Time now) {
  CHECK(is_whole(outcome));
  const LeaseId& id = outcome.lease;
  Work* work = held(id);
  if (work == nullptr || !covers(id, outcome.image)) return false;
  Folder& folder = folders.at(id.batch);
  if (outcome.image >= folder.images.size()) return false;
  Image& image = folder.images[outcome.image];
  if (image.state != (id.waiting ? Image::State::kWaiting : Image::State::kQueued)) return false;

  if (outcome.try_again_at && !folder.cancelled) {
    image.state = Image::State::kWaiting;
    Work& again = folder.waiting[outcome.image];
    again.left = 1;
    again.attempt = std::max(again.attempt, first_attempt_of_run(id.attempt));
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

void Memory::settle(Folder& folder, Image& image, const Outcome& outcome) {
  BatchCounts& counts = folder.batch.counts;
  --folder.images_left;
  image.tries = outcome.tries;
  if (outcome.try_again_at) {
    image.state = Image::State::kCancelled;
    return;
  }
  counts.processed += image.places;
  if (outcome.rendered) {
    image.state = Image::State::kDone;
    image.rendered = outcome.rendered;
    counts.bytes_in += outcome.rendered->bytes_in;
    counts.bytes_out += outcome.rendered->bytes_out;
    ++folder.images_done;
  } else {
    image.state = Image::State::kFailed;
    image.fault = outcome.fault.value();
    counts.failed += image.places;
  }
}

void Memory::end_if_done(Folder& folder, Time now) {
  Batch& batch = folder.batch;
  if (folder.images_left > 0) return;
  if (folder.cancelled || batch.counts.processed < batch.counts.placements) {
    batch.state = BatchState::kCancelled;
  } else {
    batch.state = folder.images_done > 0 ? BatchState::kCompleted : BatchState::kFailed;
  }
  batch.finished_at = now;
  if (!batch.webhook_url) return;
  Post post{.delivery = {.id = ++last_post,
                         .event_id = "evt_" + random_uuid(),
                         .url = *batch.webhook_url,
                         .request_id = batch.request_id,
                         .state = batch.state,
                         .total_images = batch.counts.placements,
                         .processed_images = batch.counts.processed,
                         .failed_images = batch.counts.failed,
                         .completion_time = now},
            .batch = batch.key,
            .available = now,
            .owner = {}};
  posts.emplace(post.delivery.id, std::move(post));
}

void Memory::begin_deletion(Folder& folder) {
  const BatchKey batch = folder.batch.key;
  folder.deleting = true;
  std::erase_if(posts, [batch](const auto& post) { return post.second.batch == batch; });
  std::erase_if(attempts, [batch](const auto& one) { return one.first == batch; });
}

}  // namespace imgmill::fake
