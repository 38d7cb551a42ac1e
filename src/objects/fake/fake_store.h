// An ObjectStore in memory, for the tests of other rooms. It passes the contract suite; beyond that
// it fails on demand and can lose power, so that a test sees what was made durable before what.
//
// Thread-safe. Used by tests only.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "objects/object_store.h"

namespace imgmill {

class FakeStore final : public ObjectStore {
 public:
  enum class Verb { kPut, kPutFile, kMakeDurable, kOpen, kRemove, kCheck };

  // The next call fails with `error` and changes nothing; several wait in order. With a verb: the
  // next call of that verb.
  void fail_next(Error error);
  void fail_next(Verb verb, Error error);
  // What was put and not made durable is as it was before.
  void lose_power();

  [[nodiscard]] std::vector<std::string> keys() const;  // sorted
  [[nodiscard]] std::optional<std::string> bytes_of(std::string_view key) const;
  [[nodiscard]] bool is_durable(std::string_view key) const;
  [[nodiscard]] int calls(Verb verb) const;

  Result<void> put(std::string_view key, std::span<const std::byte> bytes) override;
  Result<void> put_file(std::string_view key, const std::filesystem::path& file) override;
  Result<void> make_durable(std::span<const std::string> keys) override;
  Result<std::unique_ptr<ObjectReader>> open(std::string_view key) override;
  Result<void> remove(std::string_view key) override;
  Result<void> check() override;

 private:
  using Bytes = std::shared_ptr<const std::string>;  // an open reader keeps what it opened
  struct Failure {
    std::optional<Verb> verb;
    Error error;
  };

  // Counts the call, and gives the failure that was planned for it.
  Result<void> enter(Verb verb);

  mutable std::mutex mutex_;
  std::map<std::string, Bytes, std::less<>> objects_;
  std::map<std::string, Bytes, std::less<>> durable_;
  std::deque<Failure> failures_;
  std::map<Verb, int> calls_;
};

}  // namespace imgmill
