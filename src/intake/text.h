// Small words about text that several files of intake need. ASCII rules only: what is beyond ASCII
// is kept as it is. Private to intake. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/text.h"

namespace imgmill {

// A value inside a message: in quotes, at most some 80 bytes, never cut inside a UTF-8 character,
// control characters as "?", without whatever looks like the credentials of a URL. All that a
// message quotes of a sheet goes through here: a URL may stand in any cell.
[[nodiscard]] std::string excerpt(std::string_view value);

}  // namespace imgmill
