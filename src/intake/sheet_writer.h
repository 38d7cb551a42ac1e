// The results CSV, RFC 4180 in UTF-8 with the input's delimiter and line ending (CONTRACT 2.2): the
// input's header and fields unchanged, and "Output Image Urls" as the last column, or in place of
// the one the input had. Pure: text is appended to a string that the caller empties.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "intake/sheet_reader.h"

namespace imgmill {

class SheetWriter {
 public:
  explicit SheetWriter(SheetHeader header) : header_(std::move(header)) {}

  void write_header(std::string& out) const;
  // `outputs` has one entry for each of row.urls, empty for a failed image, and no comma in any; a
  // list that ends with a comma has an empty one more. Of
  // a row that has not as many fields as the header (on_invalid=skip) the outputs stand in their
  // column nevertheless: fewer are filled up, what is too much follows behind.
  void write_row(const SheetRow& row, std::span<const std::string> outputs, std::string& out) const;

 private:
  SheetHeader header_;
};

}  // namespace imgmill
