// What a connection may do, and what it may not.
#include "http/edge.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "http/edge_under_test.h"

namespace imgmill {
namespace {

using testing::HasSubstr;

TEST(Edge, WrongMethodsAreToldTheRightOnes) {
  EdgeUnderTest server;
  const RawReply post = server.ask("POST", "/api/status/x");
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(post.header("allow"), "GET, HEAD");
  EXPECT_EQ(post.header("content-type"), "application/problem+json");
  EXPECT_EQ(server.get("/api/upload").header("allow"), "POST");
  EXPECT_EQ(server.ask("BREW", "/healthz").status, 405);
  EXPECT_EQ(server.get("/nowhere").status, 404);
}

TEST(Edge, ManyRequestsOnOneConnection) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  for (int i = 0; i < 100; ++i) {
    client.say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_EQ(client.read_reply().status, 200);
  }
}

TEST(Edge, PipelinedRequestsAreAnsweredInOrder) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests += "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  client.say(requests);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(client.read_reply().status, 200);
    ASSERT_EQ(client.read_reply().status, 404);
  }
}

TEST(Edge, HeadersByteByByte) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  for (const char c : std::string_view("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")) {
    client.say(std::string_view(&c, 1));
  }
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST(Edge, OldClients) {
  EdgeUnderTest server;
  RawClient closing = server.connect();
  closing.say("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(closing.read_reply().header("connection"), "close");
  EXPECT_EQ(closing.read_to_end(), "");
  RawClient keeping = server.connect();
  for (int i = 0; i < 2; ++i) {
    keeping.say("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(keeping.read_reply().header("connection"), "keep-alive");
  }
}

TEST(Edge, WhatIsNoHttpIsA400) {
  EdgeUnderTest server;
  for (const auto* bytes :
       {"hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: "
        "chunked\r\n\r\n",
        "POST /api/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"}) {
    RawClient client = server.connect();
    client.say(bytes);
    const RawReply reply = client.read_reply();
    EXPECT_EQ(reply.status, 400) << bytes;
    EXPECT_EQ(reply.header("content-type"), "application/problem+json") << bytes;
    EXPECT_EQ(reply.header("connection"), "close") << bytes;
    EXPECT_EQ(client.read_to_end(), "") << bytes;
  }
}

TEST(Edge, ABrokenChunkIsA400) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  client.say(
      "POST /api/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
      "Content-Type: multipart/form-data; boundary=B\r\n\r\nzz\r\n");
  EXPECT_EQ(client.read_reply().status, 400);
  EXPECT_EQ(server.spool_files(), 0u);
}

TEST(Edge, HugeHeadersAreA431) {
  EdgeUnderTest server;
  for (const std::string& request :
       {"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + std::string(limits::kHttpHeaderBytesMax, 'x') +
            "\r\n\r\n",
        "GET /" + std::string(1 << 20, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    RawClient client = server.connect();
    client.say(request);
    const RawReply reply = client.read_reply();
    EXPECT_EQ(reply.status, 431);
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  }
}

TEST(Edge, HalfOpenConnectionsDisturbNobodyAndEnd) {
  EdgeUnderTest server;
  std::vector<RawClient> half_open;
  for (int i = 0; i < 200; ++i) {
    half_open.push_back(server.connect());
    if (i % 2 == 0) half_open.back().say("GET /healthz HTTP/1.1\r\nHos");
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(server.get("/healthz").status, 200);
  std::size_t rounds = 0;
  for (RawClient& client : half_open) {
    while (!client.is_closed() && ++rounds < 1'000)
      server.clock.advance(limits::kHttpHeaderDeadline);
  }
  EXPECT_LT(rounds, 1'000u);
}

TEST(Edge, AnUnfinishedHeaderIsTimedOutWithA408) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  client.say("GET /healthz HTTP/1.1\r\n");
  std::atomic<bool> answered = false;
  std::jthread time([&] {
    while (!answered) {
      server.clock.advance(std::chrono::seconds(1));
      std::this_thread::yield();
    }
  });
  const std::string said = client.read_to_end();
  answered = true;
  EXPECT_THAT(said, HasSubstr("HTTP/1.1 408 Request Timeout"));
}

TEST(Edge, IdleConnectionsEnd) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  client.say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
  int tries = 0;
  while (!client.is_closed() && ++tries < 200) server.clock.advance(limits::kHttpIdleDeadline);
  EXPECT_LT(tries, 200);
}

// The client asks for much and reads nothing.
TEST(Edge, AReaderThatStallsIsEnded) {
  EdgeUnderTest server;
  const std::string large(20'000'000, 'x');
  ASSERT_TRUE(server.objects.put("processed/r/a.png", std::as_bytes(std::span(large))));
  RawClient client = server.connect();
  client.say("GET /processed/r/a.png HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto before = server.get("/healthz");  // the clock moves only once the request is under way
  EXPECT_EQ(before.status, 200);
  std::atomic<bool> done = false;
  std::jthread time([&] {
    while (!done) {
      server.clock.advance(std::chrono::seconds(1));
      std::this_thread::yield();
    }
  });
  server.edge->stop(std::chrono::milliseconds(15'000));
  done = true;
  EXPECT_FALSE(client.read_reply().is_whole);
}

TEST(Edge, StopLetsTheRequestUnderWayFinish) {
  EdgeUnderTest server;
  RawClient idle = server.connect();
  idle.say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(idle.read_reply().status, 200);
  RawClient busy = server.connect();
  const std::string body = form({{"file", kSmallCsv}});
  busy.say("POST /api/upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: " +
           std::to_string(body.size()) +
           "\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n");
  EXPECT_EQ(busy.read_reply().status, 100);
  std::jthread stopper([&] { server.edge->stop(std::chrono::milliseconds(20'000)); });
  EXPECT_EQ(idle.read_to_end(), "");  // so the stop has begun
  busy.say(body);
  const RawReply reply = busy.read_reply();
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.header("connection"), "close");
  EXPECT_EQ(busy.read_to_end(), "");
}

TEST(Edge, StopBreaksOffWhatDoesNotEnd) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  client.say(
      "POST /api/upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n"
      "Content-Type: multipart/form-data; boundary=B\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 100);
  server.edge->stop(std::chrono::milliseconds(10));
  EXPECT_EQ(server.spool_files(), 0u);
  static_cast<void>(client.read_to_end());
}

TEST(Edge, AnAddressInUseIsNamed) {
  EdgeUnderTest server;
  EdgeOptions options{.port = server.edge->port()};
  EdgeParts parts{server.db, server.objects, server.clock, server.pool, {}, {}, {}};
  const auto second = Edge::create(options, parts);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().text, HasSubstr("127.0.0.1:" + std::to_string(server.edge->port())));
}

TEST(Edge, AnAddressThatIsNone) {
  EdgeUnderTest server;
  EdgeOptions options{.address = "nowhere", .port = 0};
  EdgeParts parts{server.db, server.objects, server.clock, server.pool, {}, {}, {}};
  const auto edge = Edge::create(options, parts);
  ASSERT_FALSE(edge);
  EXPECT_THAT(edge.error().text, HasSubstr("nowhere:0"));
}

}  // namespace
}  // namespace imgmill
