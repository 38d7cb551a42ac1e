// What the database knows of access keys, and of uploads that may come twice. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace imgmill {

using KeyNumber = std::int64_t;  // the database's own name of a key; never used twice

struct NewKey {
  std::string name = {};
  std::string id = {};  // model/api_key.h
  std::string digest = {};
};

struct ApiKey {
  KeyNumber number = 0;
  std::string name = {};
  std::string id = {};
  std::string digest = {};
  std::uint64_t requests = 0;  // that were made with it
  Time created_at = {};
  std::optional<Time> used_at = {};  // last; to the minute
  std::optional<Time> revoked_at = {};
};

struct KeyLookup {
  std::optional<ApiKey> key = {};  // a valid one of the id
  bool any_valid = false;          // whether there is any that was not revoked
  bool any = false;                // or was
};

// An upload's Idempotency-Key and what came with it.
struct UploadMark {
  std::string key = {};
  std::string fingerprint = {};
};

struct PastUpload {
  std::string fingerprint = {};
  std::string request_id = {};
};

}  // namespace imgmill
