// Who asks, and whether he asks too often: the access keys of CONTRACT 1.7 and the 429, looked at
// before anything else of a request under /api/, so also before its body is read.
//
// Keys are asked for from the first one on that was ever made, and they still are when the last is
// revoked: nothing opens by a revocation. With `no_auth` a server that is started while no key is
// valid stays open until there is one. Nothing is cached but that keys are asked for: a key that is
// made or revoked, by whatever process, counts from the next request on.
//
// Without a key nothing is changed for the page of another site, which a browser on this machine
// may show.
//
// Any edge thread.
#pragma once

#include <atomic>
#include <expected>
#include <string_view>
#include <vector>

#include "base/async.h"
#include "http/caller.h"
#include "http/rate_limit.h"
#include "http/reply.h"

namespace imgmill {

class Request;
struct EdgeOptions;
struct EdgeParts;

struct Admitted {
  std::expected<Caller, Reply> caller{};  // or the answer that turns him away
  std::vector<ReplyHeader> headers{};     // of whatever is answered
};

class Access {
 public:
  // Both outlive it.
  Access(const EdgeOptions& options, const EdgeParts& parts);

  // Whether a path is one that keys are asked for.
  [[nodiscard]] static bool guards(std::string_view path) { return path.starts_with("/api/"); }
  // A request counts for its key, or without a valid one for the address it comes from.
  [[nodiscard]] Task<Admitted> admit(const Request& request, boost::asio::ip::address peer);

 private:
  [[nodiscard]] Task<std::expected<Caller, Reply>> identify(std::string_view key);
  void note_use(const ApiKey& key);

  const EdgeOptions& options_;
  const EdgeParts& parts_;
  RateLimit rate_;
  std::atomic<bool> closed_ = false;  // keys are asked for, whatever becomes of them
};

}  // namespace imgmill
