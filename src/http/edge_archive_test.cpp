// GET /api/requests/{id}/archive over real sockets; what is in it is batch/archive_test.cpp's.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/edge_under_test.h"

namespace imgmill {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string target_of(std::string_view id) { return fmt::format("/api/requests/{}/archive", id); }

class Archive : public testing::Test {
 protected:
  EdgeUnderTest server;
};

TEST_F(Archive, IsADownload) {
  const std::string id = server.accept(kSmallCsv);
  server.work_off();
  const RawReply reply = server.get(target_of(id));
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.is_whole);
  EXPECT_EQ(reply.header("content-type"), "application/zip");
  EXPECT_EQ(reply.header("content-disposition"),
            fmt::format("attachment; filename=\"{}.zip\"", id));
  EXPECT_EQ(reply.header("cache-control"), "no-store");
  EXPECT_THAT(reply.body, StartsWith("PK\x03\x04"));
  for (const auto* name : {"results.csv", "1-1-a.jpg", "1-2-b.jpg", "2-1-c.jpg"}) {
    EXPECT_THAT(reply.body, HasSubstr(name));
  }
  const RawReply head = server.ask("HEAD", target_of(id));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-type"), "application/zip");
}

TEST_F(Archive, NotBeforeTheRequestIsFinal) {
  const RawReply reply = server.get(target_of(server.accept(kSmallCsv)));
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr(R"("request_status":"pending")"));
  EXPECT_EQ(server.get(target_of("550e8400-e29b-41d4-a716-446655440000")).status, 404);
}

TEST_F(Archive, APictureThatIsNotThereEndsTheConnection) {
  std::string csv = "S. No.,Product Name,Input Image Urls\n";
  for (int i = 0; i < 200; ++i) csv += fmt::format("{},P,https://a/{}.jpg\n", i, i);
  const std::string id = server.accept(csv);
  server.work_off();
  const std::string large(300'000, 'x');  // the first blocks are on their way before it is noticed
  ASSERT_TRUE(
      server.objects.put(fmt::format("processed/{}/0.jpg", id), std::as_bytes(std::span(large))));
  ASSERT_TRUE(server.objects.remove(fmt::format("processed/{}/199.jpg", id)));
  const RawReply reply = server.get(target_of(id));
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.is_whole);
  EXPECT_THAT(reply.body, testing::Not(HasSubstr("PK\x05\x06")));
}

TEST_F(Archive, OfASmallOneTheFailureIsToldInstead) {
  const std::string id = server.accept(kSmallCsv);
  server.work_off();
  ASSERT_TRUE(server.objects.remove(fmt::format("processed/{}/2.jpg", id)));
  const RawReply reply = server.get(target_of(id));
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.header("content-type"), "application/problem+json");
}

}  // namespace
}  // namespace imgmill
