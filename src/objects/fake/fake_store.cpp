#include "objects/fake/fake_store.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace imgmill {
namespace {

constexpr Time kModifiedAt = from_us(1'700'000'000'000'000);

class FakeReader final : public ObjectReader {
 public:
  explicit FakeReader(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

  std::uint64_t size() const override { return bytes_->size(); }
  Time modified_at() const override { return kModifiedAt; }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset >= bytes_->size()) return 0;
    const std::size_t count = std::min<std::size_t>(out.size(), bytes_->size() - offset);
    if (count > 0) std::memcpy(out.data(), bytes_->data() + offset, count);
    return count;
  }

 private:
  std::shared_ptr<const std::string> bytes_;
};

Result<void> check_key(std::string_view key) {
  if (is_object_key(key)) return {};
  return fail(ErrorCode::kInvalid, "not an object key", std::string(key));
}

}  // namespace

void FakeStore::fail_next(Error error) {
  const std::lock_guard lock(mutex_);
  failures_.push_back({std::nullopt, std::move(error)});
}

void FakeStore::fail_next(Verb verb, Error error) {
  const std::lock_guard lock(mutex_);
  failures_.push_back({verb, std::move(error)});
}

void FakeStore::lose_power() {
  const std::lock_guard lock(mutex_);
  objects_ = durable_;
}

std::vector<std::string> FakeStore::keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, bytes] : objects_) keys.push_back(key);
  return keys;
}

std::optional<std::string> FakeStore::bytes_of(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return *found->second;
}

bool FakeStore::is_durable(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto now = objects_.find(key);
  const auto kept = durable_.find(key);
  return now != objects_.end() && kept != durable_.end() && now->second == kept->second;
}

int FakeStore::calls(Verb verb) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(verb);
  return found == calls_.end() ? 0 : found->second;
}

Result<void> FakeStore::enter(Verb verb) {
  ++calls_[verb];
  const auto planned = std::ranges::find_if(
      failures_, [verb](const Failure& failure) { return failure.verb.value_or(verb) == verb; });
  if (planned == failures_.end()) return {};
  Error error = std::move(planned->error);
  failures_.erase(planned);
  return std::unexpected(std::move(error));
}

Result<void> FakeStore::put(std::string_view key, std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(enter(Verb::kPut));
  TRY_VOID(check_key(key));
  objects_.insert_or_assign(std::string(key),
                            std::make_shared<const std::string>(
                                reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  return {};
}

Result<void> FakeStore::put_file(std::string_view key, const std::filesystem::path& file) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(enter(Verb::kPutFile));
  TRY_VOID(check_key(key));
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::kIo, "the file cannot be read", file.string());
  const auto bytes = std::make_shared<const std::string>(std::istreambuf_iterator<char>(in),
                                                         std::istreambuf_iterator<char>());
  objects_.insert_or_assign(std::string(key), bytes);
  durable_.insert_or_assign(std::string(key), bytes);
  std::error_code ignored;  // it *may* be moved away; that it is shows who still relies on it
  std::filesystem::remove(file, ignored);
  return {};
}

Result<void> FakeStore::make_durable(std::span<const std::string> keys) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(enter(Verb::kMakeDurable));
  for (const std::string& key : keys) {
    TRY_VOID(check_key(key));
    const auto found = objects_.find(key);
    if (found == objects_.end()) return fail(ErrorCode::kNotFound, "no such object", key);
    durable_.insert_or_assign(key, found->second);
  }
  return {};
}

Result<std::unique_ptr<ObjectReader>> FakeStore::open(std::string_view key) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(enter(Verb::kOpen));
  TRY_VOID(check_key(key));
  const auto found = objects_.find(key);
  if (found == objects_.end()) {
    return fail(ErrorCode::kNotFound, "no such object", std::string(key));
  }
  return std::make_unique<FakeReader>(found->second);
}

Result<void> FakeStore::remove(std::string_view key) {
  const std::lock_guard lock(mutex_);
  TRY_VOID(enter(Verb::kRemove));
  TRY_VOID(check_key(key));
  if (const auto found = objects_.find(key); found != objects_.end()) objects_.erase(found);
  if (const auto found = durable_.find(key); found != durable_.end()) durable_.erase(found);
  return {};
}

Result<void> FakeStore::check() {
  const std::lock_guard lock(mutex_);
  return enter(Verb::kCheck);
}

}  // namespace imgmill
