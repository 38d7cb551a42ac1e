#include "http/idempotency.h"

#include <algorithm>

#include <fmt/format.h>

#include "http/request.h"

namespace imgmill {
namespace {

constexpr std::string_view kHeader = "Idempotency-Key";
constexpr std::size_t kKeyBytesMax = 255;

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

}  // namespace

Answer<std::optional<std::string>> idempotency_key(const Request& request) {
  const std::size_t count = request.header_count(kHeader);
  if (count == 0) return std::nullopt;
  const std::string_view key = request.header(kHeader);
  const bool fits = count == 1 && !key.empty() && key.size() <= kKeyBytesMax &&
                    std::ranges::all_of(key, is_printable);
  if (fits) return std::string(key);
  return std::unexpected(
      Problem{.status = 400,
              .error = "Invalid Idempotency-Key",
              .detail = fmt::format("{} is one header of 1 to {} printable ASCII characters",
                                    kHeader, kKeyBytesMax)});
}

bool KeysUnderWay::add(const Entry& entry) {
  const std::scoped_lock lock(mutex_);
  return entries_.insert(entry).second;
}

void KeysUnderWay::remove(const Entry& entry) {
  const std::scoped_lock lock(mutex_);
  entries_.erase(entry);
}

KeyClaim::KeyClaim(KeysUnderWay& keys, const Caller& caller, const std::optional<std::string>& key)
    : keys_(keys) {
  if (!key) return;
  entry_.emplace(caller.key, *key);
  is_ours_ = keys_.add(*entry_);
}

KeyClaim::~KeyClaim() {
  if (entry_ && is_ours_) keys_.remove(*entry_);
}

void FormFingerprint::begin_part(std::string_view name) {
  part_.emplace();
  part_->update(fmt::format("{}:", name.size()));
  part_->update(name);
}

void FormFingerprint::add(std::string_view bytes) { part_->update(bytes); }

void FormFingerprint::end_part() {
  parts_.push_back(part_->finish());
  part_.reset();
}

std::string FormFingerprint::text() const {
  std::vector<Digest> sorted = parts_;
  std::ranges::sort(sorted);
  Sha256 whole;
  for (const Digest& part : sorted) {
    whole.update({reinterpret_cast<const char*>(part.data()), part.size()});
  }
  return to_hex(whole.finish());
}

}  // namespace imgmill
