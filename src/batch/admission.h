// From a spooled CSV to a sealed batch: what POST /api/upload and `imgmill run` share. Two passes,
// so that a CSV that is refused never touches the database: SheetCheck while the bytes arrive,
// admit_batch after the last one, when every option is known.
//
// Blocks (SQLite, disk): call admit_batch through run_on(). Memory stays flat but for the UrlIndex.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "db/db.h"
#include "intake/sheet_reader.h"
#include "model/recipe.h"
#include "objects/object_store.h"

namespace imgmill {

// What the first pass found.
struct SheetReport {
  std::uint64_t rows = 0;
  std::uint64_t rows_invalid = 0;
  std::uint64_t placements = 0;
  std::vector<RowFault> faults;  // the first limits::kReportedRowErrorsMax
  std::uint64_t faults_total = 0;
};

class SheetCheck {
 public:
  explicit SheetCheck(SheetRules rules);
  ~SheetCheck();

  // kInvalid, with a text for the user, when the file as a whole cannot be taken; sticky.
  [[nodiscard]] Result<void> feed(std::span<const std::byte> bytes);
  [[nodiscard]] Result<SheetReport> finish();

 private:
  class Counter;
  std::unique_ptr<Counter> counter_;
  SheetReader reader_;
};

struct Admission {
  std::filesystem::path csv;  // was checked; moved into the store
  SheetRules rules;
  Recipe recipe;
  std::optional<std::string> webhook_url;
  std::optional<KeyNumber> owner = {};
  std::optional<UploadMark> mark = {};
  std::string folder = "uploads/";  // of the CSV's key in the store
};

// The request id of the sealed batch. Invalid rows are taken over as failed (on_invalid=skip; with
// `reject` the caller does not come here). On failure nothing is left behind.
[[nodiscard]] Result<std::string> admit_batch(const Admission& admission, Db& db,
                                              ObjectStore& objects, const Clock& clock);

// At start: what a killed process left half received is removed.
[[nodiscard]] Result<void> discard_unsealed(Db& db, ObjectStore& objects, Time opened_before);

}  // namespace imgmill
