#include "base/check.h"
#include "base/crypto.h"
#include "db/sqlite/verbs.h"

namespace imgmill::sqlite {
namespace {

Result<std::vector<std::int64_t>> due_deliveries(Connection& db, std::uint32_t limit, Time now) {
  TRY(Statement due, db.query(Query::due_deliveries));
  due.bind(to_us(now), limit);
  std::vector<std::int64_t> ids;
  for (;;) {
    TRY(const bool row, due.step());
    if (!row) return ids;
    ids.push_back(due.integer(0));
  }
}

Result<Delivery> lease_delivery(Connection& db, std::int64_t id, std::string_view owner,
                                Time until) {
  TRY(Statement lease, db.query(Query::lease_delivery));
  TRY(const bool row, lease.bind(id, to_us(until), owner).step());
  CHECK(row);
  Delivery delivery{.id = id,
                    .attempt = lease.integer_as<std::uint32_t>(0),
                    .attempts_before = lease.integer_as<std::uint32_t>(9),
                    .event_id = std::string(lease.text(1)),
                    .url = std::string(lease.text(2)),
                    .request_id = std::string(lease.text(8)),
                    .state = batch_state_of(lease.text(3)),
                    .total_images = lease.integer_as<std::uint64_t>(4),
                    .processed_images = lease.integer_as<std::uint64_t>(5),
                    .failed_images = lease.integer_as<std::uint64_t>(6),
                    .completion_time = from_us(lease.integer(7))};
  TRY_VOID(lease.run());
  return delivery;
}

Result<void> end_delivery(Connection& db, const Delivery& delivery, bool delivered, Time now) {
  TRY(Statement end, db.query(Query::end_delivery));
  const std::string_view state = delivered ? "delivered" : "dead";
  TRY(const bool held, end.bind(delivery.id, delivery.attempt, state).step());
  if (!held) return {};
  const BatchKey batch = end.integer(0);
  TRY_VOID(end.run());
  TRY(Statement tell, db.query(Query::set_webhook_state));
  const std::string_view told = delivered ? "sent" : "failed";
  return tell.bind(batch, told, to_us(now), delivery.id).run();
}

}  // namespace

Result<void> add_delivery(Connection& db, BatchKey batch) {
  TRY(Statement add, db.query(Query::add_delivery));
  const std::string event_id = "evt_" + random_uuid();
  return add.bind(batch, event_id).run();
}

Result<std::vector<Delivery>> lease_deliveries(Connection& db, std::string_view owner,
                                               std::uint32_t limit, Time now, Time until) {
  TRY(const std::vector<std::int64_t> due, due_deliveries(db, limit, now));
  std::vector<Delivery> leased;
  for (const std::int64_t id : due) {
    TRY(Delivery delivery, lease_delivery(db, id, owner, until));
    leased.push_back(std::move(delivery));
  }
  return leased;
}

Result<void> finish_delivery(Connection& db, const Delivery& delivery,
                             const DeliveryAttempt& attempt, DeliveryVerdict verdict,
                             std::optional<Time> again_at, Time now) {
  CHECK(again_at.has_value() == (verdict == DeliveryVerdict::kTryAgain));
  TRY(Statement add, db.query(Query::add_attempt));
  add.bind(delivery.id, to_us(attempt.at), attempt.http_status, attempt.duration.count(),
           attempt.error, delivery.attempt);
  TRY(const bool known, add.step());
  if (!known) return fail(ErrorCode::kNotFound, "there is no such delivery");
  TRY_VOID(add.run());
  if (!again_at) return end_delivery(db, delivery, verdict == DeliveryVerdict::kDelivered, now);
  TRY(Statement retry, db.query(Query::retry_delivery));
  return retry.bind(delivery.id, delivery.attempt, to_us(*again_at)).run();
}

Result<std::vector<RecordedAttempt>> list_attempts(Connection& db, BatchKey batch,
                                                   std::uint32_t limit) {
  TRY(Statement list, db.query(Query::list_attempts));
  list.bind(batch, limit);
  std::vector<RecordedAttempt> attempts;
  for (;;) {
    TRY(const bool row, list.step());
    if (!row) return attempts;
    attempts.push_back(
        {.event_id = std::string(list.text(0)),
         .attempt = list.integer_as<std::uint32_t>(1),
         .url = std::string(list.text(2)),
         .made = {from_us(list.integer(3)), list.integer_as<int>(4),
                  std::chrono::milliseconds(list.integer(5)), std::string(list.text(6))}});
  }
}

Result<void> redeliver(Connection& db, BatchKey batch, Time now) {
  TRY(const ManagedBatch managed, visible_batch(db, batch));
  if (!is_final(managed.state)) {
    return fail(ErrorCode::kConflict, "the request is not final: its webhook is still to come");
  }
  if (!managed.has_webhook) return fail(ErrorCode::kConflict, "the request has no webhook_url");
  for (const Query query : {Query::redeliver, Query::unset_webhook_failed}) {
    TRY(Statement change, db.query(query));
    TRY_VOID(change.bind(batch, to_us(now)).run());
  }
  return {};
}

}  // namespace imgmill::sqlite
