#include "intake/sheet_columns.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "intake/fault_text.h"
#include "intake/text.h"

namespace imgmill {
namespace {

constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);
constexpr std::array kRequired{kSerialColumn, kProductColumn, kUrlsColumn};

std::size_t column_named(const std::vector<std::string>& names, std::string_view name) {
  const auto at = std::ranges::find_if(names, [name](const std::string& written) {
    return equal_ignoring_case(trimmed(written), name);
  });
  return at == names.end() ? kNoColumn : static_cast<std::size_t>(at - names.begin());
}

std::vector<std::string> missing_columns(const std::vector<std::string>& names) {
  std::vector<std::string> missing;
  for (const std::string_view name : kRequired) {
    if (column_named(names, name) == kNoColumn) missing.push_back(fmt::format("\"{}\"", name));
  }
  return missing;
}

// Spreadsheets export unnamed columns, several of them even: these harm nobody.
std::optional<std::string> doubled_name(const std::vector<std::string>& names) {
  std::vector<std::string> sorted;
  for (const std::string& name : names) {
    if (!trimmed(name).empty()) sorted.push_back(lower_case(trimmed(name)));
  }
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice == sorted.end()) return std::nullopt;
  return std::string(trimmed(names[column_named(names, *twice)]));
}

Result<SheetColumns> columns_of(std::vector<std::string> names, const CsvTokenizer& tokenizer) {
  if (const auto twice = doubled_name(names)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("two columns are named {}: rename or remove one", excerpt(*twice)));
  }
  SheetColumns columns;
  columns.serial = column_named(names, kSerialColumn);
  columns.product = column_named(names, kProductColumn);
  columns.header.urls_column = column_named(names, kUrlsColumn);
  columns.header.outputs_column = column_named(names, kOutputsColumn);
  columns.header.delimiter = tokenizer.delimiter();
  columns.header.line_ending = tokenizer.line_ending();
  columns.header.names = std::move(names);
  return columns;
}

}  // namespace

Result<std::optional<FoundHeader>> HeaderFinder::feed(std::string_view text) {
  for (Candidate& candidate : candidates_) advance(candidate, text);
  if (Candidate* candidate = winner()) {
    TRY(FoundHeader header, found(*candidate, text));
    return header;
  }
  if (std::ranges::any_of(candidates_, &Candidate::pending)) return std::nullopt;
  return failure();
}

Result<FoundHeader> HeaderFinder::finish() {
  for (Candidate& candidate : candidates_) {
    if (!candidate.pending) continue;
    candidate.pending = false;
    candidate.read = 0;
    if (candidate.tokenizer.finish() == CsvTokenizer::Step::kRecord) {
      static_cast<void>(take_record(candidate));
    }
  }
  if (Candidate* candidate = winner()) return found(*candidate, {});
  return failure();
}

void HeaderFinder::advance(Candidate& candidate, std::string_view text) {
  std::string_view rest = text;
  while (candidate.pending) {
    const CsvTokenizer::Step step = candidate.tokenizer.next(rest);
    candidate.read = text.size() - rest.size();
    if (step == CsvTokenizer::Step::kMoreText) return;
    candidate.pending = step == CsvTokenizer::Step::kRecord && !take_record(candidate);
  }
}

// False for a blank line, which no header is.
bool HeaderFinder::take_record(Candidate& candidate) {
  if (candidate.tokenizer.blank()) return false;
  const auto fields = candidate.tokenizer.fields();
  candidate.names.assign(fields.begin(), fields.end());
  candidate.matches = missing_columns(candidate.names).empty();
  return true;
}

// Of those that match, the one that needed least text: that choice is the same however the bytes
// came. All of them came to match in the last piece, or one would have been chosen before.
HeaderFinder::Candidate* HeaderFinder::winner() {
  Candidate* best = nullptr;
  for (Candidate& candidate : candidates_) {
    if (candidate.matches && (best == nullptr || candidate.read < best->read)) best = &candidate;
  }
  return best;
}

Result<FoundHeader> HeaderFinder::found(Candidate& candidate, std::string_view text) {
  TRY(SheetColumns columns, columns_of(std::move(candidate.names), candidate.tokenizer));
  return FoundHeader{.columns = std::move(columns),
                     .tokenizer = std::move(candidate.tokenizer),
                     .rest = text.substr(candidate.read)};
}

std::unexpected<Error> HeaderFinder::failure() const {
  const Candidate& likeliest = *std::ranges::max_element(
      candidates_, {}, [](const Candidate& tried) { return tried.tokenizer.fields_ended(); });
  if (likeliest.tokenizer.fault() != CsvFault::kNone) {
    return fail(ErrorCode::kInvalid, text_of(likeliest.tokenizer.fault(), "the header"));
  }
  if (likeliest.names.empty()) {
    return fail(ErrorCode::kInvalid, "the file is empty: it needs a header and rows");
  }
  const std::vector<std::string> missing = missing_columns(likeliest.names);
  return fail(ErrorCode::kInvalid,
              fmt::format("the column{} {} {} missing: the first line must name the columns "
                          "\"S. No.\", \"Product Name\" and \"Input Image Urls\"",
                          missing.size() > 1 ? "s" : "", fmt::join(missing, " and "),
                          missing.size() > 1 ? "are" : "is"));
}

}  // namespace imgmill
