// Uploads that come twice, and requests that come too often.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "http/edge_under_test.h"
#include "http/idempotency.h"

namespace imgmill {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kType = "Content-Type: multipart/form-data; boundary=B\r\n";
constexpr std::string_view kOtherCsv =
    "S. No.,Product Name,Input Image Urls\n"
    "1,SKU1,https://example.com/other.jpg\n";

class Repeated : public testing::Test {
 protected:
  RawReply upload(std::string_view body, std::string_view key = "k") {
    return server.ask("POST", "/api/upload", fmt::format("{}Idempotency-Key: {}\r\n", kType, key),
                      body);
  }
  [[nodiscard]] std::size_t batches() { return server.db.list_batches({}, {}, 10).value().size(); }

  EdgeUnderTest server;
};

TEST_F(Repeated, TheSameUploadIsTakenInOnce) {
  const RawReply first = upload(form({{"file", kSmallCsv}, {"quality", "40"}}));
  ASSERT_EQ(first.status, 202);
  const RawReply again = upload(form({{"file", kSmallCsv}, {"quality", "40"}}));
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("location"), first.header("location"));
  EXPECT_EQ(batches(), 1U);
  EXPECT_EQ(server.spool_files(), 0U);
}

TEST_F(Repeated, TheSameIsTheSameInAnotherBoundaryAndOrder) {
  ASSERT_EQ(upload(form({{"file", kSmallCsv}, {"quality", "40"}})).status, 202);
  std::string other = form({{"quality", "40"}, {"file", kSmallCsv}});
  for (std::size_t at = other.find("--B"); at != other.npos; at = other.find("--B", at + 3)) {
    other.replace(at, 3, "--XYZ");
  }
  const std::string head =
      "Content-Type: multipart/form-data; boundary=XYZ\r\nIdempotency-Key: k\r\n";
  EXPECT_EQ(server.ask("POST", "/api/upload", head, other).status, 202);
  EXPECT_EQ(batches(), 1U);
}

TEST_F(Repeated, AnotherUploadWithTheKeyIs422) {
  ASSERT_EQ(upload(form({{"file", kSmallCsv}})).status, 202);
  for (const std::string& body :
       {form({{"file", kOtherCsv}}), form({{"file", kSmallCsv}, {"quality", "50"}}),
        form({{"file", "no CSV"}}), form({{"quality", "0"}}),
        form({{"file", kSmallCsv}, {"x", ""}}), form({{"file", kSmallCsv}, {"file", kSmallCsv}})}) {
    const RawReply reply = upload(body);
    EXPECT_EQ(reply.status, 422) << body;
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  }
  EXPECT_EQ(upload(form({{"file", kOtherCsv}}), "other").status, 202);
  EXPECT_EQ(batches(), 2U);
}

TEST_F(Repeated, ARefusedUploadLeavesItsKeyFree) {
  EXPECT_EQ(upload(form({{"file", "no CSV"}})).status, 400);
  EXPECT_EQ(upload(form({{"file", kSmallCsv}})).status, 202);
  server.db.fail_next({ErrorCode::kNoSpace, "full", ""}, "seal_batch");
  EXPECT_EQ(upload(form({{"file", kSmallCsv}}), "other").status, 503);
  EXPECT_EQ(upload(form({{"file", kOtherCsv}}), "other").status, 202);
}

TEST_F(Repeated, WhileTheFirstIsReadItIs409) {
  const std::string body = form({{"file", kSmallCsv}});
  RawClient first = server.connect();
  first.say(
      fmt::format("POST /api/upload HTTP/1.1\r\nHost: x\r\n{}Idempotency-Key: k\r\n"
                  "Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
                  kType, body.size()));
  ASSERT_EQ(first.read_reply().status, 100);  // so it is being read
  first.say(body.substr(0, 50));
  EXPECT_EQ(upload(body).status, 409);
  EXPECT_EQ(upload(body, "other").status, 202);
  first.say(body.substr(50));
  EXPECT_EQ(first.read_reply().status, 202);
  EXPECT_EQ(upload(body).status, 202);
  EXPECT_EQ(batches(), 2U);
}

TEST_F(Repeated, ABrokenOffUploadLeavesItsKeyFree) {
  const std::string body = form({{"file", kSmallCsv}});
  RawClient first = server.connect();
  first.say(
      fmt::format("POST /api/upload HTTP/1.1\r\nHost: x\r\n{}Idempotency-Key: k\r\n"
                  "Content-Length: {}\r\n\r\n{}",
                  kType, body.size(), body.substr(0, 50)));
  first.stop_saying();
  EXPECT_EQ(first.read_reply().status, 400);
  EXPECT_EQ(upload(body).status, 202);
}

TEST_F(Repeated, AKeyIsOneHeaderOf1To255PrintableCharacters) {
  const std::string body = form({{"file", kSmallCsv}});
  for (const std::string& key : {std::string(), std::string(256, 'k'), std::string("caf\xc3\xa9"),
                                 std::string("a\tb"), std::string("a\r\nIdempotency-Key: b")}) {
    const RawReply reply = upload(body, key);
    EXPECT_EQ(reply.status, 400) << key;
    EXPECT_THAT(reply.body, HasSubstr("Idempotency-Key")) << key;
  }
  EXPECT_EQ(batches(), 0U);
  EXPECT_EQ(upload(body, std::string(255, 'k')).status, 202);
  EXPECT_EQ(upload(body, "\"a b~\"").status, 202);
}

TEST_F(Repeated, ItIsRememberedForADayAndAfterADeletion) {
  const std::string body = form({{"file", kSmallCsv}});
  const RawReply first = upload(body);
  const std::string id = first.header("location").substr(12);
  server.work_off();
  ASSERT_EQ(server.ask("DELETE", "/api/requests/" + id).status, 204);
  server.clock.advance(limits::kUploadRemembered - std::chrono::seconds(1));
  EXPECT_EQ(upload(body).body, first.body);
  server.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(batches(), 0U);
  EXPECT_NE(upload(body).body, first.body);
  EXPECT_EQ(batches(), 1U);
}

TEST_F(Repeated, WithoutTheDatabaseNothingIsTakenIn) {
  server.db.fail_next({ErrorCode::kUnavailable, "busy", ""}, "find_upload");
  EXPECT_EQ(upload(form({{"file", kSmallCsv}})).status, 503);
}

TEST(Fingerprint, TellsPartsApart) {
  const auto print = [](std::initializer_list<std::pair<const char*, const char*>> parts) {
    FormFingerprint fingerprint;
    for (const auto& [name, value] : parts) {
      fingerprint.begin_part(name);
      fingerprint.add(value);
      fingerprint.end_part();
    }
    return fingerprint.text();
  };
  EXPECT_EQ(print({{"a", "1"}, {"b", "2"}}), print({{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(print({{"a", "1"}, {"b", "2"}}), print({{"a", "2"}, {"b", "1"}}));
  EXPECT_NE(print({{"a", "b"}}), print({{"ab", ""}}));
  EXPECT_NE(print({{"a", "1"}}), print({{"a", "1"}, {"a", "1"}}));
  EXPECT_THAT(print({}), SizeIs(64));
}

class Limited : public testing::Test {
 protected:
  EdgeUnderTest server{EdgeOptions{.rate_limit = 3}};
};

TEST_F(Limited, MoreThanAllowedIs429UntilItFills) {
  const RawReply first = server.get("/api/requests");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.header("ratelimit-policy"), R"("default";q=3;w=60)");
  EXPECT_EQ(first.header("ratelimit"), R"("default";r=2;t=20)");
  EXPECT_EQ(server.get("/api/nothing").header("ratelimit"), R"("default";r=1;t=40)");
  EXPECT_EQ(server.ask("POST", "/api/requests").status, 405);
  const RawReply refused = server.get("/api/requests");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("retry-after"), "20");
  EXPECT_EQ(refused.header("ratelimit"), R"("default";r=0;t=60)");
  EXPECT_EQ(refused.header("content-type"), "application/problem+json");
  EXPECT_EQ(server.get("/healthz").status, 200);
  EXPECT_THAT(server.get("/healthz").header("ratelimit"), IsEmpty());
  EXPECT_EQ(server.get("/processed/x.jpg").status, 404);
  server.clock.advance(std::chrono::seconds(20));
  EXPECT_EQ(server.get("/api/requests").status, 200);
}

TEST_F(Limited, A429ComesBeforeTheBodyIsRead) {
  for (int i = 0; i < 3; ++i) static_cast<void>(server.get("/api/requests"));
  RawClient client = server.connect();
  client.say(
      "POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
      "Content-Type: multipart/form-data; boundary=B\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 429);
}

TEST_F(Limited, WithoutALimitNothingIsSaidOfIt) {
  EdgeUnderTest unlimited;
  EXPECT_THAT(unlimited.get("/api/requests").header("ratelimit"), IsEmpty());
}

}  // namespace
}  // namespace imgmill
