// The CSV of what failed: the input's own columns and rows, in the list of URLs only those that
// failed, and behind them "Error Code" and "Error". Mended it can be uploaded as it is; columns of
// these two names that the input had from such a file are left out. Pure: text is appended to a
// string that the caller empties.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intake/sheet_reader.h"

namespace imgmill {

struct UrlFailure {
  std::string_view url;
  std::string code;
  std::string_view message;
};

class FailureWriter {
 public:
  explicit FailureWriter(SheetHeader header);

  void write_header(std::string& out) const;
  // Several codes are separated by commas, several messages by "; ", in the order of the URLs. A
  // row that was invalid keeps its list as it was. Fields that are more than the header's follow
  // behind the errors.
  void write_row(const SheetRow& row, std::span<const UrlFailure> failures, std::string& out) const;

 private:
  SheetHeader header_;
  std::vector<bool> is_old_error_;  // of each column
};

}  // namespace imgmill
