// What counts as an image or webhook URL: http or https, with a host, at most limits::kUrlBytesMax
// bytes, with or without user:password. As lenient as browsers about what catalogues really hold:
// spaces, letters beyond ASCII, a stray "%", characters such as | { } ^ ` " < > [ ] \ in path and
// query are taken as written, and fetchable_url() writes them as RFC 3986 wants them for the wire.
// Control characters (line breaks too) are refused.
//
// Pure; Boost.URL and libidn2 stay behind this header. Usable from every thread; base only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imgmill {

// nullopt when it is one; else what is wrong with it, as a sentence for the row's fault. The
// sentence shows the URL without credentials.
[[nodiscard]] std::optional<std::string> url_fault(std::string_view url);

// What to ask for: a URL that url_fault() has nothing against, percent-encoded where it must be,
// its host in ASCII ("xn--…"). Up to three times as long. What is well written already stays as it
// is.
[[nodiscard]] std::string fetchable_url(std::string_view url);

// With `local_paths` a file:// URL or a path is taken as well, without asking whether there is such
// a file; without, the same as url_fault().
[[nodiscard]] std::optional<std::string> source_fault(std::string_view source, bool local_paths);

// Splits a field at commas that are followed, after optional spaces, by http:// or https:// (in any
// case) or by the end of the field; the pieces are trimmed (spaces, tabs, line breaks). Nothing
// else splits, so a comma in front of a comma stays with its URL: "http://h/a,,http://h/b" is
// "http://h/a," and "http://h/b". A trailing comma ends the list and makes no piece; a leading one
// makes an empty piece, which is no URL; a field of nothing but spaces makes none.
//
// With local_paths a URL also ends before "file://", "/", "./" and "../", and a piece that is no
// http or https URL ends at the next comma: "a.jpg,b.jpg,http://h/w_1,h_2/c.jpg,./d.jpg" are four.
void split_urls(std::string_view field, bool local_paths, std::vector<std::string_view>& out);

// "photo" of "https://host/a/photo.jpg?w=3": the last path segment without its extension, reduced
// to [A-Za-z0-9._-], never starting with a dot, 1 to 64 bytes; "image" when nothing is left. Runs
// of other characters become one "-": "My photo (1)" is "My-photo-1".
[[nodiscard]] std::string url_stem(std::string_view url);

// The URL without user:password, for logs and messages. Also for what is no URL, or several: rather
// too much than too little is taken out.
[[nodiscard]] std::string without_credentials(std::string_view url);

}  // namespace imgmill
