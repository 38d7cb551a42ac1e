#include "intake/failure_writer.h"

#include <functional>
#include <utility>

#include "base/text.h"
#include "intake/csv_field.h"

namespace imgmill {
namespace {

constexpr std::string_view kCodeColumn = "Error Code";
constexpr std::string_view kMessageColumn = "Error";

bool is_error_column(std::string_view name) {
  return equal_ignoring_case(trimmed(name), kCodeColumn) ||
         equal_ignoring_case(trimmed(name), kMessageColumn);
}

template <class Text>
std::string joined(std::span<const UrlFailure> failures, std::string_view separator, Text text) {
  std::string out;
  for (const UrlFailure& failure : failures) {
    if (&failure != failures.data()) out += separator;
    out += std::invoke(text, failure);
  }
  return out;
}

}  // namespace

FailureWriter::FailureWriter(SheetHeader header) : header_(std::move(header)) {
  for (const std::string& name : header_.names) is_old_error_.push_back(is_error_column(name));
}

void FailureWriter::write_header(std::string& out) const {
  for (std::size_t column = 0; column < header_.names.size(); ++column) {
    if (is_old_error_[column]) continue;
    write_field(header_.names[column], header_.delimiter, out);
    out += header_.delimiter;
  }
  write_field(kCodeColumn, header_.delimiter, out);
  out += header_.delimiter;
  write_field(kMessageColumn, header_.delimiter, out);
  out += header_.line_ending;
}

void FailureWriter::write_row(const SheetRow& row, std::span<const UrlFailure> failures,
                              std::string& out) const {
  const char delimiter = header_.delimiter;
  const std::size_t columns = header_.names.size();
  for (std::size_t column = 0; column < columns; ++column) {
    if (is_old_error_[column]) continue;
    if (column == header_.urls_column && row.faults.empty()) {
      write_field(joined(failures, ",", &UrlFailure::url), delimiter, out);
    } else if (column < row.fields.size()) {
      write_field(row.fields[column], delimiter, out);
    }
    out += delimiter;
  }
  write_field(joined(failures, ",", &UrlFailure::code), delimiter, out);
  out += delimiter;
  write_field(joined(failures, "; ", &UrlFailure::message), delimiter, out);
  for (std::size_t field = columns; field < row.fields.size(); ++field) {
    out += delimiter;
    write_field(row.fields[field], delimiter, out);
  }
  out += header_.line_ending;
}

}  // namespace imgmill
