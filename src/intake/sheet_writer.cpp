#include "intake/sheet_writer.h"

#include <algorithm>

#include "intake/csv_field.h"
#include "intake/sheet_columns.h"

namespace imgmill {
namespace {

void write_list(std::span<const std::string> outputs, char delimiter, std::string& out) {
  const bool quoted = (outputs.size() > 1 && delimiter == ',') ||
                      std::ranges::any_of(outputs, [delimiter](const std::string& output) {
                        return needs_quotes(output, delimiter);
                      });
  if (quoted) out += '"';
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (i > 0) out += ',';
    write_with_doubled_quotes(outputs[i], out);
  }
  if (quoted) out += '"';
}

}  // namespace

void SheetWriter::write_header(std::string& out) const {
  for (const std::string& name : header_.names) {
    if (&name != header_.names.data()) out += header_.delimiter;
    write_field(name, header_.delimiter, out);
  }
  if (header_.outputs_column >= header_.names.size()) {
    out += header_.delimiter;
    out += kOutputsColumn;
  }
  out += header_.line_ending;
}

void SheetWriter::write_row(const SheetRow& row, std::span<const std::string> outputs,
                            std::string& out) const {
  const std::size_t names = header_.names.size();
  const bool replaces = header_.outputs_column < names;
  const std::size_t outputs_at = replaces ? header_.outputs_column : names;
  const std::size_t fields = std::max(row.fields.size(), names);
  for (std::size_t field = 0; field < fields; ++field) {
    if (field > 0) out += header_.delimiter;
    if (field == outputs_at) write_list(outputs, header_.delimiter, out);
    if (field == outputs_at && replaces) continue;
    if (field == outputs_at) out += header_.delimiter;
    if (field < row.fields.size()) write_field(row.fields[field], header_.delimiter, out);
  }
  if (outputs_at == fields) {
    out += header_.delimiter;
    write_list(outputs, header_.delimiter, out);
  }
  out += header_.line_ending;
}

}  // namespace imgmill
