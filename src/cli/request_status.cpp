#include "cli/request_status.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "cli/human_text.h"
#include "cli/verbs.h"

namespace imgmill::cli {
namespace {

namespace json = boost::json;

std::unexpected<Error> not_ours(std::string_view what) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("the server's answer has no {}: is it an imgmill?", what));
}

Result<json::object> object_of(std::string_view text) {
  boost::system::error_code wrong;
  json::value value = json::parse(text, wrong);
  if (wrong || !value.is_object()) return not_ours("JSON object");
  return std::move(value.get_object());
}

Result<std::string> text_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return not_ours(key);
  return printable(value->get_string());
}

// Of a text that may be null or missing.
std::string text_or_empty(const json::object& object, const char* key) {
  return text_at(object, key).value_or("");
}

Result<std::uint64_t> number_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  boost::system::error_code wrong;
  const auto number = value != nullptr ? value->to_number<std::uint64_t>(wrong) : 0;
  if (value == nullptr || wrong) return not_ours(key);
  return number;
}

Result<RequestStatus> status_of(const json::object& object) {
  RequestStatus status;
  TRY(status.request_id, text_at(object, "request_id"));
  TRY(status.status, text_at(object, "status"));
  TRY(status.total, number_at(object, "total_images"));
  TRY(status.processed, number_at(object, "processed_images"));
  TRY(status.failed, number_at(object, "failed_images"));
  TRY(status.bytes_in, number_at(object, "bytes_in"));
  TRY(status.bytes_out, number_at(object, "bytes_out"));
  TRY(status.created_at, text_at(object, "created_at"));
  TRY(status.webhook_status, text_at(object, "webhook_status"));
  status.finished_at = text_or_empty(object, "finished_at");
  constexpr std::uint64_t kEtaMax = 1'000'000'000;
  if (const auto eta = number_at(object, "eta_seconds"); eta && *eta < kEtaMax) {
    status.eta = std::chrono::seconds(*eta);
  }
  return status;
}

// "2023-01-15 14:30:12" of the API's time.
std::string shown_time(std::string_view time) {
  std::string text(time.substr(0, time.find('.')));
  std::ranges::replace(text, 'T', ' ');
  return text;
}

// Hundredths, as the server rounds.
std::string percent(const RequestStatus& status) {
  const double total = std::max(static_cast<double>(status.total), 1.0);
  return fmt::format("{:.1f} %", 100 * static_cast<double>(status.processed) / total);
}

}  // namespace

bool RequestStatus::is_final() const {
  return status == "completed" || status == "failed" || status == "cancelled";
}

Result<RequestStatus> read_status(std::string_view json) {
  TRY(const json::object object, object_of(json));
  return status_of(object);
}

Result<RequestPage> read_page(std::string_view json) {
  TRY(const json::object object, object_of(json));
  const json::value* list = object.if_contains("requests");
  if (list == nullptr || !list->is_array()) return not_ours("requests");
  RequestPage page{.requests = {}, .next_cursor = text_or_empty(object, "next_cursor")};
  for (const json::value& one : list->get_array()) {
    if (!one.is_object()) return not_ours("requests");
    TRY(RequestStatus status, status_of(one.get_object()));
    page.requests.push_back(std::move(status));
  }
  return page;
}

Result<std::string> read_request_id(std::string_view json) {
  TRY(const json::object object, object_of(json));
  return text_at(object, "request_id");
}

std::string status_text(const RequestStatus& status) {
  std::string text = fmt::format("request   {}\nstatus    {}, {}\n", status.request_id,
                                 status.status, percent(status));
  text += fmt::format("images    {} of {} done", status.processed, status.total);
  if (status.failed > 0) text += fmt::format(", {} of them failed", status.failed);
  text +=
      fmt::format("\nbytes     {} in, {} out, {} saved\n", human_bytes(status.bytes_in),
                  human_bytes(status.bytes_out), saved_share(status.bytes_in, status.bytes_out));
  text += fmt::format("created   {} UTC\n", shown_time(status.created_at));
  if (!status.finished_at.empty()) {
    text += fmt::format("finished  {} UTC\n", shown_time(status.finished_at));
  }
  if (status.eta) text += fmt::format("time left {}\n", human_time(*status.eta));
  return text + fmt::format("webhook   {}\n", status.webhook_status);
}

std::string table_text(const RequestPage& page) {
  constexpr const char* kLine = "{:<36}  {:<10}  {:>7}  {:>9}  {:>9}  {}\n";
  std::string text = fmt::format(fmt::runtime(kLine), "REQUEST", "STATUS", "DONE", "IMAGES",
                                 "FAILED", "CREATED (UTC)");
  for (const RequestStatus& one : page.requests) {
    text += fmt::format(fmt::runtime(kLine), one.request_id, one.status, percent(one), one.total,
                        one.failed, shown_time(one.created_at));
  }
  return text;
}

std::string end_text(const RequestStatus& status) {
  std::string text =
      fmt::format("{}: {} compressed, {} failed", images_text(status.total),
                  status.processed - std::min(status.failed, status.processed), status.failed);
  if (status.processed < status.total) {
    text += fmt::format(", {} left undone", status.total - status.processed);
  }
  return text + fmt::format("; {} in, {} out, {} saved", human_bytes(status.bytes_in),
                            human_bytes(status.bytes_out),
                            saved_share(status.bytes_in, status.bytes_out));
}

int exit_status(const RequestStatus& status) {
  if (status.status == "cancelled") return kFailed;
  return status.failed > 0 ? kSomeImagesFailed : kAllWell;
}

}  // namespace imgmill::cli
