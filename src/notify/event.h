// What a webhook says: the body, in the contract's order of fields, and the headers.
//
// Pure; any thread. Includes the words of db and fetch.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "db/db.h"
#include "fetch/fetcher.h"

namespace imgmill {

// The same bytes for every attempt. `base_url` has no slash at the end.
[[nodiscard]] std::string event_body(const Delivery& delivery, std::string_view base_url);

// The POST of one attempt, made at `now`, signed with each secret; none: unsigned.
[[nodiscard]] Post event_post(const Delivery& delivery, std::string_view base_url,
                              std::span<const std::string> secrets, Time now);

}  // namespace imgmill
