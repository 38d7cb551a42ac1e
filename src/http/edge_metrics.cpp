#include "http/edge_metrics.h"

#include <array>
#include <charconv>

namespace imgmill {
namespace {

metrics::Counter connections(std::string_view outcome) {
  return metrics::counter({"imgmill_http_connections_total", "Connections that came."},
                          {{"outcome", outcome}});
}

metrics::Counter uploads(std::string_view outcome) {
  return metrics::counter({"imgmill_uploads_total", "Uploads that ended."}, {{"outcome", outcome}});
}

std::string_view word_of(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kDelete:
      return "DELETE";
    case Method::kOther:
      break;
  }
  return "other";
}

}  // namespace

EdgeMetrics::EdgeMetrics()
    : connections(metrics::gauge({"imgmill_http_connections", "Open connections."})),
      connections_taken(imgmill::connections("taken")),
      connections_refused(imgmill::connections("refused")),
      uploads(metrics::gauge({"imgmill_uploads", "Uploads that are being read."})),
      uploads_accepted(imgmill::uploads("accepted")),
      uploads_refused(imgmill::uploads("refused")),
      upload_bytes(metrics::counter({"imgmill_upload_bytes_total", "Bytes of uploads read."})),
      queue_images(metrics::gauge(
          {"imgmill_queue_images",
           "Images that wait, in the database's queue; NaN when it did not answer in time."})),
      queue_age(metrics::gauge(
          {"imgmill_queue_oldest_age_seconds",
           "Age of the oldest request that has an image which could be worked on and is not."})),
      requests_({"imgmill_http_requests_total", "Requests answered."}, {"route", "method", "code"}),
      durations_({"imgmill_http_request_duration_seconds",
                  "Time from a request's head to the end of its answer."},
                 metrics::short_waits(), "route") {}

void EdgeMetrics::count_request(std::string_view route, Method method, int status,
                                metrics::Duration duration) const {
  std::array<char, 12> digits;
  const char* end = std::to_chars(digits.begin(), digits.end(), status).ptr;
  requests_.of({route, word_of(method), std::string_view(digits.begin(), end)}).add();
  durations_.of(route).observe(duration);
}

}  // namespace imgmill
