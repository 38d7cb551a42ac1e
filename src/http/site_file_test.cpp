// The pages' files over real sockets; what is in them is for tests/browser and tests/contract.
#include "http/site_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/edge_under_test.h"

namespace imgmill {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(SiteFile, APageWithItsHeaders) {
  EdgeUnderTest server;
  const RawReply page = server.get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.body, find_site_file("/")->bytes);
  EXPECT_THAT(page.header("content-security-policy"), HasSubstr("frame-ancestors 'none'"));
  EXPECT_EQ(page.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(page.header("x-frame-options"), "DENY");
  EXPECT_EQ(page.header("referrer-policy"), "no-referrer");
  EXPECT_EQ(page.header("cache-control"), "no-cache");
  EXPECT_EQ(page.header("content-encoding"), "");
}

TEST(SiteFile, ZippedForThoseWhoTakeIt) {
  EdgeUnderTest server;
  const RawReply plain = server.get("/openapi.json", "Accept-Encoding: gzip;q=0\r\n");
  const RawReply zipped = server.get("/openapi.json", "Accept-Encoding: br, gzip\r\n");
  EXPECT_THAT(plain.body, StartsWith("{\"openapi\":\"3.1.0\""));
  EXPECT_EQ(zipped.header("content-encoding"), "gzip");
  EXPECT_EQ(zipped.body, find_site_file("/openapi.json")->gzip);
  EXPECT_EQ(zipped.header("content-length"), std::to_string(zipped.body.size()));
  EXPECT_NE(zipped.header("etag"), plain.header("etag"));
  EXPECT_EQ(zipped.header("vary"), "Accept-Encoding");
}

TEST(SiteFile, NotAgainForThoseWhoHaveIt) {
  EdgeUnderTest server;
  const std::string etag = server.get("/docs").header("etag");
  const RawReply same = server.get("/docs", "If-None-Match: \"x\", " + etag + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.header("etag"), etag);
  EXPECT_EQ(server.get("/docs", "If-None-Match: \"x\"\r\n").status, 200);
  // The zipped one has another name.
  EXPECT_EQ(server.get("/docs", "Accept-Encoding: gzip\r\nIf-None-Match: " + etag + "\r\n").status,
            200);
}

TEST(SiteFile, HeadIsGetWithoutTheBody) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  client.say("HEAD /docs HTTP/1.1\r\nHost: x\r\n\r\n");
  const RawReply head = client.read_reply(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), std::to_string(find_site_file("/docs")->bytes.size()));
  EXPECT_FALSE(client.has_something());
}

}  // namespace
}  // namespace imgmill
