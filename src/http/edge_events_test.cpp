// GET /api/requests/{id}/events over real sockets.
#include <array>

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/edge_under_test.h"

namespace imgmill {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kEnd = "0\r\n\r\n";  // of a chunked body

std::string target_of(std::string_view id) { return fmt::format("/api/requests/{}/events", id); }

class Events : public testing::Test {
 protected:
  // A connection that has heard the first state.
  RawClient listen(std::string_view id, std::string_view first_status) {
    RawClient client = server.connect();
    client.say(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", target_of(id)));
    const std::string head = client.read_until("\r\n\r\n");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nContent-Type: text/event-stream\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nCache-Control: no-store\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nX-Accel-Buffering: no\r\n"));
    const std::string first = client.read_until("\n\n");
    EXPECT_THAT(first, HasSubstr("event: progress\ndata: {\"request_id\": "));
    EXPECT_THAT(first, HasSubstr(fmt::format("\"status\": \"{}\"", first_status)));
    EXPECT_EQ(client.read_until("\r\n"), "\r\n");  // the end of the chunk
    return client;
  }

  EdgeUnderTest server;
};

TEST_F(Events, TellsTheStateTheChangesAndTheEnd) {
  const std::string id = server.accept(kSmallCsv);
  RawClient client = listen(id, "pending");
  server.work_off();
  const std::string rest = client.read_until(kEnd);
  const std::size_t progress = rest.find("event: progress\ndata: {");
  const std::size_t done = rest.find("event: done\nid: ");
  ASSERT_LT(progress, done);
  ASSERT_NE(done, rest.npos);
  EXPECT_EQ(rest.find("event: done", done + 1), rest.npos);
  const std::size_t data = rest.find("data: ", done) + 6;
  const json::value told = json::parse(rest.substr(data, rest.find('\n', data) - data));
  EXPECT_EQ(told, json::parse(server.get("/api/status/" + id).body));
  EXPECT_EQ(told.at("status").as_string(), "completed");
  client.say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");  // the connection is as good as before
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST_F(Events, AllWhoListenAreToldTheSame) {
  const std::string id = server.accept(kSmallCsv);
  const std::string other = server.accept(kSmallCsv);
  std::array<RawClient, 3> clients{listen(id, "pending"), listen(id, "pending"),
                                   listen(id, "pending")};
  RawClient apart = listen(other, "pending");
  ASSERT_TRUE(server.db.cancel_batch((*server.db.find_batch(id))->key, server.clock.now()));
  const std::string first = clients[0].read_until(kEnd);
  EXPECT_THAT(first, HasSubstr("\"status\": \"cancelled\""));
  EXPECT_EQ(clients[1].read_until(kEnd), first);
  EXPECT_EQ(clients[2].read_until(kEnd), first);
  EXPECT_FALSE(apart.has_something());
}

TEST_F(Events, OfAFinalRequestTheEndComesAtOnce) {
  const std::string id = server.accept(kSmallCsv);
  server.work_off();
  const RawReply reply = server.get(target_of(id));
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.is_whole);
  EXPECT_THAT(reply.body, StartsWith("event: progress\ndata: {"));
  const std::size_t at = reply.body.find("event: done\nid: ") + 16;
  const std::string last_id = reply.body.substr(at, reply.body.find('\n', at) - at);
  const std::string seen = fmt::format("Last-Event-ID: {}\r\n", last_id);
  EXPECT_EQ(server.get(target_of(id), seen).status, 204);
  EXPECT_EQ(server.get(target_of(id), "Last-Event-ID: 1\r\n").status, 200);
}

TEST_F(Events, ARetriedRequestIsListenedToAnew) {
  const std::string id = server.accept(
      "S. No.,Product Name,Input Image Urls\n1,SKU,\"https://a/b.jpg,https://a/bad.jpg\"\n");
  server.work_off();
  ASSERT_TRUE(server.db.retry_batch((*server.db.find_batch(id))->key, server.clock.now()));
  RawClient client = listen(id, "processing");
  server.clock.advance(Micros(1'000'000));
  server.work_off();
  EXPECT_THAT(client.read_until(kEnd), HasSubstr("event: done\n"));
}

TEST_F(Events, ASignOfLifeEveryFifteenSeconds) {
  RawClient client = listen(server.accept(kSmallCsv), "pending");
  for (int i = 0; i < 3; ++i) {
    server.clock.advance(std::chrono::seconds(15));
    EXPECT_THAT(client.read_until("\n\n"), HasSubstr("\n: still here\n\n"));
  }
}

TEST_F(Events, AReadThatFailsIsDoneAgain) {
  const std::string id = server.accept(kSmallCsv);
  RawClient client = listen(id, "pending");
  server.db.fail_next({ErrorCode::kUnavailable, "busy", ""}, "find_batch");
  server.work_off();
  EXPECT_THAT(client.read_until(kEnd), HasSubstr("event: done\n"));
}

TEST_F(Events, EndWhenTheRequestIsDeleted) {
  const std::string id = server.accept(kSmallCsv);
  RawClient client = listen(id, "pending");
  const BatchKey batch = (*server.db.find_batch(id))->key;
  ASSERT_TRUE(server.db.cancel_batch(batch, server.clock.now()));
  ASSERT_TRUE(server.db.begin_deletion(batch));
  EXPECT_THAT(client.read_until(kEnd), testing::EndsWith(kEnd));
}

TEST_F(Events, EndWhenTheServerStops) {
  RawClient client = listen(server.accept(kSmallCsv), "pending");
  server.edge->stop(std::chrono::minutes(1));  // a stream that went on would hold it up
  const std::string rest = client.read_to_end();
  EXPECT_THAT(rest, testing::EndsWith(kEnd));
  EXPECT_THAT(rest, Not(HasSubstr("event: done")));
}

TEST_F(Events, ForOldClientsUntilTheConnectionEnds) {
  const std::string id = server.accept(kSmallCsv);
  RawClient client = server.connect();
  client.say(fmt::format("GET {} HTTP/1.0\r\n\r\n", target_of(id)));
  static_cast<void>(client.read_until("\n\n"));
  server.work_off();
  EXPECT_THAT(client.read_to_end(), testing::EndsWith("}\n\n"));
}

TEST_F(Events, HeadTellsTheHeaderAlone) {
  const std::string id = server.accept(kSmallCsv);
  const RawReply reply = server.ask("HEAD", target_of(id));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "text/event-stream");
}

TEST_F(Events, UnknownRequestsAndOtherMethods) {
  EXPECT_EQ(server.get(target_of("550e8400-e29b-41d4-a716-446655440000")).status, 404);
  const RawReply reply = server.ask("POST", target_of(server.accept(kSmallCsv)));
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.header("allow"), "GET, HEAD");
}

}  // namespace
}  // namespace imgmill
