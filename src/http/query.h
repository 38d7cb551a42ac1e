// The query of an address, "status=failed&limit=20": names and values are percent-decoded, "+" is a
// space. A value that is empty counts as not given, as forms send it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/problem.h"

namespace imgmill {

// The parameter's value, or nullopt. A 400 that names it when it is given twice or its encoding is
// broken.
[[nodiscard]] Answer<std::optional<std::string>> query_value(std::string_view query,
                                                             std::string_view name);
// Whether it stands there, with a value or without.
[[nodiscard]] bool has_parameter(std::string_view query, std::string_view name);
// query_value() as a whole number from `min` to `max`.
[[nodiscard]] Answer<std::optional<std::uint32_t>> query_number(std::string_view query,
                                                                std::string_view name,
                                                                std::uint32_t min,
                                                                std::uint32_t max);

[[nodiscard]] Problem bad_parameter(std::string_view name, std::string_view reason);

}  // namespace imgmill
