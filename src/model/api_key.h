// An access key: "imk_" and 64 hex digits, 256 bits of randomness. Only who was given it knows it;
// what is stored is its SHA-256, and the front of that is its id, by which people name it and the
// database finds it. Pure but for the randomness.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace imgmill {

[[nodiscard]] std::string new_api_key();

// Lower-case hex, of any text.
[[nodiscard]] std::string key_digest(std::string_view key);
// The first eight digits.
[[nodiscard]] std::string key_id(std::string_view digest);

// What is wrong with it as a key's name, or nullopt.
[[nodiscard]] std::optional<std::string> key_name_fault(std::string_view name);

}  // namespace imgmill
