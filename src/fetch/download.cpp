#include "fetch/download.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace imgmill {
namespace {

bool is_success(int status) { return status >= 200 && status <= 299; }

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Made once: libcurl only reads it. No format is named, or an origin that negotiates would send
// another one than the URL says. Compression is not asked for; pictures are compressed already.
curl_slist* request_headers() {
  static curl_slist* const headers = curl_slist_append(
      curl_slist_append(nullptr, "Accept: image/*,*/*;q=0.8"), "Accept-Encoding: identity");
  return headers;
}

// One coding that libcurl undoes; anything else is a mislabelled picture, or a bomb in a bomb.
bool is_decodable(std::string_view coding) {
  constexpr std::string_view kDecodable[] = {"gzip", "x-gzip", "deflate", "br", "zstd", "identity"};
  return std::ranges::any_of(
      kDecodable, [&](std::string_view word) { return equal_ignoring_case(coding, word); });
}

class Download final : public Transfer {
 public:
  Download(const TransferRules& rules, std::string url, std::int64_t batch,
           std::uint64_t wanted_bytes, Callback<Peeked> done)
      : Transfer(rules, rules.timeout, batch),
        url_(std::move(url)),
        wanted_bytes_(wanted_bytes),
        done_(std::move(done)),
        body_(rules.spool_folder) {}

  bool aim() override;
  void abandon() override { answer(fault_of_stop(Stop::kShutdown, {})); }
  bool is_post() const override { return false; }

 protected:
  void begin_request(CURL* easy) override;
  Stop take_field(std::string_view name, std::string_view value) override;
  Stop take_body(std::span<const std::byte> bytes) override;
  bool finish_hop(CURLcode result) override;
  std::chrono::milliseconds first_byte_allowed() const override { return rules_.timeout / 2; }

 private:
  bool follow(const std::string& location);
  void answer(FetchFault fault) {
    done_({.outcome = {std::nullopt, std::move(fault)}, .http_status = last_status_});
  }
  void answer_status(int http_status);
  [[nodiscard]] Stop take_first_byte();

  std::string url_;
  const std::uint64_t wanted_bytes_;
  Callback<Peeked> done_;
  Spool body_;
  int redirects_ = 0;
  int codings_ = 0;
  int last_status_ = 0;
  std::optional<std::uint64_t> announced_bytes_;
  bool undecoded_ = false;  // the second try: bytes are taken as they come
};

bool Download::aim() {
  auto target = parse_fetch_url(url_);
  if (!target) {
    answer(fault_of_curl(CURLE_URL_MALFORMAT));
    return false;
  }
  target_ = *std::move(target);
  return true;
}

void Download::begin_request(CURL* easy) {
  body_ = Spool(rules_.spool_folder);
  announced_bytes_.reset();
  codings_ = 0;
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request_headers());
  // "" is every coding it knows; the header above stands in for the one that would ask for them.
  if (!undecoded_) curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
}

Stop Download::take_field(std::string_view name, std::string_view value) {
  if (undecoded_ || !equal_ignoring_case(name, "Content-Encoding")) return Stop::kNone;
  return ++codings_ == 1 && is_decodable(value) ? Stop::kNone : Stop::kUndecodable;
}

Stop Download::take_first_byte() {
  if (codings_ > 0) return Stop::kNone;  // the length is that of the coded bytes
  curl_off_t length = -1;
  curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length < 0) return Stop::kNone;
  announced_bytes_ = static_cast<std::uint64_t>(length);
  if (*announced_bytes_ > rules_.source_bytes_max) return Stop::kTooLarge;
  body_.expect(std::min(*announced_bytes_, wanted_bytes_));
  return Stop::kNone;
}

Stop Download::take_body(std::span<const std::byte> bytes) {
  if (!is_success(status())) return discard(bytes.size(), limits::kFetchDiscardedBytesMax);
  if (body_.size() == 0) {
    if (const Stop stop = take_first_byte(); stop != Stop::kNone) return stop;
  }
  if (body_.size() + bytes.size() > rules_.source_bytes_max) return Stop::kTooLarge;
  if (!body_.append(bytes)) return Stop::kSpoolFailed;
  return body_.size() < wanted_bytes_ ? Stop::kNone : Stop::kPeeked;
}

bool Download::finish_hop(CURLcode result) {
  const int http_status = status();
  if (http_status > 0) last_status_ = http_status;
  const bool is_peeked = stop_ == Stop::kPeeked;
  if (is_redirect(http_status)) {
    if (const auto location = header("Location")) return follow(*location);
  }
  // 101 too, a switch to something that nobody asked for; but not a 103 that nothing follows.
  const bool is_final = http_status >= 200 || (stop_ == Stop::kNone && result == CURLE_OK);
  if (is_final && (!is_success(http_status) || http_status == 206)) {
    answer_status(http_status);  // whatever became of its body
  } else if (stop_ == Stop::kUndecodable) {
    return undecoded_ = true;
  } else if (!is_peeked && (stop_ != Stop::kNone || result != CURLE_OK)) {
    answer(fault(result));
  } else if (body_.size() == 0) {
    answer({ImageFault{FaultCode::kEmptyBody, "the origin answered with no bytes"}, false, {}});
  } else {
    const auto whole_bytes = is_peeked ? announced_bytes_ : std::optional(body_.size());
    done_({.outcome = {std::move(body_), std::nullopt},
           .http_status = http_status,
           .whole_bytes = whole_bytes});
  }
  return false;
}

void Download::answer_status(int http_status) {
  FetchFault fault = fault_of_status(http_status);
  fault.retry_after = retry_after();
  answer(std::move(fault));
}

bool Download::follow(const std::string& location) {
  auto target = redirect_target(target_, location);
  if (++redirects_ > limits::kRedirectsMax) {
    answer({ImageFault{FaultCode::kTooManyRedirects, "the origin redirects more than 5 times"},
            false,
            {}});
  } else if (!target) {
    answer({std::move(target).error(), false, {}});
  } else if (time_left_ <= time_left_.zero()) {
    answer(fault_of_stop(Stop::kTimeUp, {}));
  } else {
    target_ = *std::move(target);
    return true;
  }
  return false;
}

}  // namespace

std::unique_ptr<Transfer> make_download(const TransferRules& rules, std::string url,
                                        std::int64_t batch, Callback<FetchOutcome> done) {
  constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();
  return std::make_unique<Download>(
      rules, std::move(url), batch, kAll,
      [done = std::move(done)](Peeked all) mutable { done(std::move(all.outcome)); });
}

std::unique_ptr<Transfer> make_peek(const TransferRules& rules, std::string url, std::int64_t batch,
                                    Callback<Peeked> done) {
  return std::make_unique<Download>(rules, std::move(url), batch, limits::kPeekBytes,
                                    std::move(done));
}

}  // namespace imgmill
