#include "fetch/transfer.h"

#include <algorithm>
#include <arpa/inet.h>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "fetch/retry_after.h"

namespace imgmill {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// A recv() fills at most this much; larger does not pay on loopback, smaller costs calls.
constexpr long kReadBytes = 64 << 10;

std::string_view without_blanks(std::string_view text) {
  const auto blank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::optional<sockaddr_storage> socket_address(const char* text) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  const std::string_view whole(text);
  const std::string address(whole.substr(0, whole.find('%')));
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    storage.ss_family = AF_INET6;
  } else {
    return std::nullopt;
  }
  return storage;
}

}  // namespace

Transfer::Transfer(const TransferRules& rules, milliseconds time_allowed, std::int64_t batch)
    : rules_(rules),
      time_left_(time_allowed),
      batch_(batch),
      queued_at_(rules.clock.steady_now()) {}

void Transfer::begin(CURL* easy) {
  easy_ = easy;
  stop_ = Stop::kNone;
  asked_ = first_byte_seen_ = false;
  address_opened_ = false;
  blocked_sentence_.clear();
  header_bytes_ = discarded_bytes_ = 0;
  began_at_ = rules_.clock.steady_now();
  waited_ += began_at_ - queued_at_;
  set_target();
  set_callbacks();
  begin_request(easy);
}

void Transfer::set_target() {
  const auto connect_allowed = std::min<milliseconds>(limits::kFetchConnectDeadline,
                                                      duration_cast<milliseconds>(time_left_));
  curl_easy_setopt(easy_, CURLOPT_URL, target_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");  // also keeps http_proxy of the environment out
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, std::max<long>(1, connect_allowed.count()));
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  // Without it a transfer that ends while its name is being resolved would hold up all others.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kReadBytes);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // Sixteen requests to an origin that speaks HTTP/2 share the connection of the first, instead of
  // shaking sixteen hands before it is known.
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, target_.https ? 1L : 0L);
  // Beside it stays the system's folder of authorities, which libcurl was built with.
  if (!rules_.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, rules_.ca_file.c_str());
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, rules_.user_agent.c_str());
  if (!target_.user.empty() || !target_.password.empty()) {
    curl_easy_setopt(easy_, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    curl_easy_setopt(easy_, CURLOPT_USERNAME, target_.user.c_str());
    curl_easy_setopt(easy_, CURLOPT_PASSWORD, target_.password.c_str());
  }
}

void Transfer::set_callbacks() {
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &Transfer::before_request);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
}

bool Transfer::judge(const sockaddr& address) {
  const auto fault = rules_.guard.fault(address);
  if (fault) blocked_sentence_ = *fault;
  return !fault;
}

// Called for each address of the host that is tried.
curl_socket_t Transfer::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!transfer.judge(address->addr)) return CURL_SOCKET_BAD;
  transfer.address_opened_ = true;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Called before each request, on reused connections too, with the address at the other end.
int Transfer::before_request(void* self, char* peer, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  // A kept connection that breaks before it answers: libcurl would ask up to five times more,
  // unseen by the retry policy. It is a broken connection, to be tried again when the policy says
  // so.
  if (std::exchange(transfer.asked_, true)) {
    transfer.stop_ = Stop::kRepeated;
    return CURL_PREREQFUNC_ABORT;
  }
  const auto address = socket_address(peer);
  if (address && transfer.judge(reinterpret_cast<const sockaddr&>(*address))) {
    return CURL_PREREQFUNC_OK;
  }
  transfer.stop_ = Stop::kBlocked;
  return CURL_PREREQFUNC_ABORT;
}

std::size_t Transfer::on_header(char* line, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const Stop stop = transfer.take_header_line({line, size * count});
  if (stop == Stop::kNone) return size * count;
  transfer.stop_ = stop;
  return CURL_WRITEFUNC_ERROR;
}

Stop Transfer::take_header_line(std::string_view line) {
  if (!first_byte_seen_) {
    first_byte_seen_ = true;
    window_began_at_ = rules_.clock.steady_now();
    window_bytes_ = 0;
  }
  header_bytes_ += line.size();
  window_bytes_ += line.size();
  if (header_bytes_ > limits::kFetchHeaderBytesMax) return Stop::kHeadersTooLarge;
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return Stop::kNone;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = without_blanks(line.substr(colon + 1));
  // libcurl stacks a decoder for each coding named here, asked for or not. Five of them turn a few
  // bytes into a day's work before the first byte reaches take_body().
  const bool unwanted_coding = equal_ignoring_case(name, "Transfer-Encoding") &&
                               !equal_ignoring_case(value, "chunked") &&
                               !equal_ignoring_case(value, "identity");
  return unwanted_coding ? Stop::kTransferCoding : take_field(name, value);
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.window_bytes_ += size * count;
  const Stop stop = transfer.take_body(std::as_bytes(std::span(bytes, size * count)));
  if (stop == Stop::kNone) return size * count;
  transfer.stop_ = stop;
  return CURL_WRITEFUNC_ERROR;
}

Stop Transfer::discard(std::size_t bytes, std::size_t bytes_max) {
  discarded_bytes_ += bytes;
  return discarded_bytes_ > bytes_max ? Stop::kDiscarded : Stop::kNone;
}

bool Transfer::overdue(std::chrono::steady_clock::time_point now) {
  const auto spent = now - began_at_;
  if (spent >= time_left_) {
    stop_ = Stop::kTimeUp;
  } else if (!first_byte_seen_) {
    if (spent >= first_byte_allowed()) stop_ = Stop::kFirstByteLate;
  } else if (now - window_began_at_ >= limits::kFetchStallWindow) {
    if (window_bytes_ < limits::kFetchStallBytesMin) stop_ = Stop::kStalled;
    window_began_at_ = now;
    window_bytes_ = 0;
  }
  return stop_ != Stop::kNone;
}

bool Transfer::finish(CURLcode result) {
  queued_at_ = rules_.clock.steady_now();
  time_left_ -= queued_at_ - began_at_;
  return finish_hop(result);
}

int Transfer::status() const {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

std::optional<std::string> Transfer::header(const char* name) const {
  curl_header* found = nullptr;
  if (curl_easy_header(easy_, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return std::nullopt;
  return found->value;
}

std::optional<std::chrono::seconds> Transfer::retry_after() const {
  const auto value = header("Retry-After");
  return value ? parse_retry_after(*value, rules_.clock.now()) : std::nullopt;
}

FetchFault Transfer::fault(CURLcode result) const {
  if (stop_ != Stop::kNone) return fault_of_stop(stop_, blocked_sentence_);
  const bool all_blocked = !blocked_sentence_.empty() && !address_opened_;
  if (all_blocked && result == CURLE_COULDNT_CONNECT) {
    return fault_of_stop(Stop::kBlocked, blocked_sentence_);
  }
  return fault_of_curl(result);
}

}  // namespace imgmill
