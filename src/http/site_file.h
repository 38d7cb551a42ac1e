// The files of the web pages and the API's description, which the build makes part of the program
// (web/embed.cmake, web/embed.py). Which there are, the table alone says. Pure, any thread.
#pragma once

#include <string_view>

namespace imgmill {

struct SiteFile {
  std::string_view path;  // as a request asks for it: "/assets/page.css"
  std::string_view content_type;
  std::string_view digest;  // of the bytes, in hex
  std::string_view bytes;
  std::string_view gzip;  // the same; empty where that would save nothing
};

// nullptr when there is none.
[[nodiscard]] const SiteFile* find_site_file(std::string_view path);

}  // namespace imgmill
