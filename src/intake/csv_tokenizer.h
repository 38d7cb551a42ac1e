// UTF-8 text as the records of a CSV: RFC 4180, cut into fields and unquoted. Beyond the RFC, as
// the spreadsheets and programs that write such files are read elsewhere: a line may end with CR
// alone; a quote inside an unquoted field is a character like any other (27" screen); spaces around
// a quoted field belong to no field. What nobody can read safely is a fault: text after a closing
// quote, a quote that is never closed, a field or record over its bound.
//
// libcsv was tried first: it can keep the spaces of unquoted fields or drop those around quotes,
// but not both, and does not tell where a quote was opened. The tests hold it up as a second
// opinion.
//
// Private to intake. Pure; one thread at a time; memory is one record, kept for the next.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace imgmill {

enum class CsvFault : std::uint8_t {
  kNone,
  kTextAfterQuote,
  kUnclosedQuote,
  kFieldTooLong,
  kQuotedFieldTooLong,  // most often a closing quote is missing
  kRecordTooLong,
  kTooManyFields,
};

class CsvTokenizer {
 public:
  enum class Step : std::uint8_t { kRecord, kMoreText, kFault };

  explicit CsvTokenizer(char delimiter);

  // Takes text from the front of `text` until a record is complete (kRecord) or the text is used up
  // (kMoreText). The record stands in fields() until the next call. Nothing goes on after kFault.
  [[nodiscard]] Step next(std::string_view& text);
  // The last record, when no line end follows it: kRecord; kMoreText when there is none.
  [[nodiscard]] Step finish();

  [[nodiscard]] std::span<const std::string_view> fields() const { return fields_; }
  // Whether the record has nothing but spaces, tabs and delimiters.
  [[nodiscard]] bool blank() const { return text_.find_first_not_of(" \t") == std::string::npos; }
  // Also of a record that a fault cut off.
  [[nodiscard]] std::size_t fields_ended() const { return ends_.size(); }
  [[nodiscard]] std::string_view line_ending() const { return line_ending_; }
  [[nodiscard]] CsvFault fault() const { return fault_; }
  [[nodiscard]] char delimiter() const { return delimiter_; }

 private:
  enum class State : std::uint8_t { kPlain, kQuoted, kQuoteSeen, kClosed, kCarriageReturn, kDone };

  void take(std::string_view& text);
  void take_plain(std::string_view& text);
  void take_quoted(std::string_view& text);
  void take_after_quote(std::string_view& text);
  void take_after_carriage_return(std::string_view& text);
  void end_field(char stop);
  void end_record(std::string_view line_ending);
  void append(std::string_view run);
  [[nodiscard]] Step step() const;

  std::array<bool, 256> stops_plain_{};
  char delimiter_;
  State state_ = State::kDone;
  CsvFault fault_ = CsvFault::kNone;
  std::string text_;               // of all fields so far, one behind the other
  std::vector<std::size_t> ends_;  // in text_, of the fields that are complete
  std::size_t field_begin_ = 0;
  bool field_blank_ = true;  // nothing but spaces so far, so that a quote opens a quoted field
  std::vector<std::string_view> fields_;
  std::string_view line_ending_ = "\n";
};

}  // namespace imgmill
