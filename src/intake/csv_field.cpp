#include "intake/csv_field.h"

#include <algorithm>

namespace imgmill {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

// A BOM at the front of the first field would be taken for the file's own.
bool needs_quotes(std::string_view field, char delimiter) {
  const auto special = [delimiter](char c) {
    return c == delimiter || c == '"' || c == '\r' || c == '\n';
  };
  return std::ranges::any_of(field, special) || field.starts_with(kByteOrderMark);
}

void write_with_doubled_quotes(std::string_view text, std::string& out) {
  for (std::size_t quote = text.find('"'); quote != std::string_view::npos;
       quote = text.find('"')) {
    out += text.substr(0, quote + 1);
    out += '"';
    text.remove_prefix(quote + 1);
  }
  out += text;
}

void write_field(std::string_view field, char delimiter, std::string& out) {
  if (!needs_quotes(field, delimiter)) {
    out += field;
    return;
  }
  out += '"';
  write_with_doubled_quotes(field, out);
  out += '"';
}

}  // namespace imgmill
