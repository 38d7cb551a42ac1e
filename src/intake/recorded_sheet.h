// For tests, the fuzzer too: a sheet read to its end, everything the sink was told copied out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intake/sheet_reader.h"

namespace imgmill {

struct RecordedFault {
  std::uint32_t row = 0;
  std::string column;
  std::string message;
  bool operator==(const RecordedFault&) const = default;
};

struct RecordedRow {
  std::uint32_t row = 0;
  std::vector<std::string> fields;
  std::string serial_number;
  std::string product_name;
  std::vector<std::string> urls;
  std::vector<RecordedFault> faults;
  bool operator==(const RecordedRow&) const = default;
};

struct RecordedSheet final : SheetSink {
  SheetHeader header;
  int headers = 0;
  std::vector<RecordedRow> rows;
  std::string failure;  // what broke the file as a whole; empty: nothing did

  [[nodiscard]] Result<void> on_header(const SheetHeader& told) override {
    header = told;
    ++headers;
    return {};
  }

  [[nodiscard]] Result<void> on_row(const SheetRow& row) override {
    RecordedRow& copy = rows.emplace_back();
    copy.row = row.row;
    copy.fields.assign(row.fields.begin(), row.fields.end());
    copy.serial_number = row.serial_number;
    copy.product_name = row.product_name;
    copy.urls.assign(row.urls.begin(), row.urls.end());
    for (const RowFault& fault : row.faults) {
      copy.faults.push_back({fault.row, fault.column, fault.message});
    }
    return {};
  }
};

// Fed in pieces of `piece_bytes`; 0: in one.
inline RecordedSheet read_sheet(std::string_view file, std::size_t piece_bytes = 0,
                                SheetRules rules = {}) {
  RecordedSheet sheet;
  SheetReader reader(rules, sheet);
  const auto bytes = std::as_bytes(std::span(file));
  const std::size_t piece = piece_bytes == 0 ? std::max<std::size_t>(file.size(), 1) : piece_bytes;
  Result<void> done;
  for (std::size_t at = 0; at < bytes.size() && done; at += piece) {
    done = reader.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  }
  if (done) done = reader.finish();
  if (!done) sheet.failure = done.error().text.empty() ? "?" : done.error().text;
  return sheet;
}

}  // namespace imgmill
