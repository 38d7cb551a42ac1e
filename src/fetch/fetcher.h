// URL → bytes, through the address guard. One libcurl thread carries every transfer: at most
// `concurrency` at once and `per_host` an origin; what is over waits in a queue, fairly between
// batches and origins. The guard judges the address that is really connected to, at every redirect
// and reused connection. Webhooks go out through post(), behind the same guard.
//
// Thread-safe. Callbacks are called once each, on the curl thread: they must be short. After
// stop(), or when the Fetcher dies, everything unfinished is answered with FaultCode::kCancelled;
// after drop(), that of one batch.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/async.h"
#include "base/spool.h"
#include "model/image_fault.h"

namespace imgmill {

struct FetchFault {
  ImageFault fault;
  bool retryable = false;  // 408 425 429 5xx, time-outs, broken connections
  std::optional<std::chrono::seconds> retry_after;  // as the origin said, unbounded
};

struct FetchOutcome {
  // Exactly one of the two.
  std::optional<Spool> body;
  std::optional<FetchFault> fault;
  // Of its time, what it stood in the queue, over all redirects.
  std::chrono::steady_clock::duration waited{0};
};

struct Post {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds deadline;
};

// Any status is an answer; `fault` is set when there was none. Redirects are not followed.
struct PostOutcome {
  int http_status = 0;
  std::optional<std::chrono::seconds> retry_after;
  std::optional<ImageFault> fault;
  std::chrono::milliseconds duration{0};
};

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // `batch`: those of one batch share the places with the other batches (fair_queue.h).
  virtual void get(std::string url, std::int64_t batch, Callback<FetchOutcome> done) = 0;
  // What this batch has asked for and not got yet is broken off: kCancelled. Any thread.
  virtual void drop(std::int64_t batch) = 0;
  virtual void post(Post post, Callback<PostOutcome> done) = 0;
};

}  // namespace imgmill
