#include <algorithm>
#include <map>
#include <tuple>

#include "base/check.h"
#include "db/sqlite/verbs.h"

namespace imgmill::sqlite {
namespace {

struct Chunk {                          // that outcomes name
  std::int64_t images_left_before = 0;  // 0: its lease was lost
  std::int64_t images_left = 0;
};

// One finish_images call.
class Finishing {
 public:
  Finishing(Connection& db, Time now) : db_(db), now_(now) {}

  [[nodiscard]] Result<FinishReport> run(std::span<const Outcome> outcomes);

 private:
  [[nodiscard]] Result<bool> apply(const Outcome& outcome);
  [[nodiscard]] Result<bool> apply_waiting(const Outcome& outcome, bool waits);
  [[nodiscard]] Result<bool> apply_chunk(const Outcome& outcome, bool waits);
  [[nodiscard]] Result<bool> is_to_wait(const Outcome& outcome);
  [[nodiscard]] Result<bool> add_outcome(const Outcome& outcome);
  [[nodiscard]] Result<std::optional<std::uint64_t>> insert_outcome(const Outcome& outcome);
  [[nodiscard]] Result<Chunk*> chunk_of(const LeaseId& id);
  [[nodiscard]] Result<void> end_chunks();
  [[nodiscard]] Result<void> end_batches();

  template <class... Values>
  [[nodiscard]] Result<bool> changes_a_row(Query query, const Values&... values) {
    TRY(Statement statement, db_.query(query));
    TRY(const bool row, statement.bind(values...).step());
    TRY_VOID(statement.run());
    return row;
  }

  using ChunkKey = std::tuple<BatchKey, std::uint32_t, std::uint32_t>;  // with the attempt

  Connection& db_;
  const Time now_;
  std::map<ChunkKey, Chunk> chunks_;
  std::map<BatchKey, Change> batches_;
  std::map<BatchKey, bool> cancelled_;  // as far as it was asked
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
  TRY(const bool waits, is_to_wait(outcome));
  TRY(const bool applied,
      outcome.lease.waiting ? apply_waiting(outcome, waits) : apply_chunk(outcome, waits));
  if (applied && waits) {
    Change& change = batches_[outcome.lease.batch];
    change.due = std::min(change.due.value_or(Time::max()), *outcome.try_again_at);
  }
  return applied;
}

// Of a cancelled batch nothing is tried again.
Result<bool> Finishing::is_to_wait(const Outcome& outcome) {
  if (!outcome.try_again_at) return false;
  const auto [it, is_new] = cancelled_.try_emplace(outcome.lease.batch);
  if (is_new) {
    TRY(const TurnFacts facts, turn_facts(db_, outcome.lease.batch));
    it->second = facts.cancelled;
  }
  return !it->second;
}

Result<bool> Finishing::apply_waiting(const Outcome& outcome, bool waits) {
  const LeaseId& id = outcome.lease;
  if (waits) {
    return changes_a_row(Query::wait_again, id.batch, outcome.image, id.attempt, outcome.tries,
                         to_us(*outcome.try_again_at));
  }
  TRY(const bool held, changes_a_row(Query::end_waiting, id.batch, outcome.image, id.attempt));
  if (!held) return false;
  return add_outcome(outcome);
}

Result<bool> Finishing::apply_chunk(const Outcome& outcome, bool waits) {
  TRY(Chunk * chunk, chunk_of(outcome.lease));
  if (chunk->images_left == 0) return false;
  const auto write = [&]() -> Result<bool> {
    if (!waits) return add_outcome(outcome);
    const LeaseId& id = outcome.lease;
    return changes_a_row(Query::wait_image, id.batch, outcome.image, outcome.tries,
                         to_us(*outcome.try_again_at), first_attempt_of_run(id.attempt));
  };
  TRY(const bool applied, write());
  if (applied) --chunk->images_left;
  return applied;
}

Result<bool> Finishing::add_outcome(const Outcome& outcome) {
  TRY(const std::optional<std::uint64_t> places, insert_outcome(outcome));
  if (!places) return false;
  Change& change = batches_[outcome.lease.batch];
  ++change.finished;
  if (outcome.try_again_at) return true;  // cancelled: not dealt with
  change.processed += *places;
  if (outcome.rendered) {
    ++change.done;
    change.bytes_in += outcome.rendered->bytes_in;
    change.bytes_out += outcome.rendered->bytes_out;
  } else {
    change.failed += *places;
  }
  return true;
}

// In how many places the image stands; nullopt: it has its outcome already.
Result<std::optional<std::uint64_t>> Finishing::insert_outcome(const Outcome& outcome) {
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
    const bool cancelled = outcome.try_again_at.has_value();
    const std::string_view state = cancelled ? "cancelled" : "failed";
    word = cancelled ? "cancelled" : code_word(*outcome.fault);
    add.bind(batch, outcome.image, state, outcome.tries, word, outcome.fault->message, std::nullopt,
             std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
             std::nullopt);
  }
  TRY(const bool added, add.step());
  if (!added) return std::nullopt;
  const auto places = add.integer_as<std::uint64_t>(0);
  TRY_VOID(add.run());
  return places;
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
    TRY(std::optional<std::string> final, count_change(db_, batch, change, now_));
    if (final) report_.final_batches.push_back(*std::move(final));
  }
  return {};
}

}  // namespace

Result<std::optional<std::string>> count_change(Connection& db, BatchKey batch,
                                                const Change& change, Time now) {
  std::string request_id;
  {
    TRY(Statement count, db.query(Query::count_outcomes));
    count.bind(batch, change.finished, change.done, change.processed, change.failed,
               change.bytes_in, change.bytes_out, to_us(now));
    TRY(const bool row, count.step());
    CHECK(row);
    const bool more = count.integer(0) > 0;
    request_id = count.text(1);
    TRY_VOID(count.run());
    if (more) return std::nullopt;
  }
  TRY(Statement drop, db.query(Query::drop_turn));
  TRY_VOID(drop.bind(batch).run());
  TRY_VOID(add_delivery(db, batch));
  return request_id;
}

Result<TurnFacts> turn_facts(Connection& db, BatchKey batch) {
  TRY(Statement ask, db.query(Query::turn_facts));
  TRY(const bool row, ask.bind(batch).step());
  if (!row) return TurnFacts{};
  return TurnFacts{ask.integer(0) != 0, ask.integer(1) != 0};
}

Result<FinishReport> finish_images(Connection& db, std::span<const Outcome> outcomes, Time now) {
  return Finishing(db, now).run(outcomes);
}

}  // namespace imgmill::sqlite
