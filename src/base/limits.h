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

// Listings. A page's size is CONTRACT 1.5's.
inline constexpr std::uint32_t kPageItemsDefault = 50;
inline constexpr std::uint32_t kPageItemsMax = 500;
inline constexpr std::uint32_t kListedAttemptsMax = 1'000;  // of webhooks, the last ones
// A page of a filtered listing looks at no more than so many placements, some 50 ms, so that two
// readers serve many.
inline constexpr std::uint32_t kListedPlacementsScanned = 20'000;

// Http.
inline constexpr std::size_t kHttpHeaderBytesMax = 16 << 10;
inline constexpr std::size_t kFormFieldBytesMax = 8 << 10;
// Unknown parts are read and forgotten; together they are bounded by kFormOverheadBytesMax.
inline constexpr std::size_t kFormPartsMax = 10'000;
inline constexpr std::size_t kMultipartBoundaryBytesMax = 70;  // RFC 2046
inline constexpr std::size_t kMultipartHeadBytesMax = 8 << 10;
// Of an upload besides its file: fields, heads, parts that nobody asked for.
inline constexpr std::size_t kFormOverheadBytesMax = 1 << 20;
// One hop to the blocking pool costs some 10 us: a block holds about 3,000 rows.
inline constexpr std::size_t kUploadBlockBytes = 256 << 10;
// An upload holds a block and at most a row of the sheet: 600 MB when all of them are hostile.
inline constexpr int kUploadsMax = 256;
inline constexpr auto kHttpHeaderDeadline = 15s;
inline constexpr auto kHttpIdleDeadline = 75s;
inline constexpr auto kHttpBodyStallDeadline = 30s;
// The same while the process is to end or nearly all uploads' places are taken: 256 that say
// nothing may not lock the others out.
inline constexpr auto kHttpHurriedStallDeadline = 3s;
inline constexpr auto kHttpWriteStallDeadline = 30s;
// Slower than this, reading or writing, is no user but an attack: a modem of 1990 had twice as
// much.
inline constexpr std::uint64_t kHttpBytesPerSecondMin = 1'024;
// After an answer that came before the whole request: what is still read and thrown away, so that
// no reset overtakes the answer. Many clients say all they have before they listen, so it must hold
// an upload well over its bound; that costs less than an upload taken, and none of their places.
inline constexpr auto kHttpLingerDeadline = 120s;
inline constexpr auto kHttpLingerStallDeadline = 5s;
inline constexpr std::uint64_t kHttpLingerBytesMax = 2ULL << 30;
// Deadlines are looked at this often, for all connections at once.
inline constexpr auto kHttpWatchInterval = 250ms;
inline constexpr std::size_t kHttpConnectionsMax = 8'192;

// A listener of …/events costs a connection and a few KB; with these many there are still
// connections for others.
inline constexpr std::size_t kListenersMax = 7'000;
// Contract 1.5: at most 4 times a second, and a sign of life that proxies with a time-out see.
inline constexpr auto kProgressInterval = 250ms;
inline constexpr auto kProgressComment = 15s;
// With more requests listened to than this allows, each is read less often: a tenth of a core.
inline constexpr int kProgressReadsPerSecondMax = 4'000;

// Dry runs. What is looked at is not much work, and what is shown fits a screen.
inline constexpr std::size_t kSampledUrlsMax = 20;
inline constexpr auto kSampleDeadline = 20s;
inline constexpr std::size_t kSurveyedHostsShown = 20;
// Hosts that are counted by name: some MB when all are as long as names can be.
inline constexpr std::size_t kSurveyedHostsMax = 10'000;

// Fetching.
inline constexpr int kRedirectsMax = 5;
inline constexpr int kFetchAttemptsMax = 3;
inline constexpr auto kRetryAfterMax = 10min;
// One address of several: a dead one must leave time for the next.
inline constexpr auto kFetchConnectDeadline = 10s;
// An origin that sends less than this in a window drips, and would hold its place for the whole
// time.
inline constexpr auto kFetchStallWindow = 10s;
inline constexpr std::uint64_t kFetchStallBytesMin = 10 << 10;
// All header lines of an answer; common servers send at most 8 to 32 KB.
inline constexpr std::size_t kFetchHeaderBytesMax = 64 << 10;
// The body of an error or redirect is read this far to keep the connection; beyond, a new one is
// cheaper.
inline constexpr std::size_t kFetchDiscardedBytesMax = 64 << 10;
// Enough of a picture to tell its format.
inline constexpr std::size_t kPeekBytes = 4 << 10;
// Webhooks have places of their own, so that slow image origins cannot hold them up.
inline constexpr int kPostsMax = 32;
inline constexpr int kPostsPerOriginMax = 8;
// A Spool keeps this much in memory and the rest in an unlinked file: with 64 transfers, 64 MiB.
inline constexpr std::size_t kSpoolMemoryBytes = 1 << 20;

// Objects. With less than this free the store says that it is full before it is: one source of the
// default size bound still fits, and the database beside it can still write.
inline constexpr std::uint64_t kStoreFreeBytesMin = 64 << 20;

// Codec.
inline constexpr auto kCodecDeadline = 60s;
// Starting loads some forty libraries; with sanitizers on a busy machine that takes seconds.
inline constexpr auto kCodecStartDeadline = 30s;
inline constexpr int kCodecChildrenMax = 256;
// The address space of a child beside its arena: the 400 MB that codec_worker/memory_bound.h lets a
// picture need, and the libraries. What needs more in spite of its header fails as too_many_pixels.
inline constexpr std::uint64_t kCodecMemoryBytes = 448ULL << 20;
// A child is replaced after so much work, so that leaks and whatever a picture left behind go with
// it.
inline constexpr int kCodecImagesPerLife = 4'000;
inline constexpr auto kCodecWorkPerLife = 600s;
// A job larger than this gives the arena's pages back when it is done.
inline constexpr std::uint64_t kCodecArenaKeptBytes = 4 << 20;
inline constexpr std::size_t kCodecMessageBytesMax = 200;
// Room for a rendition in another format or size, which may be larger than its source: a lossless
// photo of 64 MP. Pages of the arena that nobody writes to cost nothing.
inline constexpr std::uint64_t kCodecReplyBytes = 256 << 20;
inline constexpr int kCodecTriesMax = 2;   // children that an image may cost
inline constexpr int kCodecStartsMax = 3;  // failed starts in a row before images fail for it
inline constexpr auto kCodecStartPauseMin = 100ms;
inline constexpr auto kCodecStartPauseMax = 5s;

// Leases (DESIGN 6).
inline constexpr auto kLeaseDuration = 30s;
inline constexpr auto kLeaseRenewal = 10s;
inline constexpr std::uint32_t kChunkImages = 32;

// Webhooks.
inline constexpr auto kWebhookDeadline = 15s;
// Of these kPostsPerOriginMax go to one receiver at once: if it never answers, the last begin after
// one deadline and end after two, inside their lease. After kill -9 a delivery waits for its lease.
inline constexpr std::size_t kWebhooksAtOnce = 16;
inline constexpr auto kWebhookLease = 45s;
inline constexpr auto kWebhookPollInterval = 500ms;
inline constexpr std::size_t kWebhookReplyBytesMax = 64 << 10;  // read and thrown away

inline constexpr auto kShutdownDeadline = 30s;

}  // namespace imgmill::limits
