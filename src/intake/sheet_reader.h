// The uploaded CSV as checked rows: bytes go in as they come, rows come out through a SheetSink.
// CONTRACT section 2.1 is kept here: encodings, delimiters, quoting, the three columns, the list of
// URLs. Memory is bounded by one row (limits::kCsvRowBytesMax), whatever the file's size.
//
// Two kinds of fault. What breaks the file as a whole (a NUL byte, broken UTF-8, an unclosed quote,
// a missing or doubled column, no data row) ends the reading: feed() or finish() returns kInvalid
// with a text that says how to mend it. What is wrong with one row is told with that row, and
// reading goes on.
//
// Decided beyond the contract: a line with only spaces and delimiters is a blank line; a line may
// end with CR alone; several unnamed columns are no doubled ones; a quote inside an unquoted field
// is a character; spaces around a quoted field belong to no field; text after a closing quote and a
// field, row or header over its bound break the file.
//
// Pure: no I/O, no clock. One thread at a time. Includes base only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace imgmill {

struct RowFault {
  std::uint32_t row = 0;  // data rows from 1; 0 is the header
  // As the contract writes it: "S. No.", "Product Name", "Input Image Urls"; "" for the row as
  // such.
  std::string column;
  std::string message;
};

struct SheetHeader {
  std::vector<std::string> names;  // as written, without the BOM, in UTF-8
  char delimiter = ',';
  std::string_view line_ending = "\n";  // or "\r\n" or "\r": that of the header line
  std::size_t urls_column = 0;
  // Where an "Output Image Urls" column stands already, to be replaced in place; npos: none.
  std::size_t outputs_column = static_cast<std::size_t>(-1);
};

// Views live until on_row returns.
struct SheetRow {
  std::uint32_t row = 0;
  std::span<const std::string_view> fields;  // unchanged, in UTF-8; a spilled URL list joined
  std::string_view serial_number;
  std::string_view product_name;
  std::span<const std::string_view> urls;  // trimmed; of an invalid row too, as far as they split
  bool ends_with_comma = false;            // the list does, behind its last URL
  // Empty: the row is valid. At most limits::kReportedRowErrorsMax or so of one row are told.
  std::span<const RowFault> faults;
};

class SheetSink {
 public:
  virtual ~SheetSink() = default;
  // Once, before any row. An error ends the reading and is returned by feed() or finish().
  [[nodiscard]] virtual Result<void> on_header(const SheetHeader& header) = 0;
  [[nodiscard]] virtual Result<void> on_row(const SheetRow& row) = 0;
};

struct SheetRules {
  bool local_paths = false;  // `imgmill run`: file:// and paths are taken beside http(s)
};

class SheetReader {
 public:
  SheetReader(SheetRules rules, SheetSink& sink);
  ~SheetReader();
  SheetReader(SheetReader&&) noexcept;

  // In pieces of any size: the rows and the fault are the same however the bytes were cut. After a
  // failure every call returns that failure.
  [[nodiscard]] Result<void> feed(std::span<const std::byte> bytes);
  // At the end of the file, once.
  [[nodiscard]] Result<void> finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace imgmill
