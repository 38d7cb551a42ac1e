// One image of a request as GET /api/requests/{id}/images shows it, its fields in the contract's
// order. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "db/db.h"

namespace imgmill {

// `link_prefix` + a rendition's key is its URL. The input URL is shown without its credentials.
[[nodiscard]] std::string image_json(const PlacementDetail& detail, std::string_view link_prefix);

}  // namespace imgmill
