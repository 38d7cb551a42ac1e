// Setting texts → values. Each parser takes the whole text or returns kInvalid with what is
// expected.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.h"
#include "base/error.h"

namespace imgmill {

[[nodiscard]] Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t min,
                                                 std::uint64_t max);
// Bytes: "67108864", "64MiB", "1GiB".
[[nodiscard]] Result<std::uint64_t> parse_bytes(std::string_view text);
// 1 to 100, or kQualityAuto for "auto".
[[nodiscard]] Result<int> parse_quality(std::string_view text);
// "127.0.0.1:5000", "[::1]:5000", ":5000" (every address).
[[nodiscard]] Result<ListenAddress> parse_listen(std::string_view text);
// Of http or https, without user and password.
[[nodiscard]] Result<std::string> parse_base_url(std::string_view text);
// Visible ASCII, or empty. An error never shows it.
[[nodiscard]] Result<std::string> parse_api_key(std::string_view text);
// Comma-separated, trimmed; kInvalid for an empty piece.
[[nodiscard]] Result<std::vector<std::string>> parse_list(std::string_view text);
// A file of certificates in PEM, which are looked at.
[[nodiscard]] Result<std::filesystem::path> parse_ca_file(std::string_view text);
// Webhook secrets, newest first. An error never shows one.
[[nodiscard]] Result<std::vector<std::string>> parse_secrets(std::string_view text);
[[nodiscard]] Result<std::vector<std::chrono::seconds>> parse_schedule(std::string_view text);

}  // namespace imgmill
