// The durable truth: batches, their images, leases, deliveries. A verb is one transaction, takes
// the time, and is durable when it returns (SQLite: WAL, synchronous=FULL). No SQL, row or
// transaction shows here; engines stand in sqlite/ (and later postgres/), a fake in fake/, and one
// contract suite (db/contract_suite.h) runs over all.
//
// Verbs block and may be called from any thread at once; event loops call them through run_on().
// Every verb can fail with kUnavailable (busy or lost database), kNoSpace (disk full), kIo,
// kCorrupt.
//
// State machines, kept by the schema's CHECKs:
//   Batch     receiving → sealed → completed | failed | cancelled; final ones → sealed by a retry
//   Image     queued → (its chunk's lease) → done | failed; or → waiting (to be tried again) → …;
//             of a cancelled batch → cancelled; failed → queued by a retry
//   Delivery  queued → (lease) → delivered | dead
//
// What is leased is a Lease: a chunk of up to limits::kChunkImages consecutive images of one batch,
// or one waiting image. It carries the attempt; whatever is finished under an older attempt is
// refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "model/image_fault.h"
#include "model/recipe.h"

namespace imgmill {

using BatchKey = std::int64_t;  // the database's own short name of a batch

enum class BatchState : std::uint8_t { kReceiving, kSealed, kCompleted, kFailed, kCancelled };

[[nodiscard]] constexpr bool is_final(BatchState state) { return state >= BatchState::kCompleted; }

// The state as users see it: a sealed batch is pending until something of it was begun or finished.
enum class BatchStatus : std::uint8_t { kPending, kProcessing, kCompleted, kFailed, kCancelled };

// ---- taking a batch in

struct NewBatch {
  std::string request_id = {};  // UUID
  Recipe recipe = {};
  std::optional<std::string> webhook_url = {};
  std::string csv_key = {};  // of the uploaded CSV in the ObjectStore
};

// Images of a batch are numbered 0, 1, 2, … in the order of first appearance.
struct NewImage {
  std::string_view url = {};
  // Set for what was invalid from the start (on_invalid=skip): counted as failed, never leased.
  std::optional<ImageFault> fault = {};
};

// Placements are numbered 0, 1, 2, … in CSV order.
struct NewPlacement {
  std::uint32_t row = 0;       // data rows from 1
  std::uint32_t position = 0;  // in the row's list, from 1
  std::uint32_t image = 0;     // its number in the batch
  std::string_view serial_number = {};
  std::string_view product_name = {};
};

// ---- looking at it

struct BatchCounts {
  std::uint64_t placements = 0;  // total_images
  std::uint64_t processed = 0;   // placements dealt with, the failed ones too
  std::uint64_t failed = 0;
  std::uint64_t bytes_in = 0;  // over distinct images done
  std::uint64_t bytes_out = 0;

  bool operator==(const BatchCounts&) const = default;
};

enum class WebhookState : std::uint8_t { kNotSent, kSent, kFailed };

struct Batch {
  BatchKey key = 0;
  std::string request_id = {};
  BatchState state = BatchState::kReceiving;
  Recipe recipe = {};
  std::string csv_key = {};
  std::optional<std::string> webhook_url = {};
  WebhookState webhook_state = WebhookState::kNotSent;
  BatchCounts counts = {};
  Time created_at = {};
  Time updated_at = {};
  std::optional<Time> started_at = {};  // of the first lease, or of the last retry
  std::optional<Time> finished_at = {};
  std::uint64_t processed_before = 0;  // counts.processed as it was at started_at
};

[[nodiscard]] constexpr BatchStatus status_of(const Batch& batch) {
  switch (batch.state) {
    case BatchState::kReceiving:
      return BatchStatus::kPending;
    case BatchState::kSealed:
      return batch.started_at || batch.counts.processed > 0 ? BatchStatus::kProcessing
                                                            : BatchStatus::kPending;
    case BatchState::kCompleted:
      return BatchStatus::kCompleted;
    case BatchState::kFailed:
      return BatchStatus::kFailed;
    case BatchState::kCancelled:
      return BatchStatus::kCancelled;
  }
  return BatchStatus::kPending;
}

// One placement's outcome, for the results CSV.
struct PlacementOutput {
  std::uint32_t row = 0;
  std::uint32_t position = 0;
  std::string output_key = {};  // of the rendition in the ObjectStore; empty when there is none
};

// One placement that failed, for summaries.
struct PlacementFailure {
  std::uint64_t placement = 0;  // its number
  std::uint32_t row = 0;
  std::uint32_t position = 0;
  std::string url;
  ImageFault fault;
};

// ---- working on it

// Attempts are not counted anew when a batch is retried, so that what is late from an earlier run
// stays fenced off: each run has a range of its own.
inline constexpr std::uint32_t kAttemptsOfRun = 1U << 16;

[[nodiscard]] constexpr std::uint32_t first_attempt_of_run(std::uint32_t attempt) {
  return attempt - attempt % kAttemptsOfRun;
}

struct LeaseId {
  BatchKey batch = 0;
  std::uint32_t first_image = 0;  // of the chunk, or the waiting image itself
  bool waiting = false;           // a single image from the waiting ones
  std::uint32_t attempt = 0;      // fences: +1 at every lease

  bool operator==(const LeaseId&) const = default;
};

struct LeasedImage {
  std::uint32_t image = 0;
  std::uint32_t tries = 0;  // fetches that failed before and may be repeated
  std::string url = {};
};

struct Lease {
  LeaseId id = {};
  std::string request_id = {};
  Recipe recipe = {};
  std::vector<LeasedImage> images = {};  // never empty
};

struct Rendered {
  std::string output_key = {};
  PictureFormat format = PictureFormat::kJpeg;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  RenderMethod method = RenderMethod::kSourceKept;
  int quality = 0;  // it was coded at; 0: the source's own picture data
};

enum class ImageStatus : std::uint8_t { kPending, kProcessing, kCompleted, kFailed };

// One placement with all there is to know of its image.
struct PlacementDetail {
  std::uint64_t placement = 0;  // its number
  std::uint32_t row = 0;
  std::uint32_t position = 0;
  std::string serial_number = {};
  std::string product_name = {};
  std::string url = {};
  ImageStatus status = ImageStatus::kPending;
  std::uint32_t tries = 0;
  std::optional<Rendered> rendered = {};  // when completed
  std::optional<ImageFault> fault = {};   // when failed; kCancelled: its batch was
};

// Why an image has none that nobody worked on any more because its batch was cancelled.
[[nodiscard]] inline ImageFault cancelled_fault() {
  return {FaultCode::kCancelled, "the request was cancelled before this image was done", 0};
}

// An image of a batch that has a rendition.
struct StoredRendition {
  std::uint32_t image = 0;
  std::string output_key = {};
};

struct PlacementPage {
  std::vector<PlacementDetail> placements = {};
  std::optional<std::uint64_t> next = {};  // the number to go on with; nullopt: that was all
};

// What became of one leased image: exactly one of rendered, fault, or fault with try_again_at.
struct Outcome {
  LeaseId lease = {};
  std::uint32_t image = 0;
  std::uint32_t tries = 0;  // including this one
  std::optional<Rendered> rendered = {};
  std::optional<ImageFault> fault = {};
  std::optional<Time> try_again_at = {};
};

// Whether it says exactly one thing. An Outcome that does not is a bug: finish_images() ends the
// process.
[[nodiscard]] inline bool is_whole(const Outcome& outcome) {
  return outcome.rendered ? !outcome.fault && !outcome.try_again_at : outcome.fault.has_value();
}

// Whether the lease may speak of that image at all.
[[nodiscard]] constexpr bool covers(const LeaseId& lease, std::uint32_t image) {
  if (lease.waiting) return image == lease.first_image;
  return image >= lease.first_image && image - lease.first_image < limits::kChunkImages;
}

struct FinishReport {
  std::uint32_t applied = 0;
  // The others: their lease was lost (passed on, expired and taken, given back), or the image had
  // its outcome already. applied + fenced_off is the number of outcomes.
  std::uint32_t fenced_off = 0;
  std::vector<std::string> final_batches = {};  // request ids that became final in this transaction
};

// ---- telling the world

struct Delivery {
  std::int64_t id = 0;
  std::uint32_t attempt = 0;          // of this lease, from 1; fences
  std::uint32_t attempts_before = 0;  // those of before it was sent again: the schedule begins anew
  std::string event_id = {};          // webhook-id: the same for every attempt
  std::string url = {};
  std::string request_id = {};
  // The event: the batch as it was when it became final.
  BatchState state = BatchState::kCompleted;
  std::uint64_t total_images = 0;
  std::uint64_t processed_images = 0;
  std::uint64_t failed_images = 0;
  Time completion_time = {};
};

enum class DeliveryVerdict : std::uint8_t { kDelivered, kTryAgain, kDead };

struct DeliveryAttempt {
  Time at = {};
  int http_status = 0;  // 0: no answer
  std::chrono::milliseconds duration{0};
  std::string error = {};  // empty on success
};

struct RecordedAttempt {
  std::string event_id = {};
  std::uint32_t attempt = 0;
  std::string url = {};
  DeliveryAttempt made = {};
};

class Db {
 public:
  virtual ~Db() = default;

  // A batch that is being received: invisible to status and leases until sealed.
  [[nodiscard]] virtual Result<BatchKey> open_batch(const NewBatch& batch, Time now) = 0;
  // In order, any number of times, a few thousand at a time. `images` continue the batch's image
  // numbers, `placements` its placement numbers; a placement names an image appended before or
  // here.
  [[nodiscard]] virtual Result<void> append_images(BatchKey batch, std::span<const NewImage> images,
                                                   std::span<const NewPlacement> placements) = 0;
  // Makes it visible and leasable. A batch in which nothing is left to do becomes final here, with
  // its Delivery. kConflict when it is not receiving.
  [[nodiscard]] virtual Result<void> seal_batch(BatchKey batch, Time now) = 0;
  // Removes a batch that is still receiving and all it brought; kConflict otherwise.
  [[nodiscard]] virtual Result<void> discard_batch(BatchKey batch) = 0;
  // At start: batches still receiving that were opened before `opened_before` (their process died).
  [[nodiscard]] virtual Result<std::vector<Batch>> find_receiving(Time opened_before) = 0;

  // nullopt: unknown, malformed or still receiving.
  [[nodiscard]] virtual Result<std::optional<Batch>> find_batch(std::string_view request_id) = 0;
  // Up to `limit` placements from number `first` on, in CSV order; fewer only at the end, none of a
  // batch that is being deleted.
  [[nodiscard]] virtual Result<std::vector<PlacementOutput>> list_outputs(BatchKey batch,
                                                                          std::uint64_t first,
                                                                          std::uint32_t limit) = 0;
  // The failed ones among the placements from number `first` on, in CSV order, up to `limit`.
  [[nodiscard]] virtual Result<std::vector<PlacementFailure>> list_failures(
      BatchKey batch, std::uint64_t first, std::uint32_t limit) = 0;

  // Newest first, up to `limit`: those before the batch `before`, in that status alone if it is
  // set.
  [[nodiscard]] virtual Result<std::vector<Batch>> list_batches(std::optional<BatchStatus> only,
                                                                std::optional<BatchKey> before,
                                                                std::uint32_t limit) = 0;
  // Up to `limit` placements from number `first` on, in CSV order; with `only`, those in that
  // status. When few are, a page may end early (limits::kListedPlacementsScanned), even empty:
  // `next` says whether there is more.
  [[nodiscard]] virtual Result<PlacementPage> list_placements(BatchKey batch,
                                                              std::optional<ImageStatus> only,
                                                              std::uint64_t first,
                                                              std::uint32_t limit) = 0;

  // From now on no image of it is begun: what is not in work is cancelled, and what is in work may
  // still end in its own way or, told to be tried again, is cancelled as well. With the last of
  // them the batch is final, cancelled, and its Delivery queued; without any, here. Again is no
  // error. kConflict when it is final, kNotFound.
  [[nodiscard]] virtual Result<void> cancel_batch(BatchKey batch, Time now) = 0;
  // Puts the failed images of a final batch back into the queue, without their tries, and takes
  // them out of the counters; those that were invalid from the start stay failed. A second Delivery
  // follows when it is final again. kConflict when it is not final or no image is to be tried
  // again, kNotFound.
  [[nodiscard]] virtual Result<void> retry_batch(BatchKey batch, Time now) = 0;

  // Deleting a final batch, step by step, so that nobody waits for long and a crash in between
  // loses no track of it. From the first step on it is unknown to every verb but these, and its
  // deliveries are gone. Again is no error; kConflict when it is not final, kNotFound.
  [[nodiscard]] virtual Result<void> begin_deletion(BatchKey batch) = 0;
  [[nodiscard]] virtual Result<std::vector<Batch>> find_deleting() = 0;
  // The same for up to `limit` batches that were final before `finished_before`, oldest first, but
  // those whose Delivery is still queued: how many it was.
  [[nodiscard]] virtual Result<std::uint32_t> begin_deletions(Time finished_before,
                                                              std::uint32_t limit) = 0;
  // The keys of up to `limit` renditions, from image `first` on.
  [[nodiscard]] virtual Result<std::vector<StoredRendition>> list_renditions(
      BatchKey batch, std::uint32_t first, std::uint32_t limit) = 0;
  // Removes a slice of what a deleted batch brought, itself with the last: true when nothing of it
  // is left.
  [[nodiscard]] virtual Result<bool> erase_slice(BatchKey batch) = 0;

  // Leases for about `images_max` images (whole chunks, so up to a chunk more), batches taking
  // turns: a turn is a chunk's worth of the batch's waiting images that are due, else one chunk of
  // its queued ones. Takes expired leases too. Batches in `skip` get no turn. `owner` names the
  // process, for release_leases.
  [[nodiscard]] virtual Result<std::vector<Lease>> lease_images(std::string_view owner,
                                                                std::uint32_t images_max,
                                                                std::span<const BatchKey> skip,
                                                                Time now, Time until) = 0;
  // Those that were lost meanwhile are left out silently: their outcomes will be fenced off.
  [[nodiscard]] virtual Result<void> extend_leases(std::span<const LeaseId> leases, Time until) = 0;
  // Writes the outcomes, moves the batches' counters, makes batches final and queues their
  // Delivery: one transaction. An outcome under a lost lease, or for an image that is finished,
  // changes nothing. A lease ends by itself when all its images have an outcome.
  [[nodiscard]] virtual Result<FinishReport> finish_images(std::span<const Outcome> outcomes,
                                                           Time now) = 0;
  // Gives back unfinished leases of images and deliveries: on shutdown, or at start those of the
  // owner's last life. What is given back can be leased at once; no image's tries are used up.
  [[nodiscard]] virtual Result<void> release_leases(std::string_view owner) = 0;

  [[nodiscard]] virtual Result<std::vector<Delivery>> lease_deliveries(std::string_view owner,
                                                                       std::uint32_t limit,
                                                                       Time now, Time until) = 0;
  // Records the attempt and the verdict; kTryAgain is due at `again_at`. Moves the batch's webhook
  // state (sent, failed). A lost lease (another attempt number) only records the attempt.
  [[nodiscard]] virtual Result<void> finish_delivery(const Delivery& delivery,
                                                     const DeliveryAttempt& attempt,
                                                     DeliveryVerdict verdict,
                                                     std::optional<Time> again_at, Time now) = 0;
  // The last `limit`, oldest first.
  [[nodiscard]] virtual Result<std::vector<RecordedAttempt>> list_attempts(BatchKey batch,
                                                                           std::uint32_t limit) = 0;
  // Makes the last Delivery of a final batch due now, as the same event, with all its attempts
  // before it; one that is under way is left alone. kConflict when the batch is not final or has no
  // webhook, kNotFound.
  [[nodiscard]] virtual Result<void> redeliver(BatchKey batch, Time now) = 0;

  // Cheap; for readiness: the database answers and can be written.
  [[nodiscard]] virtual Result<void> check() = 0;
};

}  // namespace imgmill
