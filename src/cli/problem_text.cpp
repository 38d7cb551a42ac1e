#include "cli/problem_text.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace imgmill::cli {
namespace {

namespace json = boost::json;

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return ErrorCode::kInvalid;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    default:
      return ErrorCode::kUnavailable;
  }
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? printable(value->get_string()) : "";
}

std::uint64_t number_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  boost::system::error_code wrong;
  const auto number = value != nullptr ? value->to_number<std::uint64_t>(wrong) : 0;
  return wrong ? 0 : number;
}

std::string rows_of(const json::object& problem) {
  const json::value* list = problem.if_contains("errors");
  if (list == nullptr || !list->is_array()) return {};
  const json::array& rows = list->get_array();
  std::vector<RowFault> faults;
  for (const json::value& row : rows) {
    if (!row.is_object()) continue;
    const json::object& fault = row.get_object();
    faults.push_back({.row = static_cast<std::uint32_t>(number_at(fault, "row")),
                      .column = text_at(fault, "column"),
                      .message = text_at(fault, "message")});
  }
  return row_lines(faults, number_at(problem, "errors_total"));
}

}  // namespace

std::string row_lines(std::span<const RowFault> faults, std::uint64_t total) {
  const std::size_t shown = std::min(faults.size(), kRowsShown);
  std::string text;
  for (const RowFault& fault : faults.first(shown)) {
    text += fmt::format("\n  row {}{}{}: {}", fault.row, fault.column.empty() ? "" : ", ",
                        fault.column, fault.message);
  }
  if (total > shown) text += fmt::format("\n  … and {} more", total - shown);
  return text;
}

Error problem_of(const ApiReply& reply, std::string_view server) {
  boost::system::error_code wrong;
  const json::value body = json::parse(reply.body, wrong);
  const json::object* problem = wrong ? nullptr : body.if_object();
  const std::string error = problem != nullptr ? text_at(*problem, "error") : "";
  if (error.empty()) {
    return {
        code_of(reply.status),
        fmt::format("{} answers {} without saying why: is an imgmill there?", server, reply.status),
        {}};
  }
  std::string text = fmt::format("{} ({})", error, reply.status);
  if (const std::string detail = text_at(*problem, "detail"); !detail.empty()) {
    text += ": " + detail;
  }
  if (const std::string status = text_at(*problem, "request_status"); !status.empty()) {
    text += fmt::format("; the request is {}", status);
  }
  return {code_of(reply.status), text + rows_of(*problem), {}};
}

}  // namespace imgmill::cli
