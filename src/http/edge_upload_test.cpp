// POST /api/upload over real sockets.
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "http/edge_under_test.h"

namespace imgmill {
namespace {

using testing::HasSubstr;

constexpr std::string_view kFormHead =
    "POST /api/upload HTTP/1.1\r\nHost: x\r\n"
    "Content-Type: multipart/form-data; boundary=B\r\n";

void expect_problem(const RawReply& reply, int status, std::string_view detail) {
  EXPECT_EQ(reply.status, status) << reply.body;
  EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
  EXPECT_THAT(reply.body, HasSubstr(R"({"type":"about:blank","title":")"));
  EXPECT_THAT(reply.body, HasSubstr("\"status\":" + std::to_string(status) + ",\"error\":\""));
  EXPECT_THAT(reply.body, HasSubstr(R"("errors_total":)"));
  EXPECT_THAT(reply.body, HasSubstr(std::string(detail)));
}

// Nothing is left of an upload that was refused.
void expect_nothing_kept(EdgeUnderTest& server) {
  EXPECT_EQ(server.spool_files(), 0u);
  EXPECT_TRUE(server.objects.keys().empty());
  EXPECT_TRUE(server.db.find_receiving(server.clock.now() + Micros(1))->empty());
  EXPECT_EQ(server.batches_sealed, 0);
}

void expect_refused(std::string_view form, int status, std::string_view detail) {
  EdgeUnderTest server;
  expect_problem(server.upload(form), status, detail);
  expect_nothing_kept(server);
}

TEST(Upload, AcceptedAsTheContractShows) {
  EdgeUnderTest server;
  const RawReply reply = server.upload(form({{"file", kSmallCsv}}));
  ASSERT_EQ(reply.status, 202) << reply.body;
  const std::string id = reply.header("location").substr(12);
  EXPECT_TRUE(is_uuid(id));
  EXPECT_EQ(reply.header("content-type"), "application/json");
  EXPECT_EQ(reply.body, "{\"request_id\": \"" + id +
                            "\", \"status\": \"pending\", \"message\": "
                            "\"File uploaded successfully and processing has been initiated\"}");
  EXPECT_EQ(server.batches_sealed, 1);
  EXPECT_EQ(server.spool_files(), 0u);
  EXPECT_EQ(server.db.find_batch(id).value()->counts.placements, 3u);
}

TEST(Upload, OptionsBeforeAndAfterTheFile) {
  EdgeUnderTest server;
  for (const std::string& body : {form({{"quality", "70"},
                                        {"x", "y"},
                                        {"format", "webp"},
                                        {"webhook_url", "http://h/"},
                                        {"file", kSmallCsv}}),
                                  form({{"file", kSmallCsv},
                                        {"webhook_url", "http://h/"},
                                        {"quality", "70"},
                                        {"format", "webp"}})}) {
    const RawReply reply = server.upload(body);
    ASSERT_EQ(reply.status, 202) << reply.body;
    const auto batch = server.db.find_batch(reply.header("location").substr(12)).value();
    EXPECT_EQ(batch->recipe, (Recipe{.quality = 70, .format = PictureFormat::kWebp}));
    EXPECT_EQ(batch->webhook_url, "http://h/");
  }
}

TEST(Upload, ByteByByte) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  const std::string body = form({{"quality", "70"}, {"file", kSmallCsv}});
  const std::string request =
      std::string(kFormHead) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  for (const char c : request) ASSERT_TRUE(client.say(std::string_view(&c, 1)));
  EXPECT_EQ(client.read_reply().status, 202);
}

TEST(Upload, Chunked) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  client.say(std::string(kFormHead) + "Transfer-Encoding: chunked\r\n\r\n");
  const std::string body = form({{"file", kSmallCsv}});
  for (const char c : body) client.say("1\r\n" + std::string(1, c) + "\r\n");
  client.say("0\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 202);
}

TEST(Upload, ExpectContinueIsAnswered) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  const std::string body = form({{"file", kSmallCsv}});
  client.say(std::string(kFormHead) +
             "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 100);
  client.say(body);
  EXPECT_EQ(client.read_reply().status, 202);
}

TEST(Upload, ManyBlocksLong) {
  EdgeUnderTest server;
  std::string csv = "S. No.,Product Name,Input Image Urls\r\n";
  const int rows = 20'000;
  for (int i = 1; i <= rows; ++i) {
    csv += std::to_string(i) + ",name,https://example.com/" + std::to_string(i) + ".jpg\r\n";
  }
  ASSERT_GT(csv.size(), 2 * limits::kUploadBlockBytes);
  const std::string id = server.accept(csv);
  EXPECT_EQ(server.db.find_batch(id).value()->counts.placements, 20'000u);
}

TEST(Upload, FaultyForms) {
  expect_refused(form({{"quality", "5"}}), 400, "no part named \\\"file\\\"");
  expect_refused(form({{"file", ""}}), 400, "no bytes");
  expect_refused(form({{"file", kSmallCsv}, {"file", kSmallCsv}}), 400, "More than one file");
  expect_refused("--B\r\nhello", 400, "cut off");
  expect_refused("not multipart at all", 400, "does not begin with the boundary");
  expect_refused(form({{"file", kSmallCsv}}).substr(0, 90), 400, "cut off");
  expect_refused("--B\r\nX: y\r\n\r\n\r\n--B--", 400, "Content-Disposition");
}

TEST(Upload, FaultyOptions) {
  expect_refused(form({{"file", kSmallCsv}, {"quality", "101"}}), 400, "from 1 to 100");
  expect_refused(form({{"file", kSmallCsv}, {"on_invalid", "x"}}), 400, "on_invalid");
  expect_refused(form({{"file", kSmallCsv}, {"webhook_url", "ftp://h/"}}), 400, "webhook_url");
  expect_refused(form({{"file", kSmallCsv}, {"webhook_url", "http://10.0.0.1/"}}), 400, "private");
  expect_refused(form({{"format", "bmp"}, {"file", kSmallCsv}}), 400, "format is ");
  expect_refused(form({{"max_width", "0"}, {"file", kSmallCsv}}), 400,
                 "max_width is a whole number");
  expect_refused(form({{"file", kSmallCsv}, {"max_height", ""}}), 400, "from 1 to 16384");
  expect_refused(form({{"quality", "1"}, {"quality", "1"}, {"file", kSmallCsv}}), 400, "twice");
  expect_refused(form({{"webhook_url", std::string(limits::kFormFieldBytesMax + 1, 'x')}}), 400,
                 "longer than");
}

TEST(Upload, FaultyFiles) {
  expect_refused(form({{"file", "a,b\n1,2\n"}}), 400, "Invalid CSV format");
  expect_refused(form({{"file", std::string_view("S. No.\0", 7)}}), 400, "Invalid CSV format");
  expect_refused(form({{"file", "S. No.,Product Name,Input Image Urls\n"}}), 400,
                 "Invalid CSV format");
}

constexpr std::string_view kFaultyCsv =
    "S. No.,Product Name,Input Image Urls\n"
    "12a,SKU1,https://example.com/a.jpg\n"
    "2,SKU2,https://example.com/b.jpg\n";

TEST(Upload, FaultyRowsAreListed) {
  expect_refused(form({{"file", kFaultyCsv}}), 400, R"("detail":"1 of 2 rows is invalid")");
  expect_refused(form({{"file", kFaultyCsv}}), 400, R"("errors":[{"row":1,"column":"S. No.")");
  expect_refused(form({{"on_invalid", "reject"}, {"file", kFaultyCsv}}), 400,
                 R"("errors_total":1)");
}

TEST(Upload, FaultyRowsAreSkippedOnDemand) {
  EdgeUnderTest server;
  const RawReply reply = server.upload(form({{"file", kFaultyCsv}, {"on_invalid", "skip"}}));
  ASSERT_EQ(reply.status, 202) << reply.body;
  const auto batch = server.db.find_batch(reply.header("location").substr(12)).value();
  EXPECT_EQ(batch->counts.placements, 2u);
  EXPECT_EQ(batch->counts.failed, 1u);
}

TEST(Upload, WrongTypes) {
  EdgeUnderTest server;
  expect_problem(server.ask("POST", "/api/upload", "Content-Type: text/csv\r\n", "x"), 415,
                 "multipart");
  expect_problem(server.ask("POST", "/api/upload", "", "x"), 415, "multipart");
  expect_problem(server.ask("POST", "/api/upload", "Content-Type: multipart/form-data\r\n", "x"),
                 400, "no boundary");
  expect_problem(server.ask("POST", "/api/upload",
                            "Content-Type: multipart/form-data; boundary=B\r\n"
                            "Content-Encoding: gzip\r\n",
                            "x"),
                 415, "Content-Encoding");
  expect_nothing_kept(server);
}

TEST(Upload, TooLargeByItsContentLength) {
  EdgeUnderTest server({.upload_bytes_max = 1'000});
  RawClient client = server.connect();
  client.say(std::string(kFormHead) + "Expect: 100-continue\r\nContent-Length: 90000000\r\n\r\n");
  expect_problem(client.read_reply(), 413, "at most 1000 bytes");
  EXPECT_EQ(client.read_to_end(), "");
  expect_nothing_kept(server);
}

TEST(Upload, TooLargeAsItComes) {
  EdgeUnderTest server({.upload_bytes_max = 300'000});
  RawClient client = server.connect();
  client.say(std::string(kFormHead) + "Transfer-Encoding: chunked\r\n\r\n");
  const std::string head =
      "--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n" + std::string(kSmallCsv);
  const std::string rows = std::string(8'000, ' ');
  client.say(fmt::format("{:x}\r\n{}\r\n", head.size(), head));
  for (int i = 0; i < 80; ++i) client.say(fmt::format("{:x}\r\n{}\n\r\n", rows.size() + 1, rows));
  expect_problem(client.read_reply(), 413, "at most 300000 bytes");
  expect_nothing_kept(server);
}

TEST(Upload, ExactlyAsLargeAsAllowed) {
  EdgeUnderTest server({.upload_bytes_max = kSmallCsv.size()});
  EXPECT_EQ(server.upload(form({{"file", kSmallCsv}})).status, 202);
  EXPECT_EQ(server.upload(form({{"file", std::string(kSmallCsv) + "\n"}})).status, 413);
}

TEST(Upload, TooMuchBesidesTheFile) {
  EdgeUnderTest server({.upload_bytes_max = 1'000});
  RawClient client = server.connect();
  client.say(std::string(kFormHead) + "Transfer-Encoding: chunked\r\n\r\n");
  const std::string head = "--B\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n";
  client.say(fmt::format("{:x}\r\n{}\r\n", head.size(), head));
  const std::string junk(64 << 10, 'x');
  for (int i = 0; i < 20; ++i) client.say(fmt::format("{:x}\r\n{}\r\n", junk.size(), junk));
  expect_problem(client.read_reply(), 413, "at most 1000 bytes");
}

// Far over the bound and over what sockets hold by themselves.
constexpr std::size_t kFarTooMuch = 80 << 20;

TEST(Upload, WhoSaysAllBeforeListeningHearsThatItWasTooLarge) {
  EdgeUnderTest server({.upload_bytes_max = 1'000});
  const std::string blocks(kFarTooMuch, 'x');
  RawClient announced = server.connect();
  announced.say(fmt::format("{}Content-Length: {}\r\n\r\n", kFormHead, blocks.size()));
  EXPECT_TRUE(announced.say(blocks));
  expect_problem(announced.read_reply(), 413, "at most 1000 bytes");
  RawClient chunked = server.connect();
  chunked.say(std::string(kFormHead) + "Transfer-Encoding: chunked\r\n\r\n");
  const std::string_view part = "--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
  chunked.say(fmt::format("{:x}\r\n{}\r\n{:x}\r\n", part.size(), part, blocks.size()));
  EXPECT_TRUE(chunked.say(blocks));
  expect_problem(chunked.read_reply(), 413, "at most 1000 bytes");
  expect_nothing_kept(server);
}

TEST(Upload, WhoDripsAfterARefusalIsNotListenedToForLong) {
  EdgeUnderTest server({.upload_bytes_max = 1'000});
  RawClient client = server.connect();
  client.say(fmt::format("{}Content-Length: {}\r\n\r\n", kFormHead, kFarTooMuch));
  EXPECT_EQ(client.read_reply().status, 413);
  int drops = 0;
  while (client.say("x") && ++drops < 20'000) {
    server.clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(server.get("/healthz").status, 200);  // the edge's watch needs its turns
  }
  EXPECT_LT(drops, 20'000);
}

TEST(Upload, CutOffKeepsNothing) {
  EdgeUnderTest server;
  const std::string body = form({{"file", kSmallCsv}});
  {
    RawClient client = server.connect();
    client.say(std::string(kFormHead) + "Content-Length: " + std::to_string(body.size()) +
               "\r\n\r\n" + body.substr(0, body.size() / 2));
    client.stop_saying();
    expect_problem(client.read_reply(), 400, "cut off");
  }
  expect_nothing_kept(server);
}

TEST(Upload, StalledKeepsNothing) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  client.say(std::string(kFormHead) + "Content-Length: 1000\r\n\r\n--B\r\n");
  int tries = 0;
  while (!client.is_closed() && ++tries < 200) server.clock.advance(limits::kHttpBodyStallDeadline);
  EXPECT_LT(tries, 200);
  expect_nothing_kept(server);
}

// Each byte comes in time, and yet it would take for ever.
TEST(Upload, DrippingIsEnded) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  client.say(std::string(kFormHead) + "Content-Length: 100000\r\n\r\n");
  int drops = 0;
  while (!client.is_closed() && ++drops < 200) {
    client.say("x");
    server.clock.advance(std::chrono::seconds(10));
  }
  EXPECT_LT(drops, 200);
  expect_nothing_kept(server);
}

// A client whose upload is being read, and that falls silent after the front of it.
RawClient dawdler(EdgeUnderTest& server) {
  RawClient client = server.connect();
  client.say(std::string(kFormHead) + "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 100);
  client.say("--B\r\n");
  return client;
}

// Lets time pass until there is an answer.
RawReply reply_in_time(EdgeUnderTest& server, RawClient& client) {
  for (int tries = 0; tries < 200 && !client.has_something(); ++tries) {
    server.clock.advance(limits::kHttpHurriedStallDeadline);
  }
  return client.read_reply();
}

TEST(Upload, OneThatDawdlesIsToldOfTheShutdown) {
  EdgeUnderTest server;
  RawClient client = dawdler(server);
  server.edge->drain();
  expect_problem(reply_in_time(server, client), 503, "shutting down");
  expect_nothing_kept(server);
}

TEST(Upload, OneThatDripsIsToldOfTheEnd) {
  EdgeUnderTest server;
  RawClient client = dawdler(server);
  std::jthread stopping([&] { server.edge->stop(std::chrono::seconds(4)); });
  for (int drops = 0; drops < 400 && !client.has_something(); ++drops) client.say("x");
  expect_problem(client.read_reply(), 503, "shutting down");
}

TEST(Upload, AWebhookUrlIsKeptAsItWillBeAskedFor) {
  EdgeUnderTest server;
  const RawReply reply = server.upload(
      form({{"file", kSmallCsv}, {"webhook_url", "http://\xEF\xBD\x85xample.com/h k"}}));
  ASSERT_EQ(reply.status, 202) << reply.body;
  const std::string id = reply.header("location").substr(std::string("/api/status/").size());
  EXPECT_EQ(server.db.find_batch(id).value()->webhook_url, "http://example.com/h%20k");
}

TEST(Upload, ThoseThatDawdleLockNobodyOutForLong) {
  EdgeUnderTest server;
  std::vector<RawClient> dawdlers;
  for (int i = 0; i < limits::kUploadsMax; ++i) dawdlers.push_back(dawdler(server));
  const auto upload = [&] { return server.upload(form({{"file", kSmallCsv}})); };
  const RawReply refused = upload();
  expect_problem(refused, 503, "too many uploads");
  EXPECT_NE(refused.header("retry-after"), "");
  expect_problem(reply_in_time(server, dawdlers.front()), 408, "too slowly");
  RawReply reply = upload();
  for (int tries = 0; tries < 1'000 && reply.status == 503; ++tries) reply = upload();
  EXPECT_EQ(reply.status, 202);
}

TEST(Upload, FullDiskAtAnyStage) {
  EdgeUnderTest server;
  const Error full{ErrorCode::kNoSpace, "the disk is full", "/secret"};
  for (const auto* verb : {"open_batch", "append_images", "seal_batch"}) {
    server.db.fail_next(full, verb);
    const RawReply reply = server.upload(form({{"file", kSmallCsv}}));
    expect_problem(reply, 503, "the disk is full");
    EXPECT_NE(reply.header("retry-after"), "");
    EXPECT_FALSE(reply.body.contains("secret"));
    expect_nothing_kept(server);
  }
  server.objects.fail_next(FakeStore::Verb::kPutFile, full);
  expect_problem(server.upload(form({{"file", kSmallCsv}})), 503, "the disk is full");
  expect_nothing_kept(server);
  EXPECT_EQ(server.upload(form({{"file", kSmallCsv}})).status, 202);
}

TEST(Upload, SpoolFolderGone) {
  EdgeUnderTest server;
  std::filesystem::remove(server.folder);
  const RawReply reply = server.upload(form({{"file", kSmallCsv}}));
  expect_problem(reply, 500, "could not be stored");
  EXPECT_FALSE(reply.body.contains(server.folder.string()));
  std::filesystem::create_directory(server.folder);
}

TEST(Upload, NotWhileDraining) {
  EdgeUnderTest server;
  server.edge->drain();
  const RawReply reply = server.upload(form({{"file", kSmallCsv}}));
  expect_problem(reply, 503, "shutting down");
  EXPECT_NE(reply.header("retry-after"), "");
  expect_nothing_kept(server);
}

TEST(Upload, TheConnectionStaysAfterARefusalThatReadItAll) {
  EdgeUnderTest server;
  RawClient client = server.connect();
  const std::string bad = form({{"file", kFaultyCsv}});
  const std::string good = form({{"file", kSmallCsv}});
  for (const auto& [body, status] : {std::pair(bad, 400), std::pair(good, 202)}) {
    client.say(std::string(kFormHead) + "Content-Length: " + std::to_string(body.size()) +
               "\r\n\r\n" + body);
    EXPECT_EQ(client.read_reply().status, status);
  }
}

}  // namespace
}  // namespace imgmill
