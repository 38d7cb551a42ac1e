#include "work/run_image.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/test_point.h"
#include "intake/url.h"
#include "work/image_metrics.h"
#include "work/retry_policy.h"

namespace imgmill {
namespace {

constexpr std::size_t kHashHexDigits = 16;

// "{folder}{stem}-{16 hex}.{ext}". The digits are of HMAC-SHA256 over the rendition's digest, with
// the place's secret as the key: a second run writes the same, and nobody who has one link can make
// another, not even for a picture he knows.
std::string output_key(const ImageJob& job, const Rendition& rendition) {
  const Digest digest = sha256(rendition.bytes);
  const std::string hash = to_hex(hmac_sha256(job.place.secret, to_hex(digest)));
  return fmt::format("{}{}-{}.{}", job.place.folder, url_stem(job.image.url),
                     hash.substr(0, kHashHexDigits), names_of(rendition.format).extension);
}

// What to ask for: a URL as RFC 3986 wants it on the wire; a path of `imgmill run` as it is.
std::string source_of(const std::string& url) { return url_fault(url) ? url : fetchable_url(url); }

Result<std::string> store(ObjectStore& objects, const ImageJob& job, const Rendition& rendition) {
  std::string key = output_key(job, rendition);
  TRY_VOID(objects.put(key, rendition.bytes));
  TEST_POINT("image.stored");
  return key;
}

Outcome blank_outcome(const ImageJob& job) {
  return {.lease = job.lease,
          .image = job.image.image,
          .tries = job.image.tries + 1,
          .rendered = std::nullopt,
          .fault = std::nullopt,
          .try_again_at = std::nullopt};
}

Outcome outcome_of(const Rendition& rendition, std::string key, std::uint64_t bytes_in,
                   const ImageJob& job) {
  Outcome outcome = blank_outcome(job);
  outcome.rendered = Rendered{.output_key = std::move(key),
                              .format = rendition.format,
                              .width = rendition.width,
                              .height = rendition.height,
                              .bytes_in = bytes_in,
                              .bytes_out = rendition.bytes.size(),
                              .method = rendition.method,
                              .quality = rendition.quality};
  return outcome;
}

// "https://host:8443": a path or a query may say more than a log should keep. "file" of a path.
std::string origin_of(const std::string& url) {
  const std::string clean = without_credentials(url);
  const std::size_t scheme_end = clean.find("://");
  if (scheme_end == clean.npos) return "file";
  return clean.substr(0, clean.find_first_of("/?#\\ ", scheme_end + 3));
}

void log_fault(const Outcome& outcome, const ImageJob& job) {
  const bool again = outcome.try_again_at.has_value();
  log::write(again ? log::Level::kDebug : log::Level::kInfo,
             again ? "image will be tried again" : "image failed",
             {{"request_id", job.request_id},
              {"image", std::to_string(job.image.image)},
              {"code", code_word(*outcome.fault)},
              {"tries", std::to_string(outcome.tries)},
              {"origin", origin_of(job.image.url)},
              {"message", outcome.fault->message}});
}

void log_rendition(const Rendition& rendition, std::uint64_t bytes_in, const ImageJob& job) {
  log::debug("image done", {{"request_id", job.request_id},
                            {"image", std::to_string(job.image.image)},
                            {"bytes_in", std::to_string(bytes_in)},
                            {"bytes_out", std::to_string(rendition.bytes.size())},
                            {"method", std::string(name_of(rendition.method))},
                            {"quality", std::to_string(rendition.quality)},
                            {"codec_cpu_us", std::to_string(rendition.codec_cpu_us)}});
}

}  // namespace

Outcome outcome_of(const FetchFault& fault, const ImageJob& job, Time now) {
  Outcome outcome = blank_outcome(job);
  outcome.fault = fault.fault;
  if (const auto pause = pause_after(fault, outcome.tries, random_u64())) {
    outcome.try_again_at = now + *pause;
  }
  log_fault(outcome, job);
  return outcome;
}

Task<std::optional<Outcome>> run_image(EngineParts parts, ImageJob job) {
  const ImageMetrics& metrics = image_metrics();
  const auto began = parts.clock.steady_now();
  FetchOutcome fetched = co_await from_callback<FetchOutcome>([&](Callback<FetchOutcome> done) {
    parts.fetcher.get(source_of(job.image.url), job.lease.batch, std::move(done));
  });
  const auto fetched_at = parts.clock.steady_now();
  if (fetched.fault && fetched.fault->fault.code == FaultCode::kCancelled) co_return std::nullopt;
  metrics.fetch.observe(fetched_at - began - fetched.waited);
  if (fetched.fault) {
    metrics.wait.observe(fetched.waited);
    co_return outcome_of(*fetched.fault, job, parts.clock.now());
  }
  const std::uint64_t bytes_in = fetched.body->size();

  CodecOutcome made = co_await from_callback<CodecOutcome>([&](Callback<CodecOutcome> done) {
    parts.codec.render(*std::move(fetched.body), job.recipe, std::move(done));
  });
  fetched.body.reset();
  if (made.fault && made.fault->code == FaultCode::kCancelled) co_return std::nullopt;
  const auto made_at = parts.clock.steady_now();
  metrics.wait.observe(fetched.waited + made.waited);
  metrics.codec.observe(made_at - fetched_at - made.waited);
  if (made.fault) {
    co_return outcome_of(FetchFault{.fault = *made.fault, .retryable = false, .retry_after = {}},
                         job, parts.clock.now());
  }

  const auto key =
      co_await run_on(parts.blocking, [&] { return store(parts.objects, job, *made.rendition); });
  metrics.store.observe(parts.clock.steady_now() - made_at);
  metrics.count_codec_cpu(made.rendition->codec_cpu_us);
  if (!key) {
    log::warn("rendition not stored",
              {{"request_id", job.request_id}, {"error", describe(key.error())}});
    co_return outcome_of(storage_fault(key.error()), job, parts.clock.now());
  }
  log_rendition(*made.rendition, bytes_in, job);
  co_return outcome_of(*made.rendition, *key, bytes_in, job);
}

}  // namespace imgmill
