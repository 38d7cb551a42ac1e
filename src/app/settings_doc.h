// docs/settings.md, from the table of settings.
#pragma once

#include <string>

namespace imgmill {

[[nodiscard]] std::string settings_document();

}  // namespace imgmill
