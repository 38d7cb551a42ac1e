// What FakeDb remembers, and the rules by which it changes. Private to the fake.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "db/db.h"

namespace imgmill::fake {

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
  enum class State : std::uint8_t { kQueued, kWaiting, kDone, kFailed, kCancelled };
  std::string url;
  State state = State::kQueued;
  std::uint32_t places = 0;
  std::uint32_t tries = 0;
  std::optional<Rendered> rendered;  // of one that is done
  ImageFault fault;                  // of a failed one

  [[nodiscard]] bool finished() const { return state >= State::kDone; }
};

struct Placement {
  std::uint32_t row = 0;
  std::uint32_t position = 0;
  std::uint32_t image = 0;
  std::string serial_number;
  std::string product_name;
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
  std::uint32_t retries = 0;
  bool cancelled = false;
  bool deleting = false;

  [[nodiscard]] bool is_visible() const {
    return batch.state != BatchState::kReceiving && !deleting;
  }
  [[nodiscard]] std::map<std::uint32_t, Work>& works(bool of_waiting) {
    return of_waiting ? waiting : chunks;
  }
};

struct Post {  // one delivery
  Delivery delivery;
  BatchKey batch = 0;
  Time available;
  std::string owner;  // of the lease
  bool final = false;
};

class Memory {
 public:
  std::mutex mutex;
  std::map<BatchKey, Folder> folders;
  std::map<std::int64_t, Post> posts;
  std::vector<std::pair<BatchKey, RecordedAttempt>> attempts;
  std::deque<std::pair<std::string, Error>> failures;  // verb or "", error
  BatchKey last_key = 0;
  std::int64_t last_post = 0;
  std::uint64_t last_turn = 0;

  [[nodiscard]] Result<void> enter(std::string_view verb);
  [[nodiscard]] Folder* find(std::string_view request_id);
  [[nodiscard]] Result<Folder*> receiving(BatchKey key);
  [[nodiscard]] Result<Folder*> visible(BatchKey key);
  void append(Folder& folder, std::span<const NewImage> images,
              std::span<const NewPlacement> placements);
  [[nodiscard]] bool take_turn(Folder& folder, std::string_view owner, std::uint32_t images_max,
                               Time now, Time until, std::vector<Lease>& leases);
  [[nodiscard]] Work* held(const LeaseId& id);
  [[nodiscard]] bool finish(const Outcome& outcome, Time now);
  void settle(Folder& folder, Image& image, const Outcome& outcome);
  void end_if_done(Folder& folder, Time now);
  void begin_deletion(Folder& folder);
  // Of a cancelled batch: what nobody works on.
  void cancel_idle(Folder& folder, Time now);
};

}  // namespace imgmill::fake
