// Idempotency-Key of CONTRACT 1.1: an upload that comes twice is taken in once. What was accepted
// stands in the database, sealed together with its batch (NewBatch::mark); what is under way stands
// here, in memory: it ends with the process. A key is its caller's alone.
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/crypto.h"
#include "http/caller.h"
#include "http/problem.h"

namespace imgmill {

class Request;

// nullopt without one; a 400 for one that is none, or more than one.
[[nodiscard]] Answer<std::optional<std::string>> idempotency_key(const Request& request);

// The keys of the uploads under way: as many as there are uploads at most. Thread-safe.
class KeysUnderWay {
 public:
  using Entry = std::pair<std::optional<KeyNumber>, std::string>;

  [[nodiscard]] bool add(const Entry& entry);
  void remove(const Entry& entry);

 private:
  std::mutex mutex_;
  std::set<Entry> entries_;
};

// Holds a key, if there is one, while an upload lives.
class KeyClaim {
 public:
  KeyClaim(KeysUnderWay& keys, const Caller& caller, const std::optional<std::string>& key);
  KeyClaim(const KeyClaim&) = delete;
  ~KeyClaim();
  // False: another upload has it.
  [[nodiscard]] bool is_ours() const { return is_ours_; }

 private:
  KeysUnderWay& keys_;
  std::optional<KeysUnderWay::Entry> entry_;
  bool is_ours_ = true;
};

// What a form says, whatever its boundary, the order of its parts and the name of its file: two of
// the same are the same upload. One thread at a time.
class FormFingerprint {
 public:
  void begin_part(std::string_view name);
  void add(std::string_view bytes);
  void end_part();
  // Of the parts that have ended. Hex.
  [[nodiscard]] std::string text() const;

 private:
  std::optional<Sha256> part_;
  std::vector<Digest> parts_;  // limits::kFormPartsMax at most
};

}  // namespace imgmill
