#include "fetch/api_client.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "fetch/test_origin.h"

namespace imgmill {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class ApiClientTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<ApiClient> client(std::string key = {}) const {
    return client_of(origin_.url(""), std::move(key));
  }
  [[nodiscard]] static std::unique_ptr<ApiClient> client_of(std::string server,
                                                            std::string key = {}) {
    return ApiClient::create({.server = std::move(server),
                              .api_key = std::move(key),
                              .ca_file = {},
                              .user_agent = "imgmill/test"})
        .value();
  }

  // What the origin heard, head and body.
  std::string heard_;
  TestOrigin origin_;
};

TEST_F(ApiClientTest, SendsTheKeyAndGivesEveryAnswer) {
  origin_.on("/api/status/1", [&](Exchange& exchange) {
    heard_ = exchange.head;
    exchange.answer(429, "Retry-After: 7\r\nContent-Type: application/problem+json\r\n", "{}");
  });
  const auto reply = client("imk_1")->get("/api/status/1");
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->status, 429);
  EXPECT_EQ(reply->retry_after, 7s);
  EXPECT_EQ(reply->content_type, "application/problem+json");
  EXPECT_EQ(reply->body, "{}");
  EXPECT_THAT(heard_, HasSubstr("Authorization: Bearer imk_1\r\n"));
  EXPECT_THAT(heard_, HasSubstr("User-Agent: imgmill/test\r\n"));
}

TEST_F(ApiClientTest, WithoutAKeyThereIsNoHeader) {
  origin_.on("/x", [&](Exchange& exchange) {
    heard_ = exchange.head;
    exchange.answer(202, "", "");
  });
  EXPECT_EQ(client()->post("/x")->status, 202);
  EXPECT_THAT(heard_, testing::StartsWith("POST /x HTTP/1.1\r\n"));
  EXPECT_THAT(heard_, Not(HasSubstr("Authorization")));
}

TEST_F(ApiClientTest, ARedirectIsNotFollowed) {
  origin_.on("/x", [](Exchange& exchange) {
    exchange.answer(302, "Location: http://elsewhere.example/\r\n", "");
  });
  const auto reply = client("imk_1")->get("/x");
  EXPECT_EQ(reply->status, 302);
  EXPECT_EQ(reply->location, "http://elsewhere.example/");
  EXPECT_EQ(origin_.requests(), 1);
}

TEST_F(ApiClientTest, NoProxyOfTheEnvironmentStandsBeforeThisMachine) {
  origin_.on("/x", [](Exchange& exchange) { exchange.answer(200, "", "here"); });
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  const auto reply = client()->get("/x");
  ::unsetenv("http_proxy");
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->body, "here");
}

TEST_F(ApiClientTest, NobodyThereIsUnavailable) {
  const auto reply = client_of("http://127.0.0.1:1")->get("/x");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(reply.error().detail, HasSubstr("127.0.0.1"));
}

TEST_F(ApiClientTest, ABodyThatBreaksOffIsNoAnswer) {
  origin_.on("/x", [](Exchange& exchange) {
    exchange.send("HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\nhalf");
    exchange.close();
  });
  std::string got;
  const auto reply =
      client()->download("/x", "text/csv", [&](std::span<const std::byte> block) -> Result<void> {
        got.append(reinterpret_cast<const char*>(block.data()), block.size());
        return {};
      });
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(got, "half");
}

constexpr const char* kCsv = "Content-Type: Text/CSV; charset=utf-8\r\n";

TEST_F(ApiClientTest, OnlyA200OfTheTypeGoesToTheSink) {
  origin_.on("/x", [](Exchange& exchange) { exchange.answer(404, kCsv, "no"); });
  origin_.on("/y", [](Exchange& exchange) { exchange.answer(200, kCsv, "yes"); });
  origin_.on("/z", [](Exchange& exchange) {
    exchange.answer(200, "Content-Type: text/csvs\r\n", "<html>");
  });
  const ApiClient::Sink full = [](std::span<const std::byte>) -> Result<void> {
    return fail(ErrorCode::kNoSpace, "full");
  };
  const auto one = client();
  EXPECT_EQ(one->download("/x", "text/csv", full)->body, "no");
  EXPECT_EQ(one->download("/y", "text/csv", full).error().code, ErrorCode::kNoSpace);
  const auto other = one->download("/z", "text/csv", full);
  EXPECT_EQ(other->body, "<html>");
  EXPECT_FALSE(other->has_type("text/csv"));
}

TEST_F(ApiClientTest, WhoGivesUpIsNotKeptWaiting) {
  Gate gate;
  origin_.on("/x", [&](Exchange&) { gate.wait_until_open(); });
  const auto one = client();
  one->give_up_when([] { return true; });
  const auto reply = one->get("/x");
  gate.open();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
}

class ApiUploadTest : public ApiClientTest {
 protected:
  void SetUp() override {
    std::ofstream(file_) << "S. No.\n1\n";
    origin_.on("/api/upload", [&](Exchange& exchange) {
      heard_ = exchange.head + exchange.body;
      exchange.answer(202, "", "{}");
    });
  }
  ~ApiUploadTest() override { std::filesystem::remove(file_); }

  const std::string file_ = testing::TempDir() + "api_client_test.csv";
};

TEST_F(ApiUploadTest, TheFileGoesAsAForm) {
  const UniqueFd fd(::open(file_.c_str(), O_RDONLY | O_CLOEXEC));
  std::uint64_t sent = 0;
  const ApiUpload upload{.file_fd = fd.get(),
                         .size = 9,
                         .file_name = "a \"b\".csv",
                         .fields = {{"quality", "40"}, {"webhook_url", "http://a/?b=c;d"}},
                         .headers = {{"Idempotency-Key", "k 1"}},
                         .sent = [&](std::uint64_t bytes) { sent = bytes; }};
  const auto reply = client()->upload("/api/upload", upload);
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->status, 202);
  EXPECT_THAT(heard_, HasSubstr("Idempotency-Key: k 1\r\n"));
  EXPECT_THAT(heard_, HasSubstr("name=\"quality\"\r\n\r\n40\r\n"));
  EXPECT_THAT(heard_, HasSubstr("\r\n\r\nhttp://a/?b=c;d\r\n"));
  EXPECT_THAT(heard_, HasSubstr("\r\n\r\nS. No.\n1\n\r\n"));
  EXPECT_GT(sent, 9U);
}

TEST_F(ApiUploadTest, AFileThatCannotBeReadIsOurFault) {
  const UniqueFd fd(::open(file_.c_str(), O_WRONLY | O_CLOEXEC));
  const auto reply = client()->upload("/api/upload", {.file_fd = fd.get(),
                                                      .size = 9,
                                                      .file_name = "a.csv",
                                                      .fields = {},
                                                      .headers = {},
                                                      .sent = {}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kIo);
  EXPECT_THAT(reply.error().text, HasSubstr("could not be read"));
}

}  // namespace
}  // namespace imgmill
