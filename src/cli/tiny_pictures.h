// Pictures of a few hundred bytes, written byte by byte, for `imgmill doctor` to send through a
// codec. Pure.
#pragma once

#include <string>

namespace imgmill::cli {

[[nodiscard]] std::string tiny_bmp();
[[nodiscard]] std::string tiny_gif();
[[nodiscard]] std::string tiny_tiff();

}  // namespace imgmill::cli
