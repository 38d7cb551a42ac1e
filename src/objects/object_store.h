// Where renditions and CSVs live: a local directory here, S3 later, a fake for tests; one contract
// suite (objects/contract_suite.h) runs over all. A key is a relative path of safe segments,
// "processed/{token}/{name}"; anything else is refused with kInvalid before it reaches a file
// system or a URL.
//
// Calls block and may come from any thread at once; event loops use run_on(). kNoSpace when the
// disk or quota is full, kNotFound, kIo.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace imgmill {

// True when every segment is of [A-Za-z0-9._-], none is empty, starts with a dot or is over
// 255 bytes; 512 bytes in all.
[[nodiscard]] bool is_object_key(std::string_view key);

class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  [[nodiscard]] virtual Time modified_at() const = 0;
  // Fills `out` from `offset` on; fewer bytes than asked only at the end. One thread at a time.
  [[nodiscard]] virtual Result<std::size_t> read(std::uint64_t offset,
                                                 std::span<std::byte> out) = 0;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Whole or not at all, replacing what was there; readers see it at once. It survives a power cut
  // only after make_durable().
  [[nodiscard]] virtual Result<void> put(std::string_view key,
                                         std::span<const std::byte> bytes) = 0;
  // The same from a file, which may be moved away; durable when it returns.
  [[nodiscard]] virtual Result<void> put_file(std::string_view key,
                                              const std::filesystem::path& file) = 0;
  // All these, put before by this process, survive a power cut when it returns. One wait for many.
  [[nodiscard]] virtual Result<void> make_durable(std::span<const std::string> keys) = 0;

  [[nodiscard]] virtual Result<std::unique_ptr<ObjectReader>> open(std::string_view key) = 0;
  // Gone afterwards; no error when it was not there.
  [[nodiscard]] virtual Result<void> remove(std::string_view key) = 0;
  // Cheap; for readiness: the store answers and can be written.
  [[nodiscard]] virtual Result<void> check() = 0;
};

}  // namespace imgmill
