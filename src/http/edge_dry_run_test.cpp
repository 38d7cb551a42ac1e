// POST /api/upload?dry_run=1 over real sockets; URLs with "bad" in them answer 404.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/edge_under_test.h"

namespace imgmill {
namespace {

namespace json = boost::json;
using testing::IsEmpty;
using testing::SizeIs;

class DryRunTest : public testing::Test {
 protected:
  json::object dry_run(std::string_view form) {
    const RawReply reply = server.upload(form, "?dry_run=1");
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.header("content-type"), "application/json");
    expect_nothing_kept();
    return json::parse(reply.body).as_object();
  }
  void expect_nothing_kept() {
    EXPECT_THAT(server.db.list_batches({}, {}, 10).value(), IsEmpty());
    EXPECT_THAT(server.objects.keys(), IsEmpty());
    EXPECT_EQ(server.spool_files(), 0U);
    EXPECT_EQ(server.batches_sealed, 0);
  }

  EdgeUnderTest server;
};

TEST_F(DryRunTest, SaysWhatWouldHappen) {
  const json::object found =
      dry_run(form({{"file",
                     "S. No.,Product Name,Input Image Urls\n"
                     "1,A,\"https://u:p@a/1.jpg,https://b/bad.jpg\"\n2,B,https://b/bad.jpg\n"},
                    {"quality", "auto"},
                    {"max_width", "800"}}));
  EXPECT_EQ(found.at("dry_run"), true);
  EXPECT_EQ(found.at("valid"), true);
  EXPECT_TRUE(found.at("detail").is_null());
  EXPECT_EQ(found.at("rows").as_int64(), 2);
  EXPECT_EQ(found.at("total_images").as_int64(), 3);
  EXPECT_EQ(found.at("distinct_urls").as_int64(), 2);
  EXPECT_EQ(found.at("hosts").as_int64(), 2);
  EXPECT_EQ(json::serialize(found.at("top_hosts")),
            R"([{"host":"a","urls":1},{"host":"b","urls":1}])");
  EXPECT_EQ(json::serialize(found.at("options")),
            R"({"quality":"auto","format":"keep","max_width":800,"max_height":null,)"
            R"("max_bytes":null,"on_invalid":"reject","webhook_url":null})");
  EXPECT_EQ(json::serialize(found.at("sample")),
            R"([{"input_url":"https://a/1.jpg","ok":true,"http_status":200,"error":null,)"
            R"("format":"jpeg","content_type":"image/jpeg","bytes":20},)"
            R"({"input_url":"https://b/bad.jpg","ok":false,"http_status":404,)"
            R"("error":{"code":"http_404","message":"it answered 404"},)"
            R"("format":null,"content_type":null,"bytes":null}])");
}

TEST_F(DryRunTest, InvalidRowsAreToldAndTheOthersLookedAt) {
  constexpr std::string_view kCsv =
      "S. No.,Product Name,Input Image Urls\nx,A,https://a/1.jpg\n2,B,https://a/2.jpg\n";
  json::object found = dry_run(form({{"file", kCsv}}));
  EXPECT_EQ(found.at("valid"), false);
  EXPECT_EQ(found.at("error").as_string(), "Invalid CSV format");
  EXPECT_EQ(found.at("detail").as_string(), "1 of 2 rows is invalid");
  EXPECT_EQ(found.at("rows_invalid").as_int64(), 1);
  EXPECT_EQ(found.at("errors_total").as_int64(), 1);
  EXPECT_EQ(found.at("errors").at(0).at("column").as_string(), "S. No.");
  EXPECT_THAT(found.at("sample").as_array(), SizeIs(1));
  found = dry_run(form({{"file", kCsv}, {"on_invalid", "skip"}}));
  EXPECT_EQ(found.at("valid"), true);
  EXPECT_EQ(found.at("errors_total").as_int64(), 1);
}

TEST_F(DryRunTest, AFileThatIsNoSheetIsAnAnswerToo) {
  for (const std::string_view csv :
       {std::string_view("S. No.,Product Name\n1,A\n"), std::string_view(""),
        std::string_view("a\0b", 3), std::string_view("S. No.,Product Name,Input Image Urls\n")}) {
    const json::object found = dry_run(form({{"file", csv}}));
    EXPECT_EQ(found.at("valid"), false);
    EXPECT_FALSE(found.at("detail").as_string().empty());
    EXPECT_THAT(found.at("sample").as_array(), IsEmpty());
  }
}

TEST_F(DryRunTest, AWrongCallIsRefusedAsWithoutIt) {
  EXPECT_EQ(server.upload(form({{"file", kSmallCsv}, {"quality", "0"}}), "?dry_run=1").status, 400);
  EXPECT_EQ(server.upload(form({{"quality", "5"}}), "?dry_run=1").status, 400);
  for (const char* query : {"?dry_run=yes", "?dry_run=", "?x=1&dry_run"}) {
    EXPECT_EQ(server.upload(form({{"file", kSmallCsv}}), query).status, 400) << query;
  }
  expect_nothing_kept();
  EXPECT_EQ(server.upload(form({{"file", kSmallCsv}}), "?dry_run=0").status, 202);
}

}  // namespace
}  // namespace imgmill
