#include <gmock/gmock.h>

#include "http/edge_under_test.h"

namespace imgmill {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

EdgeOptions with_a_door_of_their_own() {
  EdgeOptions options;
  options.metrics.emplace("127.0.0.1", std::uint16_t{0});
  return options;
}

std::string ask_at(std::uint16_t port, std::string_view path) {
  RawClient client(port);
  client.say("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return client.read_to_end();
}

// A request is counted when its answer is out, so a moment after the client has it.
std::string metrics_with(EdgeUnderTest& edge, std::string_view text) {
  constexpr int kLooks = 1'000;
  std::string body;
  for (int look = 0; look < kLooks && !body.contains(text); ++look) {
    body = edge.get("/metrics").body;
  }
  return body;
}

TEST(EdgeMetrics, AreForClientsOfThisMachine) {
  EdgeUnderTest edge;
  static_cast<void>(edge.get("/healthz"));
  const RawReply reply = edge.get("/metrics");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  constexpr std::string_view kType = "# TYPE imgmill_http_requests_total counter";
  EXPECT_THAT(metrics_with(edge, kType), HasSubstr(kType));
  for (const char* header : {"Forwarded: for=192.0.2.1\r\n", "X-Forwarded-For: 192.0.2.1\r\n",
                             "x-real-ip: 192.0.2.1\r\n", "Via: 1.1 proxy\r\n"}) {
    EXPECT_EQ(edge.get("/metrics", header).status, 404) << header;
  }
}

TEST(EdgeMetrics, HaveADoorOfTheirOwn) {
  EdgeUnderTest edge(with_a_door_of_their_own());
  EXPECT_EQ(edge.get("/metrics").status, 404);
  const std::uint16_t port = edge.edge->metrics_port();
  EXPECT_THAT(ask_at(port, "/metrics"), HasSubstr("imgmill_build_info"));
  EXPECT_THAT(ask_at(port, "/healthz"), HasSubstr("200 OK"));
  for (const char* path : {"/api/requests", "/readyz", "/api/upload", "/"}) {
    EXPECT_THAT(ask_at(port, path), HasSubstr("404 Not Found")) << path;
  }
}

TEST(EdgeMetrics, CountRequestsByRouteAndNotByPath) {
  EdgeUnderTest edge;
  static_cast<void>(edge.get("/api/status/whatever-4711"));
  static_cast<void>(edge.get("/nothing-4711"));
  static_cast<void>(edge.ask("POST", "/healthz"));
  std::string text;
  for (const char* labels : {R"(code="404",method="GET",route="/api/status/{id}")",
                             R"(code="404",method="GET",route="unmatched")",
                             R"(code="405",method="POST",route="/healthz")"}) {
    const std::string series = std::string("imgmill_http_requests_total{") + labels + "} ";
    text = metrics_with(edge, series);
    EXPECT_THAT(text, HasSubstr(series));
  }
  EXPECT_THAT(text, Not(HasSubstr("4711")));
  EXPECT_THAT(text,
              ContainsRegex("imgmill_http_request_duration_seconds_count.route=\"/healthz\". "));
}

TEST(EdgeMetrics, TellTheQueueOrThatTheyDoNotKnow) {
  EdgeUnderTest edge;
  static_cast<void>(edge.accept(kSmallCsv));
  edge.clock.advance(Micros(3'000'000));
  const std::string text = edge.get("/metrics").body;
  EXPECT_THAT(text, HasSubstr("\nimgmill_queue_images 3\n"));
  EXPECT_THAT(text, HasSubstr("\nimgmill_queue_oldest_age_seconds 3\n"));
  edge.work_off();
  EXPECT_THAT(edge.get("/metrics").body, HasSubstr("\nimgmill_queue_oldest_age_seconds 0\n"));
  edge.db.fail_next({ErrorCode::kIo, "broken", ""}, "queue_state");
  EXPECT_THAT(edge.get("/metrics").body, ContainsRegex("\nimgmill_queue_images [Nn]a[Nn]\n"));
}

}  // namespace
}  // namespace imgmill
