// What dry runs find behind single URLs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/image_fault.h"

namespace imgmill {

struct UrlSample {
  std::optional<ImageFault> fault{};  // why it would fail; nullopt: it answers with a picture
  int http_status = 0;                // 0: no answer
  std::string_view format{};          // "jpeg", told from the bytes; a literal
  std::string_view mime_type{};
  std::optional<std::uint64_t> bytes{};  // nullopt: not announced
};

}  // namespace imgmill
