// Every bound on what comes from outside, with its reason. What a user can set is in app/settings;
// here is what he cannot.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace imgmill::limits {

using namespace std::chrono_literals;

// Intake. The longest URL that common servers and proxies take is 8 KB; 2,048 is the contract's.
inline constexpr std::size_t kUrlBytesMax = 2'048;
// One CSV field, one row: a row with 500 URLs of 2,048 bytes is the largest that makes sense.
inline constexpr std::size_t kCsvFieldBytesMax = 1 << 20;
inline constexpr std::size_t kCsvRowBytesMax = 2 << 20;
inline constexpr std::size_t kCsvColumnsMax = 1'000;
// Memory of the index of distinct URLs is 16 bytes a place at load 0.5 to 0.75: 270 MB here.
inline constexpr std::uint32_t kBatchPlacementsMax = 10'000'000;
inline constexpr std::size_t kReportedRowErrorsMax = 100;

// Http.
inline constexpr std::size_t kHttpHeaderBytesMax = 16 << 10;
inline constexpr std::size_t kFormFieldBytesMax = 8 << 10;
inline constexpr std::size_t kFormPartsMax = 64;
inline constexpr auto kHttpHeaderDeadline = 15s;
inline constexpr auto kHttpIdleDeadline = 75s;
inline constexpr auto kHttpBodyStallDeadline = 30s;
inline constexpr std::size_t kHttpConnectionsMax = 8'192;

// Fetching.
inline constexpr int kRedirectsMax = 5;
inline constexpr int kFetchAttemptsMax = 3;
inline constexpr auto kRetryAfterMax = 10min;
// A Spool keeps this much in memory and the rest in an unlinked file: with 64 transfers, 64 MiB.
inline constexpr std::size_t kSpoolMemoryBytes = 1 << 20;

// Codec.
inline constexpr auto kCodecDeadline = 60s;

// Leases (DESIGN 6).
inline constexpr auto kLeaseDuration = 30s;
inline constexpr auto kLeaseRenewal = 10s;
inline constexpr std::uint32_t kChunkImages = 32;

// Webhooks.
inline constexpr auto kWebhookDeadline = 15s;
inline constexpr std::size_t kWebhookReplyBytesMax = 64 << 10;  // read and thrown away

inline constexpr auto kShutdownDeadline = 30s;

}  // namespace imgmill::limits
