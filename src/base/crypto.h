// Digests, signatures, random ids and the encodings they travel in. OpenSSL 3 stays behind this
// header. Thread-safe; includes nothing of ours.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace imgmill {

using Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] Digest sha256(std::span<const std::byte> bytes);
[[nodiscard]] Digest sha256(std::string_view text);
// The same of what comes piece by piece.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  ~Sha256();
  void update(std::string_view bytes);
  [[nodiscard]] Digest finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// RFC 2104 with SHA-256. The key may be of any length.
[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view message);

// Takes as long wherever they differ; for what must not be guessed digit by digit.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);     // lower case
[[nodiscard]] std::string to_base64(std::span<const std::uint8_t> bytes);  // RFC 4648, padded
// nullopt when the text is not padded RFC 4648 base64.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

// How many certificates a PEM text holds; 0 also when one of them is broken.
[[nodiscard]] std::size_t certificates_in(std::string_view pem);

// From the operating system's generator; ends the process when that fails.
void random_bytes(std::span<std::uint8_t> out);
[[nodiscard]] std::uint64_t random_u64();
// RFC 9562 version 4: "550e8400-e29b-41d4-a716-446655440000".
[[nodiscard]] std::string random_uuid();
// True for 8-4-4-4-12 hex digits, in either case.
[[nodiscard]] bool is_uuid(std::string_view text);

}  // namespace imgmill
