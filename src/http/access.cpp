#include "http/access.h"

#include <string>

#include "base/crypto.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "http/edge.h"
#include "http/problem.h"
#include "http/request.h"
#include "model/api_key.h"

namespace imgmill {
namespace {

// Empty when there is none. Another scheme than Bearer is a proxy's.
std::string_view key_of(const Request& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view credentials = request.header("Authorization");
  if (!starts_with_ignoring_case(credentials, kBearer)) return request.header("X-API-Key");
  return trimmed(credentials.substr(kBearer.size()));
}

Reply unauthorized(std::string detail) {
  Reply reply = reply_of({.status = 401, .error = "Unauthorized", .detail = std::move(detail)});
  reply.headers.push_back({"WWW-Authenticate", R"(Bearer realm="imgmill")"});
  return reply;
}

// A browser says of each request where it comes from. The pages of other sites reach a server that
// listens on loopback, and could upload to it without being asked for a key.
bool is_changed_by_another_site(const Request& request) {
  const bool changes = request.method() == Method::kPost || request.method() == Method::kDelete;
  return changes && request.header("Sec-Fetch-Site") == "cross-site";
}

Reply forbidden() {
  return reply_of({.status = 403,
                   .error = "Forbidden",
                   .detail = "the page of another site may change something here only with an "
                             "access key"});
}

Reply too_many(const RateVerdict& verdict) {
  const std::string wait = std::to_string(verdict.retry_in.count());
  Reply reply =
      reply_of({.status = 429,
                .error = "Too many requests",
                .detail = "more requests a minute than are allowed: wait " + wait + " seconds"});
  reply.headers.push_back({"Retry-After", wait});
  return reply;
}

}  // namespace

Access::Access(const EdgeOptions& options, const EdgeParts& parts)
    : options_(options), parts_(parts), rate_(options.rate_limit) {}

Task<Admitted> Access::admit(const Request& request, boost::asio::ip::address peer) {
  Admitted admitted;
  admitted.caller = co_await identify(key_of(request));
  if (admitted.caller && !admitted.caller->key && is_changed_by_another_site(request)) {
    admitted.caller = std::unexpected(forbidden());
  }
  if (!rate_.is_on()) co_return admitted;
  const bool has_key = admitted.caller && admitted.caller->key;
  const Payer payer = has_key ? payer_of(*admitted.caller->key) : payer_of(peer);
  const RateVerdict verdict = rate_.spend(payer, parts_.clock.steady_now());
  if (!verdict.allowed) admitted.caller = std::unexpected(too_many(verdict));
  admitted.headers = rate_.fields(verdict);
  co_return admitted;
}

Task<std::expected<Caller, Reply>> Access::identify(std::string_view key) {
  const std::string digest = key_digest(key);
  auto look = [this, &digest] { return parts_.db.find_key(key_id(digest)); };
  const Result<KeyLookup> found = co_await run_on(parts_.blocking, std::move(look));
  if (!found) co_return std::unexpected(reply_of(problem_of(found.error())));
  if (options_.no_auth ? found->any_valid : found->any) closed_ = true;
  if (!closed_) co_return Caller{};
  if (key.empty()) {
    co_return std::unexpected(unauthorized(
        "send an access key as \"Authorization: Bearer imk_…\"; whoever runs this server makes "
        "one with: imgmill keys create NAME"));
  }
  // The id finds it, the whole digest opens.
  if (!found->key || !equal_in_constant_time(found->key->digest, digest)) {
    co_return std::unexpected(unauthorized("this access key is unknown or was revoked"));
  }
  note_use(*found->key);
  co_return Caller{.key = found->key->number};
}

// Nobody waits for it: a use that is not noted is noted at the next.
void Access::note_use(const ApiKey& key) {
  const Time now = parts_.clock.now();
  if (key.used_at && now - *key.used_at < limits::kKeyUseNoted) return;
  asio::post(parts_.blocking, [&db = parts_.db, number = key.number, now] {
    const auto noted = db.touch_key(number, now);
    if (!noted) log::debug("use of a key not noted", {{"error", describe(noted.error())}});
  });
}

}  // namespace imgmill
