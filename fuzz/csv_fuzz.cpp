// Any bytes as an uploaded CSV. The first two bytes of the input choose the dialect, the rules and
// the cuts; the rest is the file. Checked: no crash; the same header, rows and fault whole, byte by
// byte and in pieces; a sheet that was taken, once written, reads back the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "intake/recorded_sheet.h"
#include "intake/sheet_writer.h"

namespace imgmill {
namespace {

constexpr std::string_view kHeader = "S. No.,Product Name,Input Image Urls\n1,";

// Two bits each: how the bytes are wrapped, what stands for the comma; then one for each switch.
std::string file_of(std::uint8_t choice, std::string_view body) {
  std::string text((choice & 0x20) != 0 ? kHeader : "");
  text += body;
  constexpr std::string_view kDelimiters = ",;\t,";
  std::ranges::replace(text, ',', kDelimiters[choice >> 2 & 3]);
  const int encoding = choice & 3;
  if (encoding == 0) return text;
  if (encoding == 1) return "\xEF\xBB\xBF" + text;
  std::string units = encoding == 2 ? "\xFF\xFE" : "\xFE\xFF";
  for (const char byte : text) {
    units += encoding == 2 ? byte : '\0';
    units += encoding == 2 ? '\0' : byte;
  }
  return units;
}

bool blank(const std::vector<std::string>& fields) {
  return std::ranges::all_of(fields, [](const std::string& field) {
    return field.find_first_not_of(" \t") == std::string::npos;
  });
}

std::string written(const RecordedSheet& sheet) {
  const SheetWriter writer(sheet.header);
  std::string out;
  writer.write_header(out);
  for (const RecordedRow& row : sheet.rows) {
    const std::vector<std::string_view> fields(row.fields.begin(), row.fields.end());
    SheetRow view;
    view.fields = fields;
    writer.write_row(view, std::vector<std::string>(row.urls.size(), "o"), out);
  }
  return out;
}

// What the writer promises of a row: filled up, the outputs in their column.
std::vector<std::string> with_outputs(const SheetHeader& header, const RecordedRow& row) {
  std::vector<std::string> fields = row.fields;
  fields.resize(std::max(fields.size(), header.names.size()));
  std::string outputs;
  for (std::size_t i = 0; i < row.urls.size(); ++i) outputs += i == 0 ? "o" : ",o";
  if (header.outputs_column < header.names.size()) {
    fields[header.outputs_column] = outputs;
  } else {
    fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(header.names.size()), outputs);
  }
  return fields;
}

// Another delimiter may come to make a header of names that hold it, and one column more may be one
// too many.
bool reads_back(const RecordedSheet& sheet) {
  const auto fits = [](const RecordedRow& row) {
    return row.fields.size() < limits::kCsvColumnsMax;
  };
  return sheet.header.names.size() < limits::kCsvColumnsMax &&
         std::ranges::all_of(sheet.rows, fits) &&
         std::ranges::none_of(
             sheet.header.names,
             [](const std::string& name) {
               return name.find_first_of(",;\t") != std::string::npos;
             });
}

void check_round_trip(const RecordedSheet& sheet, SheetRules rules) {
  const RecordedSheet again = read_sheet(written(sheet), 0, rules);
  std::vector<std::vector<std::string>> expected;
  for (const RecordedRow& row : sheet.rows) {
    const std::vector<std::string> fields = with_outputs(sheet.header, row);
    if (!blank(fields)) expected.push_back(fields);
  }
  CHECK(again.failure.empty() || expected.empty());
  CHECK(again.rows.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(again.rows[i].fields == expected[i]);
}

void check_same(const RecordedSheet& a, const RecordedSheet& b) {
  CHECK(a.failure == b.failure);
  CHECK(a.headers == b.headers);
  CHECK(a.header.names == b.header.names);
  CHECK(a.header.delimiter == b.header.delimiter);
  CHECK(a.header.line_ending == b.header.line_ending);
  CHECK(a.rows == b.rows);
}

}  // namespace
}  // namespace imgmill

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace imgmill;
  if (size < 2) return 0;
  const std::string file = file_of(data[0], {reinterpret_cast<const char*>(data) + 2, size - 2});
  const SheetRules rules{.local_paths = (data[0] & 0x10) != 0};
  const RecordedSheet whole = read_sheet(file, 0, rules);
  check_same(whole, read_sheet(file, 1, rules));
  check_same(whole, read_sheet(file, 1 + data[1] % 64U, rules));
  if (whole.failure.empty() && reads_back(whole)) check_round_trip(whole, rules);
  return 0;
}
