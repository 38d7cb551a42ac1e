// The header of a sheet: which record is it, cut at which delimiter, and where its columns stand.
// The text is read with every delimiter at once; the first record that has all three columns wins.
//
// Private to intake. Pure; memory is bounded by limits::kCsvRowBytesMax for each delimiter.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "intake/csv_tokenizer.h"
#include "intake/sheet_reader.h"

namespace imgmill {

inline constexpr std::string_view kSerialColumn = "S. No.";
inline constexpr std::string_view kProductColumn = "Product Name";
inline constexpr std::string_view kUrlsColumn = "Input Image Urls";
inline constexpr std::string_view kOutputsColumn = "Output Image Urls";

struct SheetColumns {
  SheetHeader header;
  std::size_t serial = 0;
  std::size_t product = 0;
};

struct FoundHeader {
  SheetColumns columns;
  CsvTokenizer tokenizer;  // stands behind the header record
  std::string_view rest;   // of the text fed last, behind the header
};

class HeaderFinder {
 public:
  // nullopt: more text is needed. kInvalid: no delimiter makes a header of it, or two columns have
  // one name. Not called again after it found the header or failed.
  [[nodiscard]] Result<std::optional<FoundHeader>> feed(std::string_view text);
  // The same at the end of the file, never nullopt.
  [[nodiscard]] Result<FoundHeader> finish();

 private:
  struct Candidate {
    explicit Candidate(char delimiter) : tokenizer(delimiter) {}
    CsvTokenizer tokenizer;
    std::size_t read = 0;  // of the text fed last
    bool pending = true;
    bool matches = false;
    std::vector<std::string> names;  // of its first record that is not blank
  };

  static void advance(Candidate& candidate, std::string_view text);
  [[nodiscard]] static bool take_record(Candidate& candidate);
  [[nodiscard]] Candidate* winner();
  [[nodiscard]] static Result<FoundHeader> found(Candidate& candidate, std::string_view text);
  [[nodiscard]] std::unexpected<Error> failure() const;

  std::array<Candidate, 3> candidates_{Candidate(','), Candidate(';'), Candidate('\t')};
};

}  // namespace imgmill
