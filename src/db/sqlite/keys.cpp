#include "base/limits.h"
#include "db/sqlite/verbs.h"

namespace imgmill::sqlite {
namespace {

ApiKey read_key(const Statement& row) {
  ApiKey key{.number = row.integer(0),
             .name = std::string(row.text(1)),
             .id = std::string(row.text(2)),
             .digest = std::string(row.text(3)),
             .requests = row.integer_as<std::uint64_t>(4),
             .created_at = from_us(row.integer(5))};
  if (!row.is_null(6)) key.used_at = from_us(row.integer(6));
  if (!row.is_null(7)) key.revoked_at = from_us(row.integer(7));
  return key;
}

}  // namespace

Result<std::optional<PastUpload>> find_upload(Connection& db, std::optional<KeyNumber> owner,
                                              std::string_view key, Time now) {
  TRY(Statement find, db.query(Query::find_upload));
  find.bind(owner.value_or(0), key, to_us(now - limits::kUploadRemembered));
  TRY(const bool row, find.step());
  if (!row) return std::nullopt;
  return PastUpload{.fingerprint = std::string(find.text(0)),
                    .request_id = std::string(find.text(1))};
}

Result<void> remember_upload(Connection& db, BatchKey batch, Time now) {
  const std::int64_t forgotten_us = to_us(now - limits::kUploadRemembered);
  TRY(Statement keep, db.query(Query::remember_upload));
  TRY_VOID(keep.bind(batch, to_us(now), forgotten_us).run());
  if (db.changes() == 0) {
    return fail(ErrorCode::kConflict, "another upload with this Idempotency-Key was faster");
  }
  TRY(Statement forget, db.query(Query::forget_uploads));
  return forget.bind(forgotten_us, limits::kUploadsForgottenAtOnce).run();
}

Result<void> create_key(Connection& db, const NewKey& key, Time now) {
  TRY(Statement look, db.query(Query::valid_key_named));
  TRY(const bool taken, look.bind(key.name).step());
  if (taken) return fail(ErrorCode::kConflict, "there is a key of this name already");
  TRY(Statement create, db.query(Query::create_key));
  TRY_VOID(create.bind(key.name, key.id, key.digest, to_us(now)).run());
  if (db.changes() == 1) return {};
  return fail(ErrorCode::kConflict, "another key has this id: try again");  // once in 4e9
}

Result<std::vector<ApiKey>> list_keys(Connection& db) {
  TRY(Statement list, db.query(Query::list_keys));
  std::vector<ApiKey> keys;
  for (;;) {
    TRY(const bool row, list.step());
    if (!row) return keys;
    keys.push_back(read_key(list));
  }
}

Result<void> revoke_key(Connection& db, KeyNumber key, Time now) {
  TRY(Statement revoke, db.query(Query::revoke_key));
  TRY_VOID(revoke.bind(key, to_us(now)).run());
  if (db.changes() == 1) return {};
  return fail(ErrorCode::kNotFound, "there is no such key");
}

Result<KeyLookup> find_key(Connection& db, std::string_view id) {
  TRY(Statement find, db.query(Query::find_key));
  TRY_VOID(find.bind(id).step());
  KeyLookup found{.any_valid = find.integer(8) != 0, .any = find.integer(9) != 0};
  if (!find.is_null(0)) found.key = read_key(find);
  return found;
}

Result<void> touch_key(Connection& db, KeyNumber key, Time now) {
  TRY(Statement touch, db.query(Query::touch_key));
  return touch.bind(key, to_us(now)).run();
}

}  // namespace imgmill::sqlite
