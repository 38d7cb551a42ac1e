// The verbs by which users list and change what is there.
#include <algorithm>
#include <ranges>

#include "base/limits.h"
#include "db/fake/fake_db.h"
#include "db/fake/fake_memory.h"

namespace imgmill {

using fake::Folder;
using fake::Image;
using fake::Placement;
using fake::Work;

namespace {

bool is_idle(const Work& work, Time now) { return !work.leased || work.available <= now; }

ImageStatus status_of(const Folder& folder, std::uint32_t number) {
  const Image& image = folder.images[number];
  if (image.state == Image::State::kDone) return ImageStatus::kCompleted;
  if (image.finished()) return ImageStatus::kFailed;
  const bool waits = image.state == Image::State::kWaiting;
  const Work& work =
      waits ? folder.waiting.at(number) : folder.chunks.at(number - number % limits::kChunkImages);
  return work.leased ? ImageStatus::kProcessing : ImageStatus::kPending;
}

PlacementDetail detail_of(const Folder& folder, std::uint64_t number) {
  const Placement& placement = folder.placements[number];
  const Image& image = folder.images[placement.image];
  const auto waiting = folder.waiting.find(placement.image);
  PlacementDetail detail{
      .placement = number,
      .row = placement.row,
      .position = placement.position,
      .serial_number = placement.serial_number,
      .product_name = placement.product_name,
      .url = image.url,
      .status = status_of(folder, placement.image),
      .tries = waiting == folder.waiting.end() ? image.tries : waiting->second.tries,
      .rendered = image.rendered};
  if (image.state == Image::State::kFailed) detail.fault = image.fault;
  if (image.state == Image::State::kCancelled) detail.fault = cancelled_fault();
  return detail;
}

}  // namespace

void fake::Memory::cancel_idle(Folder& folder, Time now) {
  const auto cancel = [&folder](std::uint32_t number, Image::State from) {
    Image& image = folder.images[number];
    if (image.state != from) return;
    image.state = Image::State::kCancelled;
    --folder.images_left;
  };
  std::erase_if(folder.chunks, [&](const auto& chunk) {
    if (!is_idle(chunk.second, now)) return false;
    const auto end =
        std::min<std::size_t>(chunk.first + limits::kChunkImages, folder.images.size());
    for (std::uint32_t i = chunk.first; i < end; ++i) cancel(i, Image::State::kQueued);
    return true;
  });
  std::erase_if(folder.waiting, [&](const auto& waiting) {
    if (!is_idle(waiting.second, now)) return false;
    folder.images[waiting.first].tries = waiting.second.tries;
    cancel(waiting.first, Image::State::kWaiting);
    return true;
  });
  end_if_done(folder, now);
}

Result<std::vector<Batch>> FakeDb::list_batches(std::optional<BatchStatus> only,
                                                std::optional<BatchKey> before,
                                                std::uint32_t limit) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("list_batches"));
  std::vector<Batch> found;
  for (const auto& [key, folder] : memory_->folders | std::views::reverse) {
    if (found.size() == limit) break;
    if ((before && key >= *before) || !folder.is_visible()) continue;
    if (!only || imgmill::status_of(folder.batch) == *only) found.push_back(folder.batch);
  }
  return found;
}

Result<PlacementPage> FakeDb::list_placements(BatchKey batch, std::optional<ImageStatus> only,
                                              std::uint64_t first, std::uint32_t limit) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("list_placements"));
  PlacementPage page;
  const auto folder = memory_->visible(batch);
  if (!folder) return page;
  const std::uint64_t total = (*folder)->placements.size();
  const std::uint64_t end = std::min(first + limits::kListedPlacementsScanned, total);
  std::uint64_t at = first;
  for (; at < end && page.placements.size() < limit; ++at) {
    PlacementDetail detail = detail_of(**folder, at);
    if (!only || detail.status == *only) page.placements.push_back(std::move(detail));
  }
  if (at < total) page.next = at;
  return page;
}

Result<void> FakeDb::cancel_batch(BatchKey batch, Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("cancel_batch"));
  TRY(Folder * folder, memory_->visible(batch));
  if (is_final(folder->batch.state)) {
    return fail(ErrorCode::kConflict, "the request is final already: there is nothing to cancel");
  }
  folder->cancelled = true;
  folder->batch.updated_at = now;
  memory_->cancel_idle(*folder, now);
  return {};
}

Result<void> FakeDb::retry_batch(BatchKey batch, Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("retry_batch"));
  TRY(Folder * folder, memory_->visible(batch));
  if (!is_final(folder->batch.state)) {
    return fail(ErrorCode::kConflict,
                "the request is still being worked on: retry it when it is final");
  }
  std::uint64_t places = 0;
  for (std::uint32_t i = 0; i < folder->images.size(); ++i) {
    Image& image = folder->images[i];
    if (image.state != Image::State::kFailed || image.tries == 0) continue;
    Work& chunk = folder->chunks[i - i % limits::kChunkImages];
    ++chunk.left;
    chunk.attempt = (folder->retries + 1) * kAttemptsOfRun;
    image.state = Image::State::kQueued;
    image.tries = 0;
    places += image.places;
    ++folder->images_left;
  }
  if (folder->images_left == 0) {
    return fail(ErrorCode::kConflict, "no image of the request failed that could be tried again");
  }
  Batch& kept = folder->batch;
  kept.state = BatchState::kSealed;
  kept.counts.processed -= places;
  kept.counts.failed -= places;
  kept.processed_before = kept.counts.processed;
  kept.webhook_state = WebhookState::kNotSent;
  kept.started_at = kept.updated_at = now;
  kept.finished_at.reset();
  folder->cancelled = false;
  folder->turn = ++memory_->last_turn;
  ++folder->retries;
  return {};
}

Result<void> FakeDb::begin_deletion(BatchKey batch) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("begin_deletion"));
  const auto it = memory_->folders.find(batch);
  if (it == memory_->folders.end() || it->second.batch.state == BatchState::kReceiving) {
    return fail(ErrorCode::kNotFound, "there is no such request");
  }
  if (!is_final(it->second.batch.state)) {
    return fail(ErrorCode::kConflict,
                "the request is still being worked on: cancel it, and delete it when it is final");
  }
  memory_->begin_deletion(it->second);
  return {};
}

Result<std::uint32_t> FakeDb::begin_deletions(Time finished_before, std::uint32_t limit) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("begin_deletions"));
  std::vector<Folder*> expired;
  for (auto& [key, folder] : memory_->folders) {
    const auto& finished_at = folder.batch.finished_at;
    const bool had_its_time = folder.is_visible() && finished_at && *finished_at < finished_before;
    const bool owes_a_post = std::ranges::any_of(memory_->posts, [key](const auto& post) {
      return post.second.batch == key && !post.second.final;
    });
    if (had_its_time && !owes_a_post) expired.push_back(&folder);
  }
  std::ranges::sort(expired, {}, [](Folder* folder) { return folder->batch.finished_at; });
  if (expired.size() > limit) expired.resize(limit);
  for (Folder* folder : expired) memory_->begin_deletion(*folder);
  return static_cast<std::uint32_t>(expired.size());
}

Result<std::vector<Batch>> FakeDb::find_deleting() {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("find_deleting"));
  std::vector<Batch> found;
  for (const auto& [key, folder] : memory_->folders) {
    if (folder.deleting) found.push_back(folder.batch);
  }
  return found;
}

Result<std::vector<StoredRendition>> FakeDb::list_renditions(BatchKey batch, std::uint32_t first,
                                                             std::uint32_t limit) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("list_renditions"));
  std::vector<StoredRendition> found;
  const auto it = memory_->folders.find(batch);
  if (it == memory_->folders.end()) return found;
  const std::vector<Image>& images = it->second.images;
  for (std::uint32_t i = first; i < images.size() && found.size() < limit; ++i) {
    if (images[i].rendered) found.push_back({i, images[i].rendered->output_key});
  }
  return found;
}

Result<bool> FakeDb::erase_slice(BatchKey batch) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("erase_slice"));
  const auto it = memory_->folders.find(batch);
  if (it == memory_->folders.end()) return true;
  if (!it->second.deleting) return fail(ErrorCode::kConflict, "the request is not being deleted");
  memory_->folders.erase(it);
  return true;
}

}  // namespace imgmill
