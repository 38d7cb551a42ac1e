// What counts as an image or webhook URL: http or https, with a host, at most limits::kUrlBytesMax
// bytes, with or without user:password. Pure; Boost.URL stays behind this header.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imgmill {

// nullopt when it is one; else what is wrong with it, as a sentence for the row's fault.
[[nodiscard]] std::optional<std::string> url_fault(std::string_view url);

// Splits a field at commas that are followed, after optional spaces, by http:// or https:// (in any
// case) or by the end of the field; the pieces are trimmed. With local_paths, see the .cpp.
void split_urls(std::string_view field, bool local_paths, std::vector<std::string_view>& out);

// "photo" of "https://host/a/photo.jpg?w=3": the last path segment without its extension, reduced to
// [A-Za-z0-9._-], never starting with a dot, 1 to 64 bytes; "image" when nothing is left.
[[nodiscard]] std::string url_stem(std::string_view url);

// The URL without user:password, for logs and messages.
[[nodiscard]] std::string without_credentials(std::string_view url);

}  // namespace imgmill
