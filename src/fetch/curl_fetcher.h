// The Fetcher on libcurl: one thread that waits for sockets, hands out places fairly, ends what
// takes too long and answers. Requests reach it through an inbox; see fetcher.h for what callers
// may expect.
//
//   FairQueue     who starts next          Transfer  one download or post, hop by hop
//   CurlLoop      sockets and handles      AddressGuard  which addresses are open
//
// Includes base, model and libcurl only.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "fetch/address_guard.h"
#include "fetch/fetcher.h"
#include "fetch/peek.h"

namespace imgmill {

struct FetchOptions {
  int concurrency = 64;  // downloads at once; webhooks have limits::kPostsMax of their own
  int per_host = 16;     // downloads at once from one origin
  std::chrono::seconds timeout{
      30};  // all hops of a download; the first byte of each has half of it
  std::uint64_t source_bytes_max = 64 << 20;
  std::filesystem::path spool_folder;
  std::filesystem::path ca_file;  // PEM, trusted besides the system's authorities; may be empty
  std::string user_agent;         // "imgmill/0.1.0"
};

class CurlFetcher final : public Fetcher {
 public:
  // kIo when there is no descriptor left. `clock` outlives the fetcher.
  [[nodiscard]] static Result<std::unique_ptr<CurlFetcher>> create(const FetchOptions& options,
                                                                   AddressGuard guard,
                                                                   const Clock& clock);
  // stop(). Not from a callback.
  ~CurlFetcher() override;

  void get(std::string url, std::int64_t batch, Callback<FetchOutcome> done) override;
  void drop(std::int64_t batch) override;
  void post(Post post, Callback<PostOutcome> done) override;

  // Looks at what get() would bring: its first bytes, without tries anew. `round` is a number of
  // the caller's own, apart from those of batches: what is looked at, in whichever round, shares
  // places as one batch does, and drop_peeks() breaks a round off.
  void peek(std::string url, std::int64_t round, Callback<Peeked> done);
  void drop_peeks(std::int64_t round);

  // Answers everything unfinished, then returns; what is asked for later is answered at once, on
  // the caller's thread. Any thread, more than once; from a callback it returns before the answers.
  void stop();

 private:
  class Impl;
  explicit CurlFetcher(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace imgmill
