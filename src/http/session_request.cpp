#include "http/session_request.h"

#include <algorithm>

#include <boost/asio/error.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

#include "base/limits.h"
#include "http/header_value.h"

namespace imgmill {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::size_t kReadBytesMax = 64 << 10;

std::string_view view_of(boost::string_view text) { return {text.data(), text.size()}; }

Problem bad_request(std::string detail) {
  return {.status = 400, .error = "Malformed request", .detail = std::move(detail)};
}

Problem timed_out(std::string detail) {
  return {.status = 408, .error = "Request timeout", .detail = std::move(detail)};
}

Problem head_too_large() {
  return {
      .status = 431,
      .error = "Request header too large",
      .detail = fmt::format("the request line and the headers are longer than {} bytes together",
                            limits::kHttpHeaderBytesMax)};
}

}  // namespace

SessionRequest::SessionRequest(Wire& wire, beast::flat_buffer& buffer)
    : wire_(wire), buffer_(buffer), pace_(limits::kHttpBodyStallDeadline) {
  parser_.header_limit(limits::kHttpHeaderBytesMax);
  parser_.eager(false);
  parser_.body_limit(boost::none);  // the endpoint counts, and answers in its own words
}

Task<SessionRequest::Head> SessionRequest::read_head() {
  error_code error;
  std::size_t parsed = 0;
  wire_.arm(limits::kHttpHeaderDeadline);
  while (!error && !parser_.is_header_done()) error = co_await parse_some(parsed);
  static_cast<void>(wire_.disarm());
  co_return error ? refuse(error) : check_head();
}

SessionRequest::Head SessionRequest::refuse(error_code error) {
  if (wire_.timed_out()) {
    refusal_ = timed_out("the request's headers did not come in time");
  } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    refusal_ = head_too_large();
  } else if (error == http::error::end_of_stream ||
             error.category() != make_error_code(http::error::bad_method).category()) {
    return Head::kGone;
  } else {
    refusal_ = bad_request("this is not HTTP/1.1: " + error.message());
  }
  return Head::kRefused;
}

// What RFC 9112 asks a server to refuse and Beast lets pass.
SessionRequest::Head SessionRequest::check_head() {
  const auto& head = parser_.get();
  if (head.version() >= 11 && head.count(http::field::host) != 1) {
    refusal_ = bad_request("an HTTP/1.1 request has exactly one Host header");
    return Head::kRefused;
  }
  const std::string_view encoding = header("Transfer-Encoding");
  if (!encoding.empty() && !equal_ignoring_case(encoding, "chunked")) {
    refusal_ = bad_request("the only Transfer-Encoding taken is chunked");
    return Head::kRefused;
  }
  return Head::kRead;
}

Method SessionRequest::method() const {
  switch (parser_.get().method()) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::head:
      return Method::kHead;
    case http::verb::post:
      return Method::kPost;
    case http::verb::delete_:
      return Method::kDelete;
    default:
      return Method::kOther;
  }
}

std::string_view SessionRequest::method_name() const {
  return view_of(parser_.get().method_string());
}

std::string_view SessionRequest::target() const { return view_of(parser_.get().target()); }

std::string_view SessionRequest::header(std::string_view name) const {
  const auto found = parser_.get().find(boost::string_view(name.data(), name.size()));
  return found == parser_.get().end() ? std::string_view() : view_of(found->value());
}

std::size_t SessionRequest::header_count(std::string_view name) const {
  return parser_.get().count(boost::string_view(name.data(), name.size()));
}

std::optional<std::uint64_t> SessionRequest::content_length() const {
  const auto length = parser_.content_length();
  return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

Task<Answer<std::size_t>> SessionRequest::read_body(std::span<char> out) {
  if (parser_.is_done()) co_return 0;
  error_code error = co_await send_continue();
  auto& body = parser_.get().body();
  body.data = out.data();
  body.size = out.size();
  body.more = true;
  while (!error && body.size == out.size() && !parser_.is_done()) error = co_await read_some();
  if (!error) co_return out.size() - body.size;
  if (wire_.timed_out()) co_return std::unexpected(timed_out("the body came too slowly"));
  co_return std::unexpected(bad_request("the body was cut off or broken: send it again"));
}

// Clients that ask wait for it, or for a refusal, before they send the body.
Task<error_code> SessionRequest::send_continue() {
  if (std::exchange(continue_sent_, true)) co_return error_code();
  if (is_http_1_0() || !equal_ignoring_case(header("Expect"), "100-continue")) {
    co_return error_code();
  }
  Pace pace(limits::kHttpWriteStallDeadline);
  co_return co_await wire_.write("HTTP/1.1 100 Continue\r\n\r\n", pace);
}

Task<error_code> SessionRequest::read_some() {
  // Beast reads as much as the buffer has room for: 512 bytes if nobody asks for more.
  buffer_.reserve(std::min<std::size_t>(kReadBytesMax, content_length().value_or(kReadBytesMax)));
  std::size_t parsed = 0;
  wire_.arm(pace_.patience(), pace_.hurried_patience());
  const error_code error = co_await parse_some(parsed);
  const Wire::Duration waited = wire_.disarm();
  pace_.moved(parsed, waited);
  co_return error == http::error::need_buffer ? error_code() : error;
}

// A step of the parser: over what has been read already, else over what comes next.
Task<error_code> SessionRequest::parse_some(std::size_t& parsed) {
  error_code error = http::error::need_more;
  if (buffer_.size() > 0) error = parse(parsed);
  while (error == http::error::need_more) {
    const std::size_t size = beast::read_size(buffer_, kReadBytesMax);
    if (size == 0) co_return http::error::buffer_overflow;
    const auto room = buffer_.prepare(size);
    error.clear();
    const std::span<char> out(static_cast<char*>(room.data()), room.size());
    buffer_.commit(co_await wire_.read_some(out, error));
    if (!error) {
      error = parse(parsed);
    } else if (error == asio::error::eof) {
      error = http::error::end_of_stream;
      if (parser_.got_some()) parser_.put_eof(error);
    }
  }
  co_return error;
}

error_code SessionRequest::parse(std::size_t& parsed) {
  error_code error;
  const std::size_t count = parser_.put(buffer_.data(), error);
  buffer_.consume(count);
  parsed += count;
  return error;
}

}  // namespace imgmill
