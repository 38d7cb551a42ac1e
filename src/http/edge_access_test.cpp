// Access keys over real sockets: who is let in, and that nobody comes by another one's requests.
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "http/edge_under_test.h"
#include "model/api_key.h"

namespace imgmill {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kUpload = "Content-Type: multipart/form-data; boundary=B\r\n";

class Access : public testing::Test {
 protected:
  // The header line of a new key.
  std::string make_key(const std::string& name) {
    const std::string key = new_api_key();
    const std::string digest = key_digest(key);
    EXPECT_TRUE(server->db.create_key({.name = name, .id = key_id(digest), .digest = digest},
                                      server->clock.now()));
    return fmt::format("Authorization: Bearer {}\r\n", key);
  }
  void revoke(std::string_view name) {
    for (const ApiKey& key : server->db.list_keys().value()) {
      if (key.name == name) EXPECT_TRUE(server->db.revoke_key(key.number, server->clock.now()));
    }
  }
  [[nodiscard]] int status_of(const std::string& head) {
    return server->get("/api/requests", head).status;
  }
  [[nodiscard]] std::string accept(const std::string& head) {
    const RawReply reply = server->ask("POST", "/api/upload", head + std::string(kUpload),
                                       form({{"file", kSmallCsv}}));
    EXPECT_EQ(reply.status, 202) << reply.body;
    return reply.header("location").substr(std::string_view("/api/status/").size());
  }
  void expect_unauthorized(const RawReply& reply) {
    EXPECT_EQ(reply.status, 401);
    EXPECT_THAT(reply.header("www-authenticate"), testing::StartsWith("Bearer"));
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  }

  std::unique_ptr<EdgeUnderTest> server = std::make_unique<EdgeUnderTest>();
};

TEST_F(Access, WithoutKeysNobodyIsAskedForOne) {
  EXPECT_EQ(status_of(""), 200);
  EXPECT_EQ(status_of("Authorization: Bearer imk_whatever\r\n"), 200);
}

TEST_F(Access, ThePageOfAnotherSiteChangesNothingWithoutAKey) {
  const std::string other = "Sec-Fetch-Site: cross-site\r\n";
  EXPECT_EQ(status_of(other), 200);
  const auto cancel = [&](const std::string& head) {
    return server->ask("POST", "/api/requests/none/cancel", head, "").status;
  };
  EXPECT_EQ(cancel(other), 403);
  EXPECT_EQ(cancel("Sec-Fetch-Site: same-origin\r\n"), 404);
  EXPECT_EQ(cancel(other + make_key("shop")), 404);
}

TEST_F(Access, FromTheFirstKeyOnItIsAskedForUnderApiAlone) {
  const std::string key = make_key("shop");
  EXPECT_EQ(status_of(key), 200);
  for (const char* target : {"/api/requests", "/api/upload", "/api/nothing", "/api/status/x",
                             "/api/requests/x/images?limit=1", "/%61pi/requests"}) {
    expect_unauthorized(server->get(target));
  }
  for (const char* target : {"/healthz", "/readyz", "/", "/docs", "/openapi.json"}) {
    EXPECT_EQ(server->get(target).status, 200) << target;
  }
  for (const char* target : {"/processed/x.jpg", "/results/x_results.csv", "/nothing"}) {
    EXPECT_EQ(server->get(target).status, 404) << target;
  }
}

TEST_F(Access, AKeyComesInEitherHeader) {
  const std::string line = make_key("shop");
  const std::string key = line.substr(line.find("imk_"));
  EXPECT_EQ(status_of("authorization: bearer  " + key), 200);
  EXPECT_EQ(status_of("X-API-Key: " + key), 200);
  EXPECT_EQ(status_of("Authorization: Basic eDp5\r\nX-API-Key: " + key), 200);
}

TEST_F(Access, WhatIsNoKeyOpensNothing) {
  const std::string line = make_key("shop");
  std::string other_end = line;
  char& last = other_end[other_end.size() - 3];
  last = last == '0' ? '1' : '0';
  for (const std::string& head :
       {std::string(), other_end, std::string("Authorization: Bearer\r\n"),
        std::string("Authorization: Bearer imk_\r\n"), std::string("X-API-Key: shop\r\n"),
        "X-API-Key: " + line.substr(line.find("imk_"), 40) + "\r\n",
        "Authorization: " + line.substr(line.find("imk_"))}) {
    expect_unauthorized(server->get("/api/requests", head));
  }
  EXPECT_THAT(server->get("/api/requests").body, HasSubstr("Authorization: Bearer"));
  EXPECT_THAT(server->get("/api/requests", other_end).body, HasSubstr("unknown or was revoked"));
}

// An id is short enough to be found again by trying: it must not do for the key.
TEST_F(Access, AKeyOfTheSameIdOpensNothing) {
  make_key("shop");
  const std::string id = server->db.list_keys().value().at(0).id;
  const std::string impostor = "imk_impostor";
  const std::string digest = id + key_digest(impostor).substr(id.size());
  ASSERT_NE(digest, key_digest(impostor));
  EdgeUnderTest other;
  ASSERT_TRUE(other.db.create_key(
      {.name = "x", .id = key_id(key_digest(impostor)), .digest = digest}, other.clock.now()));
  EXPECT_EQ(other.get("/api/requests", "X-API-Key: imk_impostor\r\n").status, 401);
}

TEST_F(Access, A401ComesBeforeTheBodyIsRead) {
  make_key("shop");
  RawClient client = server->connect();
  client.say(
      "POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
      "Expect: 100-continue\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n");
  expect_unauthorized(client.read_reply());
}

TEST_F(Access, ARevokedKeyIsOutAtOnceAndNothingOpens) {
  const std::string shop = make_key("shop");
  const std::string other = make_key("other");
  EXPECT_EQ(status_of(shop), 200);
  revoke("shop");
  EXPECT_EQ(status_of(shop), 401);
  EXPECT_EQ(status_of(other), 200);
  revoke("other");
  EXPECT_EQ(status_of(other), 401);
  EXPECT_EQ(status_of(""), 401);
  EXPECT_EQ(status_of(make_key("new")), 200);
}

TEST_F(Access, NoAuthDoesWithoutKeysOnlyWhileThereIsNone) {
  server = std::make_unique<EdgeUnderTest>(EdgeOptions{.no_auth = true});
  EXPECT_EQ(status_of(""), 200);
  const std::string shop = make_key("shop");
  EXPECT_EQ(status_of(""), 401);
  EXPECT_EQ(status_of(shop), 200);
  revoke("shop");
  EXPECT_EQ(status_of(""), 401);
}

TEST_F(Access, NoAuthAtAStartWithoutAValidKeyOpens) {
  server = std::make_unique<EdgeUnderTest>(EdgeOptions{.no_auth = true});
  make_key("shop");
  revoke("shop");
  EXPECT_EQ(status_of(""), 200);
}

TEST_F(Access, AnotherOnesRequestIs404EverywhereAndNotListed) {
  const std::string before = accept("");
  const std::string shop = make_key("shop");
  const std::string other = make_key("other");
  const std::string id = accept(shop);
  server->work_off();
  for (const std::string& unseen : {id, before}) {
    const std::string request = "/api/requests/" + unseen;
    for (const auto& [method, target] :
         {std::pair<std::string, std::string>{"GET", "/api/status/" + unseen},
          {"GET", "/api/download/" + unseen},
          {"GET", request + "/images"},
          {"GET", request + "/failures.csv"},
          {"GET", request + "/deliveries"},
          {"POST", request + "/cancel"},
          {"POST", request + "/retry"},
          {"POST", request + "/redeliver"},
          {"DELETE", request}}) {
      const RawReply reply = server->ask(method, target, other);
      EXPECT_EQ(reply.status, 404) << target;
      EXPECT_THAT(reply.body, HasSubstr("there is no request with this id")) << target;
    }
    EXPECT_EQ(server->get("/results/" + unseen + "_results.csv").status, 200);
  }
  EXPECT_THAT(server->get("/api/requests", other).body, HasSubstr("[]"));
  EXPECT_THAT(server->get("/api/requests?status=completed", other).body, HasSubstr("[]"));
  const std::string mine = server->get("/api/requests", shop).body;
  EXPECT_THAT(mine, HasSubstr(id));
  EXPECT_THAT(mine, Not(HasSubstr(before)));
  EXPECT_EQ(server->get("/api/status/" + id, shop).status, 200);
  EXPECT_EQ(server->ask("DELETE", "/api/requests/" + id, shop).status, 204);
}

TEST_F(Access, AKeysUseIsNotedOnceAMinute) {
  const std::string shop = make_key("shop");
  const auto used_at = [this] {
    server->pool.join();  // nobody waits for the note but this test
    return server->db.list_keys().value().at(0).used_at;
  };
  EXPECT_EQ(status_of(shop), 200);
  EXPECT_EQ(used_at(), server->clock.now());
}

TEST_F(Access, WithoutTheDatabaseNobodyIsLetIn) {
  server->db.fail_next({ErrorCode::kUnavailable, "busy", ""}, "find_key");
  EXPECT_EQ(status_of(""), 503);
}

}  // namespace
}  // namespace imgmill
