// The words of CONTRACT section 4 for what went wrong with a transfer, and whether it is worth
// another try. The only place in this room that writes such sentences. Pure.
#pragma once

#include <string>

#include <curl/curl.h>

#include "fetch/fetcher.h"

namespace imgmill {

// Why we ended a transfer ourselves.
enum class Stop {
  kNone,
  kBlocked,   // no address of the host may be connected to
  kTooLarge,  // the body
  kHeadersTooLarge,
  kTransferCoding,  // a Transfer-Encoding other than chunked
  kUndecodable,     // Content-Encoding of a kind that is not undone here
  kDiscarded,       // enough read of a body that nobody wants; the status is the answer
  kPeeked,          // enough read of a body of which only the front is wanted
  kSpoolFailed,
  kRepeated,  // libcurl would send the request a second time by itself
  kFirstByteLate,
  kTimeUp,
  kStalled,
  kShutdown,
};

[[nodiscard]] FetchFault fault_of_stop(Stop stop, const std::string& blocked_sentence);
[[nodiscard]] FetchFault fault_of_curl(CURLcode code);
[[nodiscard]] FetchFault fault_of_status(int http_status);

}  // namespace imgmill
