#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/dry_run.h"
#include "http/endpoints.h"
#include "http/header_value.h"
#include "http/idempotency.h"
#include "http/query.h"
#include "http/sample_urls.h"
#include "http/site.h"
#include "http/upload_intake.h"

namespace imgmill {
namespace {

// One of limits::kUploadsMax, while it lives.
class UploadSlot {
 public:
  explicit UploadSlot(Site& site) : site_(site), is_free_(++site.uploads <= limits::kUploadsMax) {}
  UploadSlot(const UploadSlot&) = delete;
  ~UploadSlot() { --site_.uploads; }
  [[nodiscard]] bool is_free() const { return is_free_; }

 private:
  Site& site_;
  const bool is_free_;
};

Problem unavailable(std::string detail) {
  return {.status = 503, .error = "Service unavailable", .detail = std::move(detail)};
}

Problem shutting_down() { return unavailable("the server is shutting down"); }

Problem unsupported(std::string detail) {
  return {.status = 415, .error = "Unsupported media type", .detail = std::move(detail)};
}

// What the header alone tells. The boundary of the form.
Answer<std::string> check_head(const Site& site, const Request& request) {
  if (site.draining) return std::unexpected(shutting_down());
  auto boundary = multipart_boundary(request.header("Content-Type"));
  if (!boundary) {
    return std::unexpected(unsupported("send the CSV as multipart/form-data (with curl: -F)"));
  }
  const std::string_view encoding = request.header("Content-Encoding");
  if (!encoding.empty() && !equal_ignoring_case(encoding, "identity")) {
    return std::unexpected(unsupported("send the body as it is, without Content-Encoding"));
  }
  if (!*boundary) return std::unexpected(problem_of(boundary->error(), "Malformed form"));
  const std::uint64_t bytes_max = site.options.upload_bytes_max;
  if (request.content_length().value_or(0) > bytes_max + limits::kFormOverheadBytesMax) {
    return std::unexpected(upload_too_large(bytes_max));
  }
  return **std::move(boundary);
}

// Fills `block` as far as it goes: it grows with what comes, so that a connection that sends
// nothing holds nothing. False at the body's end.
Task<Answer<bool>> fill_block(const Site& site, Request& request, std::string& block) {
  constexpr std::size_t kFirstBytes = 8 << 10;
  std::size_t filled = 0;
  while (filled < limits::kUploadBlockBytes) {
    if (filled == block.size()) {
      block.resize(std::min(std::max(2 * filled, kFirstBytes), limits::kUploadBlockBytes));
    }
    if (site.stopping) co_return std::unexpected(shutting_down());
    const std::span<char> room = std::span(block).subspan(filled);
    const Answer<std::size_t> count = co_await request.read_body(room);
    if (!count) co_return std::unexpected(count.error());
    filled += *count;
    if (*count == 0) {
      block.resize(filled);
      co_return false;
    }
  }
  co_return true;
}

Task<Answer<void>> feed_body(Site& site, Request& request, UploadIntake& intake) {
  std::string block;
  bool more = true;
  while (more) {
    const Answer<bool> filled = co_await fill_block(site, request, block);
    if (!filled) co_return std::unexpected(site.draining ? shutting_down() : filled.error());
    more = *filled;
    site.metrics.upload_bytes.add(static_cast<double>(block.size()));
    auto feed = [&intake, &block] { return intake.feed(block); };
    const Answer<void> fed = co_await run_on(site.parts.blocking, std::move(feed));
    if (!fed) co_return std::unexpected(fed.error());
  }
  co_return Answer<void>();
}

// Blocks for a point read, with a key.
Answer<UploadOrder> order_of(Site& site, const Caller& caller,
                             const std::optional<std::string>& key) {
  UploadOrder order{.caller = caller, .key = key};
  if (!key) return order;
  auto past = site.parts.db.find_upload(caller.key, *key, site.parts.clock.now());
  if (!past) return std::unexpected(problem_of(past.error()));
  order.past = *std::move(past);
  return order;
}

Problem still_under_way() {
  return {.status = 409,
          .error = "Upload under way",
          .detail =
              "an upload with this Idempotency-Key is still being read or taken in: send it "
              "again in a moment"};
}

Reply accepted(const std::string& request_id) {
  return {.status = 202,
          .content_type = "application/json",
          .headers = {{"Location", "/api/status/" + request_id}, {"Cache-Control", "no-store"}},
          .body = fmt::format(R"({{"request_id": "{}", "status": "pending", "message": )"
                              R"("File uploaded successfully and processing has been initiated"}})",
                              request_id)};
}

// On the pool. The counts are in the database; when they cannot be read the line goes without.
void log_accepted(Site& site, const std::string& request_id, const std::string& http_request_id) {
  const auto found = site.parts.db.find_batch(request_id);
  const bool known = found && *found;
  log::info("batch accepted",
            {{"http_request_id", http_request_id},
             {"request_id", request_id},
             {"images", known ? fmt::to_string((*found)->counts.placements) : "?"},
             {"webhook", known && (*found)->webhook_url ? "yes" : "no"}});
}

// Without a value it is no upload either: whoever writes the word does not mean one.
Answer<bool> wants_dry_run(const Request& request) {
  if (!has_parameter(request.query, "dry_run")) return false;
  const auto value = query_value(request.query, "dry_run");
  if (!value) return std::unexpected(value.error());
  if (*value == "0") return false;
  if (*value == "1") return true;
  return std::unexpected(bad_parameter("dry_run", "it is 1 or 0"));
}

Task<Reply> take_in(Site& site, Request& request, UploadIntake& intake) {
  auto admit = [&] {
    auto request_id = intake.admit();
    if (request_id && !intake.is_repeated()) log_accepted(site, *request_id, request.id);
    return request_id;
  };
  const Answer<std::string> request_id = co_await run_on(site.parts.blocking, std::move(admit));
  if (!request_id) co_return reply_of(request_id.error());
  if (site.parts.batch_sealed) site.parts.batch_sealed();
  co_return accepted(*request_id);
}

Reply found_by_dry_run(const DryRun& found) {
  return {.content_type = "application/json",
          .headers = {{"Cache-Control", "no-store"}},
          .body = dry_run_json(found)};
}

Task<Reply> look_through(Site& site, UploadIntake& intake) {
  auto survey = [&intake] { return intake.survey(); };
  Answer<DryRun> found = co_await run_on(site.parts.blocking, std::move(survey));
  if (!found) co_return reply_of(found.error());
  found->samples = co_await sample_urls(site, found->survey.sample);
  co_return found_by_dry_run(*found);
}

Task<Reply> read_upload(Site& site, Request& request, UploadIntake& intake, bool dry_run) {
  const Answer<void> fed = co_await feed_body(site, request, intake);
  if (!fed && dry_run && intake.file_is_refused()) {
    co_return found_by_dry_run({.refusal = fed.error()});
  }
  if (!fed) co_return reply_of(fed.error());
  if (dry_run) co_return co_await look_through(site, intake);
  co_return co_await take_in(site, request, intake);
}

Task<Reply> take_upload(Site& site, Request& request) {
  const UploadSlot slot(site);
  if (!slot.is_free()) co_return reply_of(unavailable("too many uploads at once: try again"));
  const Answer<std::string> boundary = check_head(site, request);
  if (!boundary) co_return reply_of(boundary.error());
  const Answer<bool> dry_run = wants_dry_run(request);
  if (!dry_run) co_return reply_of(dry_run.error());
  Answer<std::optional<std::string>> key = idempotency_key(request);
  if (!key) co_return reply_of(key.error());
  if (*dry_run) key->reset();  // nothing is made that could be made twice
  const KeyClaim claim(site.keys_under_way, request.caller, *key);
  if (!claim.is_ours()) co_return reply_of(still_under_way());
  auto look = [&site, &request, &key] { return order_of(site, request.caller, *key); };
  Answer<UploadOrder> order = co_await run_on(site.parts.blocking, std::move(look));
  if (!order) co_return reply_of(order.error());
  auto intake = std::make_unique<UploadIntake>(*boundary, *std::move(order), site);
  Reply reply = co_await read_upload(site, request, *intake, *dry_run);
  auto end = [intake = std::move(intake)]() mutable {  // removes a file of up to a gigabyte
    intake.reset();
    return true;
  };
  static_cast<void>(co_await run_on(site.parts.blocking, std::move(end)));
  co_return reply;
}

}  // namespace

Task<Reply> post_upload(Site& site, Request& request) {
  Reply reply = co_await take_upload(site, request);
  if (reply.status == 202) site.metrics.uploads_accepted.add();
  if (reply.status >= 400) site.metrics.uploads_refused.add();
  co_return reply;
}

}  // namespace imgmill
