#include <algorithm>
#include <map>
#include <string>

#include "base/check.h"
#include "base/limits.h"
#include "db/sqlite/verbs.h"

namespace imgmill::sqlite {
namespace {

struct Facts {  // of a batch, for its leases
  std::string request_id;
  Recipe recipe;
};

// One lease_images call: batches take turns until there are enough images or nothing is left.
class Leasing {
 public:
  Leasing(Connection& db, std::string_view owner, Time now, Time until)
      : db_(db), owner_(owner), now_(now), now_us_(to_us(now)), until_us_(to_us(until)) {}

  [[nodiscard]] Result<std::vector<Lease>> run(std::uint32_t images_max,
                                               std::span<const BatchKey> skip);

 private:
  [[nodiscard]] Result<std::optional<BatchKey>> next_turn(std::span<const BatchKey> skip);
  [[nodiscard]] Result<std::uint32_t> take_turn(BatchKey batch, std::uint32_t images_max);
  [[nodiscard]] Result<std::uint32_t> lease_waiting(BatchKey batch, std::uint32_t images_max);
  [[nodiscard]] Result<std::uint32_t> lease_chunk(BatchKey batch);
  [[nodiscard]] Result<std::vector<LeasedImage>> images_of_chunk(const LeaseId& id);
  [[nodiscard]] Result<const Facts*> facts_of(BatchKey batch);
  [[nodiscard]] Result<void> add(LeaseId id, std::vector<LeasedImage> images);
  [[nodiscard]] Result<void> change_turn(Query query, BatchKey batch);

  Connection& db_;
  const std::string_view owner_;
  const Time now_;
  const std::int64_t now_us_;
  const std::int64_t until_us_;
  std::map<BatchKey, Facts> facts_;
  std::vector<Lease> leases_;
};

Result<std::vector<Lease>> Leasing::run(std::uint32_t images_max, std::span<const BatchKey> skip) {
  for (std::uint32_t images = 0; images < images_max;) {
    TRY(const std::optional<BatchKey> batch, next_turn(skip));
    if (!batch) break;
    TRY(const std::uint32_t leased, take_turn(*batch, images_max - images));
    images += leased;
    // A batch with nothing to lease rests until something of it may be available again, so this
    // ends.
    TRY_VOID(change_turn(leased > 0 ? Query::end_turn : Query::rest_turn, *batch));
  }
  return std::move(leases_);
}

Result<std::optional<BatchKey>> Leasing::next_turn(std::span<const BatchKey> skip) {
  TRY(Statement turns, db_.query(Query::next_turns));
  turns.bind(now_us_);
  for (;;) {
    TRY(const bool row, turns.step());
    if (!row) return std::nullopt;
    const BatchKey batch = turns.integer(0);
    if (std::ranges::find(skip, batch) == skip.end()) return batch;
  }
}

// A batch whose retry was broken off goes on with it first. A cancelled one uses its turn to cancel
// what came back from those who had it in work.
Result<std::uint32_t> Leasing::take_turn(BatchKey batch, std::uint32_t images_max) {
  TRY(const TurnFacts facts, turn_facts(db_, batch));
  if (facts.retrying) TRY_VOID(retry_slice(db_, batch));
  if (facts.cancelled) return cancel_slice(db_, batch, now_);
  TRY(const std::uint32_t waiting,
      lease_waiting(batch, std::min(images_max, limits::kChunkImages)));
  if (waiting > 0) return waiting;
  return lease_chunk(batch);
}

Result<std::uint32_t> Leasing::lease_waiting(BatchKey batch, std::uint32_t images_max) {
  struct Due {
    LeaseId id;
    LeasedImage image;
  };
  std::vector<Due> due;
  {
    TRY(Statement next, db_.query(Query::next_waiting));
    next.bind(batch, now_us_, images_max);
    for (;;) {
      TRY(const bool row, next.step());
      if (!row) break;
      const auto image = next.integer_as<std::uint32_t>(0);
      due.push_back({{batch, image, true, next.integer_as<std::uint32_t>(2)},
                     {image, next.integer_as<std::uint32_t>(1), std::string(next.text(3))}});
    }
  }
  TRY(Statement lease, db_.query(Query::lease_waiting));
  for (Due& one : due) {
    TRY_VOID(lease.bind(batch, one.id.first_image, one.id.attempt, until_us_, owner_).run());
    std::vector<LeasedImage> images;
    images.push_back(std::move(one.image));
    TRY_VOID(add(one.id, std::move(images)));
  }
  return static_cast<std::uint32_t>(due.size());
}

Result<std::uint32_t> Leasing::lease_chunk(BatchKey batch) {
  LeaseId id{.batch = batch};
  {
    TRY(Statement lease, db_.query(Query::lease_chunk));
    TRY(const bool row, lease.bind(batch, now_us_, until_us_, owner_).step());
    if (!row) return 0U;
    id.first_image = lease.integer_as<std::uint32_t>(0);
    id.attempt = lease.integer_as<std::uint32_t>(1);
    TRY_VOID(lease.run());
  }
  TRY(std::vector<LeasedImage> images, images_of_chunk(id));
  if (images.empty()) return fail(ErrorCode::kCorrupt, "the database is damaged", "empty chunk");
  const auto leased = static_cast<std::uint32_t>(images.size());
  TRY_VOID(add(id, std::move(images)));
  return leased;
}

Result<std::vector<LeasedImage>> Leasing::images_of_chunk(const LeaseId& id) {
  TRY(Statement read, db_.query(Query::chunk_images));
  read.bind(id.batch, id.first_image, id.first_image + limits::kChunkImages - 1);
  std::vector<LeasedImage> images;
  images.reserve(limits::kChunkImages);
  for (;;) {
    TRY(const bool row, read.step());
    if (!row) return images;
    images.push_back({read.integer_as<std::uint32_t>(0), 0, std::string(read.text(1))});
  }
}

Result<const Facts*> Leasing::facts_of(BatchKey batch) {
  if (auto known = facts_.find(batch); known != facts_.end()) return &known->second;
  TRY(Statement read, db_.query(Query::batch_of_lease));
  TRY(const bool row, read.bind(batch).step());
  if (!row) return fail(ErrorCode::kCorrupt, "the database is damaged", "turn without batch");
  Facts facts{std::string(read.text(0)),
              {.quality = read.integer_as<int>(1),
               .format = format_named(read.text(2)),
               .max_width = read.integer_as<std::uint32_t>(3),
               .max_height = read.integer_as<std::uint32_t>(4),
               .max_bytes = read.integer_as<std::uint64_t>(5)}};
  TRY(Statement start, db_.query(Query::start_batch));
  TRY_VOID(start.bind(batch, now_us_).run());
  return &facts_.emplace(batch, std::move(facts)).first->second;
}

Result<void> Leasing::add(LeaseId id, std::vector<LeasedImage> images) {
  TRY(const Facts* facts, facts_of(id.batch));
  leases_.push_back({id, facts->request_id, facts->recipe, std::move(images)});
  return {};
}

Result<void> Leasing::change_turn(Query query, BatchKey batch) {
  TRY(Statement change, db_.query(query));
  return change.bind(batch).run();
}

}  // namespace

Result<std::vector<Lease>> lease_images(Connection& db, std::string_view owner,
                                        std::uint32_t images_max, std::span<const BatchKey> skip,
                                        Time now, Time until) {
  return Leasing(db, owner, now, until).run(images_max, skip);
}

Result<QueueState> queue_state(Connection& db, Time now) {
  TRY(Statement facts, db.query(Query::queue_state));
  TRY(const bool row, facts.bind(to_us(now)).step());
  CHECK(row);
  QueueState state;
  state.images = facts.integer_as<std::uint64_t>(0);
  if (!facts.is_null(1)) state.waiting_since = from_us(facts.integer(1));
  return state;
}

Result<void> extend_leases(Connection& db, std::span<const LeaseId> leases, Time until) {
  TRY(Statement chunk, db.query(Query::extend_chunk));
  TRY(Statement waiting, db.query(Query::extend_waiting));
  for (const LeaseId& id : leases) {
    Statement& extend = id.waiting ? waiting : chunk;
    TRY_VOID(extend.bind(id.batch, id.first_image, id.attempt, to_us(until)).run());
  }
  return {};
}

Result<void> release_leases(Connection& db, std::string_view owner) {
  for (const Query query :
       {Query::release_chunks, Query::release_waiting, Query::release_deliveries}) {
    TRY(Statement release, db.query(query));
    TRY_VOID(release.bind(owner).run());
  }
  TRY(Statement wake, db.query(Query::wake_turns));
  return wake.run();
}

}  // namespace imgmill::sqlite
