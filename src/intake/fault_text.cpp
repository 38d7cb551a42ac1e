#include "intake/fault_text.h"

#include <array>

#include <fmt/format.h>

#include "base/limits.h"

namespace imgmill {
namespace {

struct ForeignMark {
  std::string_view bytes;
  std::string_view what;
};

constexpr std::array<ForeignMark, 8> kForeignMarks{{
    {"PK\x03\x04", "an Excel workbook or another ZIP archive"},
    {"\xD0\xCF\x11\xE0", "an old Excel workbook"},
    {"%PDF", "a PDF document"},
    {"\x89PNG", "a PNG picture"},
    {"\xFF\xD8\xFF", "a JPEG picture"},
    {"GIF8", "a GIF picture"},
    {"\x1F\x8B", "a gzip archive"},
    {"RIFF", "a WebP picture or another RIFF file"},
}};

}  // namespace

std::string text_of(CsvFault fault, std::string_view place) {
  switch (fault) {
    case CsvFault::kTextAfterQuote:
      return fmt::format(
          "in {} text follows a closing quote: write quotes inside a quoted field twice (\"\")",
          place);
    case CsvFault::kUnclosedQuote:
      return fmt::format("the quote opened in {} is never closed: add the closing quote", place);
    case CsvFault::kFieldTooLong:
      return fmt::format("a field in {} is longer than {} bytes", place, limits::kCsvFieldBytesMax);
    case CsvFault::kQuotedFieldTooLong:
      return fmt::format(
          "the quoted field opened in {} is longer than {} bytes: is its closing "
          "quote missing?",
          place, limits::kCsvFieldBytesMax);
    case CsvFault::kRecordTooLong:
      return fmt::format("{} is longer than {} bytes", place, limits::kCsvRowBytesMax);
    case CsvFault::kTooManyFields:
      return fmt::format("{} has more than {} fields", place, limits::kCsvColumnsMax);
    case CsvFault::kNone:
      break;
  }
  return {};
}

std::string text_of(TextFault fault, std::string_view place) {
  switch (fault) {
    case TextFault::kNulByte:
      return fmt::format("there is a NUL byte in {}: save the file as \"CSV UTF-8\"", place);
    case TextFault::kBrokenUtf8:
      return fmt::format("the text in {} is not valid UTF-8: save the file as \"CSV UTF-8\"",
                         place);
    case TextFault::kBrokenUtf16:
      return fmt::format("the text in {} is broken UTF-16: save the file as \"CSV UTF-8\"", place);
    case TextFault::kNone:
      break;
  }
  return {};
}

std::optional<std::string> text_of_foreign_file(std::string_view first_bytes) {
  for (const ForeignMark& mark : kForeignMarks) {
    if (first_bytes.starts_with(mark.bytes)) {
      return fmt::format("this is {}, not a CSV file: save the sheet as \"CSV UTF-8\"", mark.what);
    }
  }
  return std::nullopt;
}

}  // namespace imgmill
