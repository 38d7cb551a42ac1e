#include <algorithm>
#include <map>
#include <tuple>

#include "base/check.h"
#include "db/sqlite/verbs.h"

namespace imgmill::sqlite {
namespace {

struct Change {  // of one batch's counters
  std::uint64_t finished = 0;
  std::uint64_t done = 0;
  std::uint64_t processed = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::optional<Time> due;  // the earliest next try
};

struct Chunk {                          // that outcomes name
  std::int64_t images_left_before = 0;  // 0: its lease was lost
  std::int64_t images_left = 0;
};

// One finish_images call.
class Finishing {
 public:
  Finishing(Connection& db, Time now) : db_(db), now_us_(to_us(now)) {}

  [[nodiscard]] Result<FinishReport> run(std::span<const Outcome> outcomes);

 private:
  [[nodiscard]] Result<bool> apply(const Outcome& outcome);
  [[nodiscard]] Result<bool> apply_waiting(const Outcome& outcome);
  [[nodiscard]] Result<bool> apply_chunk(const Outcome& outcome);
  [[nodiscard]] Result<bool> add_outcome(const Outcome& outcome);
  [[nodiscard]] Result<Chunk*> chunk_of(const LeaseId& id);
  [[nodiscard]] Result<void> end_chunks();
  [[nodiscard]] Result<void> end_batches();
  [[nodiscard]] Result<void> end_batch(BatchKey batch, const Change& change);

  template <class... Values>
  [[nodiscard]] Result<bool> changes_a_row(Query query, const Values&... values) {
    TRY(Statement statement, db_.query(query));
    TRY(const bool row, statement.bind(values...).step());
    TRY_VOID(statement.run());
    return row;
  }

  using ChunkKey = std::tuple<BatchKey, std::uint32_t, std::uint32_t>;  // with the attempt

  Connection& db_;
  const std::int64_t now_us_;
  std::map<ChunkKey, Chunk> chunks_;
  std::map<BatchKey, Change> batches_;
  FinishReport report_;
};

Result<FinishReport> Finishing::run(std::span<const Outcome> outcomes) {
  for (const Outcome& outcome : outcomes) {
    CHECK(is_whole(outcome));
    TRY(const bool applied, apply(outcome));
    ++(applied ? report_.applied : report_.fenced_off);
  }
  TRY_VOID(end_chunks());
  TRY_VOID(end_batches());
  return std::move(report_);
}

Result<bool> Finishing::apply(const Outcome& outcome) {
  if (!covers(outcome.lease, outcome.image)) return false;
  TRY(const bool applied, outcome.lease.waiting ? apply_waiting(outcome) : apply_chunk(outcome));
  if (applied && outcome.try_again_at) {
    Change& change = batches_[outcome.lease.batch];
    change.due = std::min(change.due.value_or(Time::max()), *outcome.try_again_at);
  }
  return applied;
}

Result<bool> Finishing::apply_waiting(const Outcome& outcome) {
  const LeaseId& id = outcome.lease;
  if (outcome.try_again_at) {
    return changes_a_row(Query::wait_again, id.batch, outcome.image, id.attempt, outcome.tries,
                         to_us(*outcome.try_again_at));
  }
  TRY(const bool held, changes_a_row(Query::end_waiting, id.batch, outcome.image, id.attempt));
  if (!held) return false;
  return add_outcome(outcome);
}

Result<bool> Finishing::apply_chunk(const Outcome& outcome) {
  TRY(Chunk * chunk, chunk_of(outcome.lease));
  if (chunk->images_left == 0) return false;
  const auto write = [&]() -> Result<bool> {
    if (!outcome.try_again_at) return add_outcome(outcome);
    return changes_a_row(Query::wait_image, outcome.lease.batch, outcome.image, outcome.tries,
                         to_us(*outcome.try_again_at));
  };
  TRY(const bool applied, write());
  if (applied) --chunk->images_left;
  return applied;
}

Result<bool> Finishing::add_outcome(const Outcome& outcome) {
  TRY(Statement add, db_.query(Query::finish_image));
  const BatchKey batch = outcome.lease.batch;
  std::string word;
  if (outcome.rendered) {
    const Rendered& made = *outcome.rendered;
    const auto quality = made.quality == 0 ? std::nullopt : std::optional(made.quality);
    add.bind(batch, outcome.image, std::string_view("done"), outcome.tries, std::nullopt,
             std::nullopt, made.output_key, names_of(made.format).name, made.width, made.height,
             made.bytes_in, made.bytes_out, name_of(made.method), quality);
  } else {
    word = code_word(*outcome.fault);
    add.bind(batch, outcome.image, std::string_view("failed"), outcome.tries, word,
             outcome.fault->message, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
             std::nullopt, std::nullopt, std::nullopt, std::nullopt);
  }
  TRY(const bool added, add.step());
  if (!added) return false;
  const auto places = add.integer_as<std::uint64_t>(0);
  TRY_VOID(add.run());
  Change& change = batches_[batch];
  ++change.finished;
  change.processed += places;
  if (outcome.rendered) {
    ++change.done;
    change.bytes_in += outcome.rendered->bytes_in;
    change.bytes_out += outcome.rendered->bytes_out;
  } else {
    change.failed += places;
  }
  return true;
}

Result<Chunk*> Finishing::chunk_of(const LeaseId& id) {
  const auto [it, is_new] = chunks_.try_emplace({id.batch, id.first_image, id.attempt});
  if (is_new) {
    TRY(Statement held, db_.query(Query::held_chunk));
    TRY(const bool row, held.bind(id.batch, id.first_image, id.attempt).step());
    if (row) it->second = {held.integer(0), held.integer(0)};
  }
  return &it->second;
}

Result<void> Finishing::end_chunks() {
  TRY(Statement shrink, db_.query(Query::shrink_chunk));
  TRY(Statement end, db_.query(Query::end_chunk));
  for (const auto& [key, chunk] : chunks_) {
    const auto& [batch, first_image, attempt] = key;
    if (chunk.images_left == chunk.images_left_before) continue;
    if (chunk.images_left == 0) {
      TRY_VOID(end.bind(batch, first_image).run());
    } else {
      TRY_VOID(shrink.bind(batch, first_image, chunk.images_left).run());
    }
  }
  return {};
}

Result<void> Finishing::end_batches() {
  for (const auto& [batch, change] : batches_) {
    if (change.due) {
      TRY(Statement wake, db_.query(Query::wake_turn));
      TRY_VOID(wake.bind(batch, to_us(*change.due)).run());
    }
    TRY_VOID(end_batch(batch, change));
  }
  return {};
}

Result<void> Finishing::end_batch(BatchKey batch, const Change& change) {
  {
    TRY(Statement count, db_.query(Query::count_outcomes));
    count.bind(batch, change.finished, change.done, change.processed, change.failed,
               change.bytes_in, change.bytes_out, now_us_);
    TRY(const bool row, count.step());
    CHECK(row);
    const bool more = count.integer(0) > 0;
    if (!more) report_.final_batches.emplace_back(count.text(1));
    TRY_VOID(count.run());
    if (more) return {};
  }
  TRY(Statement drop, db_.query(Query::drop_turn));
  TRY_VOID(drop.bind(batch).run());
  return add_delivery(db_, batch);
}

}  // namespace

Result<FinishReport> finish_images(Connection& db, std::span<const Outcome> outcomes, Time now) {
  return Finishing(db, now).run(outcomes);
}

}  // namespace imgmill::sqlite
