#include "http/reply.h"

#include <array>
#include <iterator>

#include <fmt/format.h>

#include "http/http_date.h"

namespace imgmill {
namespace {

struct StatusTitle {
  int status;
  std::string_view title;
};

constexpr std::array<StatusTitle, 21> kTitles{{
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
}};

// The date changes once a second; an answer is written many thousand times in one.
std::string_view date_text(Time now) {
  thread_local Time written_for{};
  thread_local std::string text;
  const Time second = std::chrono::floor<std::chrono::seconds>(now);
  if (text.empty() || second != written_for) {
    text = format_http_date(second);
    written_for = second;
  }
  return text;
}

void append_framing(const Reply& reply, BodyFraming framing, std::string& out) {
  if (reply.status == 304 || reply.status == 204) return;
  if (framing == BodyFraming::kChunked) out += "Transfer-Encoding: chunked\r\n";
  if (framing == BodyFraming::kLength) {
    const std::uint64_t length = reply.source ? reply.length.value_or(0) : reply.body.size();
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", length);
  }
}

}  // namespace

std::string_view title_of(int status) {
  for (const auto& known : kTitles) {
    if (known.status == status) return known.title;
  }
  return "Error";
}

void append_head(const Reply& reply, const HeadFacts& facts, std::string& out) {
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: {}\r\n", reply.status,
                 title_of(reply.status), date_text(facts.now));
  if (!reply.content_type.empty()) {
    fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\n", reply.content_type);
  }
  append_framing(reply, facts.framing, out);
  for (const ReplyHeader& header : reply.headers) {
    fmt::format_to(std::back_inserter(out), "{}: {}\r\n", header.name, header.value);
  }
  if (!facts.request_id.empty()) {
    fmt::format_to(std::back_inserter(out), "X-Request-Id: {}\r\n", facts.request_id);
  }
  if (!facts.keep_alive) {
    out += "Connection: close\r\n";
  } else if (facts.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "X-Content-Type-Options: nosniff\r\n\r\n";
}

}  // namespace imgmill
