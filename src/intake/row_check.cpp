#include "intake/row_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "intake/text.h"
#include "intake/url.h"

namespace imgmill {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view field_or_empty(std::span<const std::string_view> fields, std::size_t column) {
  return column < fields.size() ? fields[column] : std::string_view();
}

}  // namespace

RowCheck::RowCheck(SheetColumns columns, SheetRules rules)
    : columns_(std::move(columns)), rules_(rules) {}

SheetRow RowCheck::check(std::uint32_t row, std::span<const std::string_view> fields) {
  row_ = row;
  faults_.clear();
  if (is_spilled(fields)) fields = join_spilled(fields);
  SheetRow checked{.row = row,
                   .fields = fields,
                   .serial_number = field_or_empty(fields, columns_.serial),
                   .product_name = field_or_empty(fields, columns_.product),
                   .urls = {},
                   .faults = {}};
  const std::string_view urls = field_or_empty(fields, columns_.header.urls_column);
  split_urls(urls, rules_.local_paths, urls_);
  if (fields.size() == columns_.header.names.size()) {
    check_serial(checked.serial_number);
    check_product(checked.product_name);
    check_urls();
  } else {
    // The cells may stand under wrong names: more to say would only mislead.
    check_field_count(fields);
  }
  checked.urls = urls_;
  checked.ends_with_comma = trimmed(urls).ends_with(',');
  checked.faults = faults_;
  return checked;
}

bool RowCheck::is_spilled(std::span<const std::string_view> fields) const {
  const std::size_t columns = columns_.header.names.size();
  const std::size_t urls_column = columns_.header.urls_column;
  if (fields.size() <= columns || urls_column != columns - 1) return false;
  return std::ranges::all_of(fields.subspan(urls_column), [](std::string_view cell) {
    return !url_fault(trimmed(cell)).has_value();
  });
}

std::span<const std::string_view> RowCheck::join_spilled(std::span<const std::string_view> fields) {
  const std::size_t urls_column = columns_.header.urls_column;
  joined_.clear();
  for (const std::string_view cell : fields.subspan(urls_column)) {
    if (!joined_.empty()) joined_ += ',';
    joined_ += cell;
  }
  joined_fields_.assign(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(urls_column));
  joined_fields_.push_back(joined_);
  return joined_fields_;
}

void RowCheck::check_field_count(std::span<const std::string_view> fields) {
  const std::size_t columns = columns_.header.names.size();
  const std::string_view hint = fields.size() > columns
                                    ? "put double quotes around a field that has a delimiter in it"
                                    : "write the delimiter also for empty fields";
  add_fault("", fmt::format("the row has {} field{}, the header has {}: {}", fields.size(),
                            fields.size() == 1 ? "" : "s", columns, hint));
}

// Of any length: it is kept and given back as text.
void RowCheck::check_serial(std::string_view value) {
  std::string_view digits = trimmed(value);
  if (digits.empty()) return add_fault(kSerialColumn, "is empty: write an integer");
  if (digits.front() == '-' || digits.front() == '+') digits.remove_prefix(1);
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) {
    add_fault(kSerialColumn, excerpt(value) + " is not an integer");
  }
}

void RowCheck::check_product(std::string_view value) {
  if (trimmed(value).empty()) add_fault(kProductColumn, "is empty: write a name");
}

void RowCheck::check_urls() {
  if (urls_.empty()) return add_fault(kUrlsColumn, "is empty: write at least one URL");
  for (std::size_t i = 0; i < urls_.size(); ++i) {
    auto fault = source_fault(urls_[i], rules_.local_paths);
    if (!fault) continue;
    // Nobody reads more of one row, and its memory must have a bound.
    if (faults_.size() == limits::kReportedRowErrorsMax) return;
    if (urls_.size() > 1) *fault = fmt::format("URL {}: {}", i + 1, *fault);
    add_fault(kUrlsColumn, *std::move(fault));
  }
}

void RowCheck::add_fault(std::string_view column, std::string message) {
  faults_.push_back({.row = row_, .column = std::string(column), .message = std::move(message)});
}

}  // namespace imgmill
