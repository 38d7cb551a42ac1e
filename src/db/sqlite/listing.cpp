#include <algorithm>
#include <limits>
#include <utility>

#include "base/limits.h"
#include "db/sqlite/verbs.h"
#include "db/words.h"

namespace imgmill::sqlite {
namespace {

struct StatusColumns {  // how a status is stored
  std::string_view state;
  std::optional<bool> untouched;  // of a sealed one
};

StatusColumns columns_of(BatchStatus status) {
  switch (status) {
    case BatchStatus::kPending:
      return {"sealed", true};
    case BatchStatus::kProcessing:
      return {"sealed", false};
    case BatchStatus::kCompleted:
      return {"completed", std::nullopt};
    case BatchStatus::kFailed:
      return {"failed", std::nullopt};
    case BatchStatus::kCancelled:
      return {"cancelled", std::nullopt};
  }
  return {};
}

std::unexpected<Error> unknown_word(std::string_view what) {
  return fail(ErrorCode::kCorrupt, "the database is damaged", "unknown " + std::string(what));
}

std::optional<RenderMethod> method_named(std::string_view name) {
  const auto at = std::ranges::find(kMethodNames, name);
  if (at == kMethodNames.end()) return std::nullopt;
  return static_cast<RenderMethod>(at - kMethodNames.begin());
}

Result<Rendered> read_rendered(const Statement& row) {
  const auto format = format_named(row.text(11));
  const auto method = method_named(row.text(16));
  if (!format) return unknown_word("format");
  if (!method) return unknown_word("method");
  return Rendered{.output_key = std::string(row.text(10)),
                  .format = *format,
                  .width = row.integer_as<std::uint32_t>(12),
                  .height = row.integer_as<std::uint32_t>(13),
                  .bytes_in = row.integer_as<std::uint64_t>(14),
                  .bytes_out = row.integer_as<std::uint64_t>(15),
                  .method = *method,
                  .quality = row.is_null(17) ? 0 : row.integer_as<int>(17)};
}

Result<PlacementDetail> read_placement(const Statement& row) {
  const auto status = image_status_named(row.text(6));
  if (!status) return unknown_word("image status");
  PlacementDetail detail{.placement = row.integer_as<std::uint64_t>(0),
                         .row = row.integer_as<std::uint32_t>(1),
                         .position = row.integer_as<std::uint32_t>(2),
                         .serial_number = std::string(row.text(3)),
                         .product_name = std::string(row.text(4)),
                         .url = std::string(row.text(5)),
                         .status = *status,
                         .tries = row.integer_as<std::uint32_t>(7)};
  if (detail.status == ImageStatus::kCompleted) {
    TRY(detail.rendered, read_rendered(row));
  }
  if (detail.status != ImageStatus::kFailed) return detail;
  detail.fault = fault_of(row.text(8), std::string(row.text(9)));
  if (!detail.fault) return unknown_word("fault");
  if (detail.fault->code == FaultCode::kCancelled) detail.fault = cancelled_fault();
  return detail;
}

// 0 for a batch that is not there (any more).
Result<std::uint64_t> count_placements(Connection& db, BatchKey batch) {
  TRY(Statement count, db.query(Query::count_placements));
  TRY(const bool row, count.bind(batch).step());
  return row ? count.integer_as<std::uint64_t>(0) : 0;
}

}  // namespace

Result<std::vector<Batch>> list_batches(Connection& db, const BatchFilter& only,
                                        std::optional<BatchKey> before, std::uint32_t limit) {
  const BatchKey below = before.value_or(std::numeric_limits<BatchKey>::max());
  if (!only.status) {
    TRY(Statement list, db.query(only.owner ? Query::list_batches_of : Query::list_batches));
    if (only.owner) return read_batches(list.bind(below, limit, *only.owner));
    return read_batches(list.bind(below, limit));
  }
  const auto [state, untouched] = columns_of(*only.status);
  TRY(Statement list, db.query(only.owner ? Query::list_batches_of_in : Query::list_batches_in));
  if (only.owner) return read_batches(list.bind(below, limit, state, untouched, *only.owner));
  return read_batches(list.bind(below, limit, state, untouched));
}

Result<PlacementPage> list_placements(Connection& db, BatchKey batch,
                                      std::optional<ImageStatus> only, std::uint64_t first,
                                      std::uint32_t limit) {
  PlacementPage page;
  TRY(const std::uint64_t total, count_placements(db, batch));
  if (first >= total) return page;
  const std::uint64_t last = std::min(first + limits::kListedPlacementsScanned, total) - 1;
  const auto word = only.transform([](ImageStatus one) { return word_of(one); });
  TRY(Statement list, db.query(Query::list_placements));
  list.bind(batch, first, last, limit, limits::kChunkImages, word);
  for (;;) {
    TRY(const bool row, list.step());
    if (!row) break;
    TRY(PlacementDetail detail, read_placement(list));
    page.placements.push_back(std::move(detail));
  }
  const bool full = page.placements.size() == limit;
  const std::uint64_t next = full ? page.placements.back().placement + 1 : last + 1;
  if (next < total) page.next = next;
  return page;
}

}  // namespace imgmill::sqlite
