// Access keys, and uploads that may come twice.
#include <algorithm>

#include "base/limits.h"
#include "db/fake/fake_db.h"
#include "db/fake/fake_memory.h"

namespace imgmill {

Result<void> fake::Memory::remember_upload(const Folder& folder, Time now) {
  if (!folder.mark) return {};
  const auto key = std::pair(folder.batch.owner, folder.mark->key);
  std::erase_if(uploads, [now](const auto& one) {
    return one.second.sealed_at <= now - limits::kUploadRemembered;
  });
  if (uploads.contains(key)) {
    return fail(ErrorCode::kConflict, "another upload with this Idempotency-Key was faster");
  }
  uploads[key] = {{folder.mark->fingerprint, folder.batch.request_id}, now};
  return {};
}

Result<std::optional<PastUpload>> FakeDb::find_upload(std::optional<KeyNumber> owner,
                                                      std::string_view key, Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("find_upload"));
  const auto found = memory_->uploads.find(std::pair(owner, std::string(key)));
  if (found == memory_->uploads.end()) return std::nullopt;
  if (found->second.sealed_at <= now - limits::kUploadRemembered) return std::nullopt;
  return found->second.past;
}

Result<void> FakeDb::create_key(const NewKey& key, Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("create_key"));
  for (const ApiKey& known : memory_->keys) {
    if (known.name == key.name && !known.revoked_at) {
      return fail(ErrorCode::kConflict, "there is a key of this name already");
    }
    if (known.id == key.id) {
      return fail(ErrorCode::kConflict, "another key has this id: try again");
    }
  }
  memory_->keys.push_back({.number = static_cast<KeyNumber>(memory_->keys.size()) + 1,
                           .name = key.name,
                           .id = key.id,
                           .digest = key.digest,
                           .created_at = now});
  return {};
}

Result<std::vector<ApiKey>> FakeDb::list_keys() {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("list_keys"));
  return memory_->keys;
}

Result<void> FakeDb::revoke_key(KeyNumber key, Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("revoke_key"));
  for (ApiKey& known : memory_->keys) {
    if (known.number != key || known.revoked_at) continue;
    known.revoked_at = now;
    return {};
  }
  return fail(ErrorCode::kNotFound, "there is no such key");
}

Result<KeyLookup> FakeDb::find_key(std::string_view id) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("find_key"));
  KeyLookup found;
  for (const ApiKey& known : memory_->keys) {
    found.any = true;
    if (known.revoked_at) continue;
    found.any_valid = true;
    if (known.id == id) found.key = known;
  }
  return found;
}

Result<void> FakeDb::touch_key(KeyNumber key, Time now) {
  const std::scoped_lock lock(memory_->mutex);
  TRY_VOID(memory_->enter("touch_key"));
  for (ApiKey& known : memory_->keys) {
    if (known.number == key) known.used_at = std::max(known.used_at.value_or(now), now);
  }
  return {};
}

}  // namespace imgmill
