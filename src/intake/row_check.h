// One record under its header: is it a row that can be worked on, and if not, why not. What is
// wrong with a row is told with it (RowFault) and never ends the reading.
//
// Private to intake. Pure; its buffers are kept from row to row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intake/sheet_columns.h"
#include "intake/sheet_reader.h"

namespace imgmill {

class RowCheck {
 public:
  RowCheck(SheetColumns columns, SheetRules rules);

  // The row lives until the next call, or until the fields go.
  [[nodiscard]] SheetRow check(std::uint32_t row, std::span<const std::string_view> fields);
  [[nodiscard]] const SheetHeader& header() const { return columns_.header; }

 private:
  [[nodiscard]] bool is_spilled(std::span<const std::string_view> fields) const;
  [[nodiscard]] std::span<const std::string_view> join_spilled(
      std::span<const std::string_view> fields);
  void check_field_count(std::span<const std::string_view> fields);
  void check_serial(std::string_view value);
  void check_product(std::string_view value);
  void check_urls();
  void add_fault(std::string_view column, std::string message);

  SheetColumns columns_;
  SheetRules rules_;
  std::uint32_t row_ = 0;
  std::string joined_;
  std::vector<std::string_view> joined_fields_;
  std::vector<std::string_view> urls_;
  std::vector<RowFault> faults_;
};

}  // namespace imgmill
