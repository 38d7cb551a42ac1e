#include "batch/read_out.h"

namespace imgmill {

Result<std::unique_ptr<ObjectReader>> open_stored_csv(const Batch& batch, Db& db,
                                                      ObjectStore& objects) {
  auto csv = objects.open(batch.csv_key);
  if (csv || csv.error().code != ErrorCode::kNotFound) return csv;
  TRY(const auto still_there, db.find_batch(batch.request_id));
  if (!still_there) return fail(ErrorCode::kNotFound, "the request was deleted meanwhile");
  return fail(ErrorCode::kCorrupt, "the uploaded CSV is missing in the store", batch.csv_key);
}

Result<void> check_unchanged(const Batch& batch, Db& db) {
  TRY(const std::optional<Batch> now, db.find_batch(batch.request_id));
  if (now && now->finished_at == batch.finished_at) return {};
  return fail(ErrorCode::kConflict, "the request was retried or deleted meanwhile");
}

}  // namespace imgmill
