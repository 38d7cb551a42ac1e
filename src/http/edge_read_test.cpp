// Status, results and outputs over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/edge_under_test.h"

namespace imgmill {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kUnknownId = "550e8400-e29b-41d4-a716-446655440000";

TEST(Status, FromPendingToCompleted) {
  EdgeUnderTest server;
  const std::string id = server.accept(kSmallCsv);
  const RawReply pending = server.get("/api/status/" + id);
  EXPECT_EQ(pending.status, 200);
  EXPECT_EQ(pending.header("content-type"), "application/json");
  EXPECT_THAT(pending.body,
              StartsWith("{\"request_id\": \"" + id +
                         "\", \"status\": \"pending\", \"completion_percentage\": 0.0"));
  server.work_off();
  const RawReply done = server.get("/api/status/" + id + "?x=y");
  EXPECT_THAT(done.body, HasSubstr(R"("status": "completed", "completion_percentage": 100.0)"));
  EXPECT_THAT(done.body, HasSubstr(R"("bytes_in": 60, "bytes_out": 30)"));
}

TEST(Status, IdsInAnyCaseAndUnknownOnes) {
  EdgeUnderTest server;
  std::string id = server.accept(kSmallCsv);
  for (char& c : id) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(server.get("/api/status/" + id).status, 200);
  for (const std::string& target :
       {"/api/status/" + std::string(kUnknownId), std::string("/api/status/nonsense"),
        std::string("/api/status/%27%20or%201=1")}) {
    const RawReply reply = server.get(target);
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
    EXPECT_THAT(reply.body, HasSubstr(R"("error":"Request not found")"));
  }
}

TEST(Status, ADatabaseInTrouble) {
  EdgeUnderTest server;
  const std::string id = server.accept(kSmallCsv);
  server.db.fail_next({ErrorCode::kUnavailable, "the database is busy", "locked"}, "find_batch");
  const RawReply reply = server.get("/api/status/" + id);
  EXPECT_EQ(reply.status, 503);
  EXPECT_FALSE(reply.body.contains("locked"));
  EXPECT_EQ(server.get("/api/status/" + id).status, 200);
}

TEST(Status, HeadIsGetWithoutTheBody) {
  EdgeUnderTest server;
  const std::string id = server.accept(kSmallCsv);
  RawClient client = server.connect();
  client.say("HEAD /api/status/" + id + " HTTP/1.1\r\nHost: x\r\n\r\n");
  const RawReply head = client.read_reply(true);
  EXPECT_EQ(head.status, 200);
  client.say("GET /api/status/" + id + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const RawReply get = client.read_reply();
  EXPECT_EQ(head.header("content-length"), std::to_string(get.body.size()));
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Download, NotBeforeItIsFinal) {
  EdgeUnderTest server;
  const std::string id = server.accept(kSmallCsv);
  const RawReply early = server.get("/api/download/" + id);
  EXPECT_EQ(early.status, 404);
  EXPECT_THAT(early.body, HasSubstr(R"("request_status":"pending")"));
  EXPECT_THAT(early.body, HasSubstr(R"("status":404)"));
  const RawReply unknown = server.get("/api/download/" + std::string(kUnknownId));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_FALSE(unknown.body.contains("request_status"));
}

TEST(Download, TheResultsAtBothAddresses) {
  EdgeUnderTest server;
  const std::string id = server.accept(kSmallCsv);
  server.work_off();
  const std::string link = "http://img.test/processed/" + id;
  const std::string expected =
      "S. No.,Product Name,Input Image Urls,Output Image Urls\n1,SKU1,"
      "\"https://example.com/a.jpg,https://example.com/b.jpg\",\"" +
      link + "/0.jpg," + link + "/1.jpg\"\n2,SKU2,https://example.com/c.jpg," + link + "/2.jpg\n";
  for (const std::string& target : {"/api/download/" + id, "/results/" + id + "_results.csv"}) {
    const RawReply reply = server.get(target);
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.is_whole);
    EXPECT_EQ(reply.body, expected);
    EXPECT_EQ(reply.header("content-type"), "text/csv; charset=utf-8");
    EXPECT_EQ(reply.header("content-disposition"),
              "attachment; filename=\"" + id + "_results.csv\"");
    EXPECT_EQ(reply.header("transfer-encoding"), "chunked");
  }
}

TEST(Download, ToAnOldClientUntilTheConnectionEnds) {
  EdgeUnderTest server;
  const std::string id = server.accept(kSmallCsv);
  server.work_off();
  RawClient client = server.connect();
  client.say("GET /api/download/" + id + " HTTP/1.0\r\n\r\n");
  const RawReply reply = client.read_reply();
  EXPECT_EQ(reply.header("transfer-encoding"), "");
  EXPECT_THAT(reply.body, StartsWith("S. No."));
}

TEST(Download, HeadKeepsTheConnection) {
  EdgeUnderTest server;
  const std::string id = server.accept(kSmallCsv);
  server.work_off();
  RawClient client = server.connect();
  for (int i = 0; i < 2; ++i) {
    client.say("HEAD /api/download/" + id + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.read_reply(true).status, 200);
  }
}

TEST(Download, AStoreInTroubleIsTold) {
  EdgeUnderTest server;
  const std::string id = server.accept(kSmallCsv);
  server.work_off();
  server.objects.fail_next(FakeStore::Verb::kOpen,
                           {ErrorCode::kIo, "a file cannot be read", "/secret"});
  const RawReply reply = server.get("/api/download/" + id);
  EXPECT_EQ(reply.status, 500);
  EXPECT_FALSE(reply.body.contains("secret"));
}

// A rendition of a thousand bytes and one of a megabyte.
class Processed : public testing::Test {
 protected:
  Processed() {
    for (int i = 0; i < 1'000'000; ++i) large += static_cast<char>('a' + i % 23);
    small = large.substr(0, 1'000);
    put("processed/r/small-1.jpg", small);
    put("processed/r/large-1.png", large);
  }
  void put(std::string_view key, std::string_view bytes) {
    ASSERT_TRUE(server.objects.put(key, std::as_bytes(std::span(bytes))));
  }

  std::string small;
  std::string large;
  EdgeUnderTest server;
};

TEST_F(Processed, HeadersOfAnOutput) {
  const RawReply reply = server.get("/processed/r/small-1.jpg");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, small);
  EXPECT_EQ(reply.header("content-type"), "image/jpeg");
  EXPECT_EQ(reply.header("content-length"), "1000");
  EXPECT_EQ(reply.header("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(reply.header("accept-ranges"), "bytes");
  EXPECT_THAT(reply.header("etag"), testing::MatchesRegex("\"[0-9a-f-]+\""));
  EXPECT_THAT(reply.header("last-modified"), testing::EndsWith(" GMT"));
}

TEST_F(Processed, LargeOnesInBlocks) {
  const RawReply reply = server.get("/processed/r/large-1.png");
  EXPECT_EQ(reply.header("content-type"), "image/png");
  EXPECT_EQ(reply.header("content-length"), "1000000");
  EXPECT_EQ(reply.body, large);
}

TEST_F(Processed, HeadReadsNothing) {
  const RawReply reply = server.ask("HEAD", "/processed/r/large-1.png", "Range: bytes=0-1\r\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-length"), "1000000");
}

TEST_F(Processed, Conditional) {
  const RawReply first = server.get("/processed/r/small-1.jpg");
  RawClient client = server.connect();
  const std::string get = "GET /processed/r/small-1.jpg HTTP/1.1\r\nHost: x\r\n";
  client.say(get + "If-None-Match: " + first.header("etag") + "\r\n\r\n");
  const RawReply same = client.read_reply();
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.header("etag"), first.header("etag"));
  EXPECT_EQ(same.header("content-type"), "");
  client.say(get + "If-Modified-Since: " + first.header("last-modified") + "\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 304);
  client.say(get + "If-None-Match: \"other\"\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST_F(Processed, Ranges) {
  const RawReply part = server.get("/processed/r/small-1.jpg", "Range: bytes=10-19\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.header("content-range"), "bytes 10-19/1000");
  EXPECT_EQ(part.body, small.substr(10, 10));
  const RawReply suffix = server.get("/processed/r/large-1.png", "Range: bytes=-600000\r\n");
  EXPECT_EQ(suffix.status, 206);
  EXPECT_EQ(suffix.body, large.substr(400'000));
  const RawReply beyond = server.get("/processed/r/small-1.jpg", "Range: bytes=1000-\r\n");
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.header("content-range"), "bytes */1000");
  EXPECT_EQ(beyond.header("content-type"), "application/problem+json");
  const RawReply stale =
      server.get("/processed/r/small-1.jpg", "Range: bytes=0-1\r\nIf-Range: \"old\"\r\n");
  EXPECT_EQ(stale.status, 200);
  const RawReply several = server.get("/processed/r/small-1.jpg", "Range: bytes=0-1,4-5\r\n");
  EXPECT_EQ(several.status, 200);
}

TEST_F(Processed, NothingBesidesTheOutputs) {
  put("uploads/secret.csv", "secret");
  for (const auto* target :
       {"/processed/../uploads/secret.csv", "/processed/%2e%2e/uploads/secret.csv",
        "/processed/r/..%2f..%2fuploads/secret.csv", "/processed//etc/passwd",
        "/processed/%2fetc/passwd", "/processed/r/small-1.jpg%00", "/processed/r/%00",
        "/processed/r/", "/processed/r", "/processed/./r/small-1.jpg", "/processed/r/gone-1.jpg",
        "/processed/r\\small-1.jpg", "/processed/r/small-1.jpg/", "/uploads/secret.csv",
        "/assets/../uploads/secret.csv"}) {
    const RawReply reply = server.get(target);
    EXPECT_EQ(reply.status, 404) << target;
    EXPECT_EQ(reply.header("content-type"), "application/problem+json") << target;
    EXPECT_EQ(reply.header("cache-control"), "no-store") << target;
  }
}

TEST(Health, UpAndReady) {
  EdgeUnderTest server;
  EXPECT_EQ(server.get("/healthz").status, 200);
  EXPECT_EQ(server.get("/readyz").status, 200);
  server.db.fail_next({ErrorCode::kIo, "no", "secret"}, "check");
  const RawReply no_db = server.get("/readyz");
  EXPECT_EQ(no_db.status, 503);
  EXPECT_THAT(no_db.body, HasSubstr("the database does not answer"));
  server.objects.fail_next(FakeStore::Verb::kCheck, {ErrorCode::kIo, "no", "secret"});
  EXPECT_THAT(server.get("/readyz").body, HasSubstr("the storage does not answer"));
  server.objects.fail_next(FakeStore::Verb::kCheck, Error{ErrorCode::kNoSpace, "almost full", ""});
  EXPECT_THAT(server.get("/readyz").body, HasSubstr("the storage is full or almost full"));
  server.edge->drain();
  EXPECT_EQ(server.get("/readyz").status, 503);
  EXPECT_EQ(server.get("/healthz").status, 200);
}

}  // namespace
}  // namespace imgmill
