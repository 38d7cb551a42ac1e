// Listing, cancelling, retrying and deleting over real sockets.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/edge_under_test.h"

namespace imgmill {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kUnknownId = "550e8400-e29b-41d4-a716-446655440000";
constexpr std::string_view kBadCsv =
    "S. No.,Product Name,Input Image Urls\n"
    "1,Chair,\"https://u:p@a/1.jpg,https://a/bad.jpg\"\n"
    "2,Table,https://a/bad.jpg\n";

std::vector<std::string> texts(const json::value& list, std::string_view field) {
  std::vector<std::string> out;
  for (const json::value& one : list.as_array()) out.emplace_back(one.at(field).as_string());
  return out;
}

class Manage : public testing::Test {
 protected:
  [[nodiscard]] std::string path(std::string_view id, std::string_view rest = {}) const {
    return fmt::format("/api/requests/{}{}", id, rest);
  }
  [[nodiscard]] json::value get(const std::string& target) {
    const RawReply reply = server.get(target);
    EXPECT_EQ(reply.status, 200) << target << reply.body;
    EXPECT_EQ(reply.header("content-type"), "application/json");
    EXPECT_EQ(reply.header("cache-control"), "no-store");
    return json::parse(reply.body);
  }
  void expect_problem(const RawReply& reply, int status, std::string_view words) {
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
    EXPECT_THAT(reply.body, HasSubstr(words));
  }

  EdgeUnderTest server;
};

TEST_F(Manage, RequestsAreListedNewestFirstInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(server.accept(kSmallCsv));
  const json::value all = get("/api/requests");
  EXPECT_THAT(texts(all.at("requests"), "request_id"),
              ElementsAre(ids[4], ids[3], ids[2], ids[1], ids[0]));
  EXPECT_TRUE(all.at("next_cursor").is_null());
  EXPECT_EQ(json::serialize(all.at("requests").at(0)),
            json::serialize(json::parse(server.get("/api/status/" + ids[4]).body)));

  json::value page = get("/api/requests?limit=2");
  EXPECT_THAT(texts(page.at("requests"), "request_id"), ElementsAre(ids[4], ids[3]));
  static_cast<void>(server.accept(kSmallCsv));
  std::string cursor(page.at("next_cursor").as_string());
  page = get("/api/requests?limit=2&cursor=" + cursor);
  EXPECT_THAT(texts(page.at("requests"), "request_id"), ElementsAre(ids[2], ids[1]));
  cursor = page.at("next_cursor").as_string();
  page = get("/api/requests?limit=1&cursor=" + cursor);
  EXPECT_THAT(texts(page.at("requests"), "request_id"), ElementsAre(ids[0]));
  EXPECT_TRUE(page.at("next_cursor").is_null());
}

TEST_F(Manage, RequestsAreListedByStatus) {
  const std::string done = server.accept(kSmallCsv);
  server.work_off();
  const std::string pending = server.accept(kSmallCsv);
  EXPECT_THAT(texts(get("/api/requests?status=completed").at("requests"), "request_id"),
              ElementsAre(done));
  EXPECT_THAT(texts(get("/api/requests?status=pending").at("requests"), "request_id"),
              ElementsAre(pending));
  EXPECT_THAT(get("/api/requests?status=failed").at("requests").as_array(), IsEmpty());
}

TEST_F(Manage, BadParametersAreNamed) {
  const std::string id = server.accept(kSmallCsv);
  const std::string cursor(get(path(id, "/images?limit=1")).at("next_cursor").as_string());
  for (const std::string& listing : {std::string("/api/requests"), path(id, "/images")}) {
    expect_problem(server.get(listing + "?status=done"), 400, "status: ");
    expect_problem(server.get(listing + "?limit=0"), 400, "limit: ");
    expect_problem(server.get(listing + "?limit=501"), 400, "limit: ");
    expect_problem(server.get(listing + "?limit=ten"), 400, "limit: ");
    expect_problem(server.get(listing + "?cursor=abc"), 400, "cursor: ");
    expect_problem(server.get(listing + "?status=failed&cursor=" + cursor), 400, "cursor: ");
    EXPECT_EQ(server.get(listing + "?status=&limit=&cursor=&other=1").status, 200);
  }
}

TEST_F(Manage, ImagesInCsvOrderWithWhatBecameOfThem) {
  const std::string id = server.accept(kBadCsv);
  server.work_off();
  const json::value page = get(path(id, "/images"));
  EXPECT_TRUE(page.at("next_cursor").is_null());
  const json::array& images = page.at("images").as_array();
  ASSERT_THAT(images, SizeIs(3));
  EXPECT_EQ(json::serialize(images[0]),
            fmt::format(R"({{"row":1,"position":1,"product_name":"Chair","serial_number":"1",)"
                        R"("input_url":"https://a/1.jpg",)"
                        R"("output_url":"http://img.test/processed/{}/0.jpg",)"
                        R"("status":"completed","error":null,"attempts":1,"bytes_in":20,)"
                        R"("bytes_out":10,"format":"jpeg","width":0,"height":0,)"
                        R"("method":"source_kept","quality":null}})",
                        id));
  EXPECT_EQ(images[1].at("position").as_int64(), 2);
  EXPECT_EQ(images[1].at("error").at("code").as_string(), "http_404");
  EXPECT_EQ(images[2].at("row").as_int64(), 2);
  EXPECT_THAT(get(path(id, "/images?status=failed")).at("images").as_array(), SizeIs(2));

  const json::value first = get(path(id, "/images?limit=2"));
  const std::string cursor(first.at("next_cursor").as_string());
  const json::value second = get(path(id, "/images?limit=2&cursor=" + cursor));
  ASSERT_THAT(second.at("images").as_array(), SizeIs(1));
  EXPECT_EQ(second.at("images").at(0), images[2]);
}

TEST_F(Manage, CancelIsToldToTheEngineAndFinal) {
  const std::string id = server.accept(kSmallCsv);
  const RawReply reply = server.ask("POST", path(id, "/cancel"));
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.header("location"), "/api/status/" + id);
  EXPECT_THAT(reply.body, HasSubstr(R"("status": "cancelled", "completion_percentage": 0.0)"));
  EXPECT_EQ(server.batches_cancelled, 1);
  const RawReply results = server.get("/api/download/" + id);
  EXPECT_EQ(results.status, 200);
  EXPECT_THAT(results.body, HasSubstr("2,SKU2,https://example.com/c.jpg,\n"));
  EXPECT_THAT(server.get(path(id, "/images")).body, HasSubstr(R"("error":{"code":"cancelled",)"));
  expect_problem(server.ask("POST", path(id, "/cancel")), 409, R"("request_status":"cancelled")");
  EXPECT_EQ(server.batches_cancelled, 1);
}

TEST_F(Manage, RetryPutsTheFailedOnesBack) {
  const std::string id = server.accept(kBadCsv);
  expect_problem(server.ask("POST", path(id, "/retry")), 409, R"("request_status":"pending")");
  server.work_off();
  const int sealed = server.batches_sealed;
  const RawReply reply = server.ask("POST", path(id, "/retry"));
  EXPECT_EQ(reply.status, 202);
  EXPECT_THAT(reply.body, HasSubstr(R"("status": "processing")"));
  EXPECT_THAT(reply.body, HasSubstr(R"("total_images": 3, "processed_images": 1)"));
  EXPECT_EQ(server.batches_sealed, sealed + 1);
  EXPECT_EQ(server.get("/api/download/" + id).status, 404);
  server.work_off();
  EXPECT_THAT(server.get("/api/status/" + id).body, HasSubstr(R"("status": "completed")"));
  const std::string fine = server.accept(kSmallCsv);
  server.work_off();
  expect_problem(server.ask("POST", path(fine, "/retry")), 409, "no image of the request failed");
}

TEST_F(Manage, DeleteLeavesNothing) {
  const std::string id = server.accept(kSmallCsv);
  expect_problem(server.ask("DELETE", path(id)), 409, R"("request_status":"pending")");
  server.work_off();
  EXPECT_THAT(server.objects.keys(), SizeIs(4));
  const RawReply reply = server.ask("DELETE", path(id));
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.header("content-length"), "");
  EXPECT_THAT(server.objects.keys(), IsEmpty());
  for (const std::string& target :
       {"/api/status/" + id, "/api/download/" + id, path(id, "/images")}) {
    EXPECT_EQ(server.get(target).status, 404) << target;
  }
  EXPECT_THAT(get("/api/requests").at("requests").as_array(), IsEmpty());
  expect_problem(server.ask("DELETE", path(id)), 404, "Request not found");
}

TEST_F(Manage, AFailedDeleteIsGoneForTheClientAndKeptForTheRemover) {
  const std::string id = server.accept(kSmallCsv);
  server.work_off();
  server.objects.fail_next(FakeStore::Verb::kRemove, {ErrorCode::kIo, "no", "/secret"});
  const RawReply reply = server.ask("DELETE", path(id));
  EXPECT_EQ(reply.status, 500);
  EXPECT_FALSE(reply.body.contains("secret"));
  EXPECT_EQ(server.get("/api/status/" + id).status, 404);
  EXPECT_EQ(server.db.find_deleting()->size(), 1U);
}

TEST_F(Manage, TheConnectionIsOfUseAfterA204) {
  const std::string id = server.accept(kSmallCsv);
  server.work_off();
  RawClient client = server.connect();
  client.say("DELETE " + path(id) + " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 204);
  client.say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST_F(Manage, FailuresAsACsvThatCanBeMended) {
  const std::string id = server.accept(kBadCsv);
  EXPECT_THAT(server.get(path(id, "/failures.csv")).body,
              HasSubstr(R"("request_status":"pending")"));
  server.work_off();
  const RawReply reply = server.get(path(id, "/failures.csv"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "text/csv; charset=utf-8");
  EXPECT_EQ(reply.header("content-disposition"),
            "attachment; filename=\"" + id + "_failures.csv\"");
  EXPECT_EQ(reply.body,
            "S. No.,Product Name,Input Image Urls,Error Code,Error\n"
            "1,Chair,https://a/bad.jpg,http_404,it answered 404\n"
            "2,Table,https://a/bad.jpg,http_404,it answered 404\n");
  EXPECT_EQ(server.upload(form({{"file", reply.body}})).status, 202);
}

TEST_F(Manage, DeliveriesAreListedAndSentAgain) {
  const RawReply accepted =
      server.upload(form({{"file", kSmallCsv}, {"webhook_url", "https://u:p@shop/hook"}}));
  const std::string id(json::parse(accepted.body).at("request_id").as_string());
  expect_problem(server.ask("POST", path(id, "/redeliver")), 409, "not final");
  server.work_off();
  EXPECT_EQ(server.get(path(id, "/deliveries")).body, R"({"deliveries":[]})");
  const Time now = server.clock.now();
  const Delivery first = server.db.lease_deliveries("test", 1, now, now + Micros(9)).value().at(0);
  ASSERT_TRUE(server.db.finish_delivery(first, {now, 0, std::chrono::milliseconds(12), "no answer"},
                                        DeliveryVerdict::kDead, std::nullopt, now));
  EXPECT_EQ(server.ask("POST", path(id, "/redeliver")).status, 202);
  const Delivery again = server.db.lease_deliveries("test", 1, now, now + Micros(9)).value().at(0);
  ASSERT_TRUE(server.db.finish_delivery(again, {now, 200, std::chrono::milliseconds(5), ""},
                                        DeliveryVerdict::kDelivered, std::nullopt, now));
  const std::string_view shape =
      R"({{"id":"{}","attempt":{},"at":"{}","url":"https://shop/hook","http_status":{},)"
      R"("duration_ms":{},"error":{}}})";
  EXPECT_EQ(
      server.get(path(id, "/deliveries")).body,
      R"({"deliveries":[)" +
          fmt::format(fmt::runtime(shape), first.event_id, 1, format_time(now), "null", 12,
                      "\"no answer\"") +
          "," +
          fmt::format(fmt::runtime(shape), first.event_id, 2, format_time(now), 200, 5, "null") +
          "]}");
  const std::string without = server.accept(kSmallCsv);
  server.work_off();
  expect_problem(server.ask("POST", path(without, "/redeliver")), 409, "no webhook_url");
}

TEST_F(Manage, UnknownIdsAndWrongMethods) {
  const std::string id = server.accept(kSmallCsv);
  for (const std::string& one : {std::string(kUnknownId), std::string("nonsense")}) {
    expect_problem(server.get(path(one, "/images")), 404, "Request not found");
    expect_problem(server.ask("POST", path(one, "/cancel")), 404, "Request not found");
    expect_problem(server.ask("POST", path(one, "/retry")), 404, "Request not found");
    expect_problem(server.ask("DELETE", path(one)), 404, "Request not found");
  }
  const auto allowed = [this](std::string_view method, const std::string& target) {
    const RawReply reply = server.ask(method, target);
    EXPECT_EQ(reply.status, 405) << target;
    return reply.header("allow");
  };
  EXPECT_EQ(allowed("POST", "/api/requests"), "GET, HEAD");
  EXPECT_EQ(allowed("DELETE", path(id, "/images")), "GET, HEAD");
  EXPECT_EQ(allowed("GET", path(id, "/cancel")), "POST");
  EXPECT_EQ(allowed("PUT", path(id, "/retry")), "POST");
  EXPECT_EQ(allowed("GET", path(id)), "DELETE");
}

TEST_F(Manage, ADatabaseInTroubleIsToldWithoutItsSecrets) {
  const std::string id = server.accept(kSmallCsv);
  for (const auto& [verb, target] : {std::pair("list_batches", std::string("/api/requests")),
                                     std::pair("list_placements", path(id, "/images"))}) {
    server.db.fail_next({ErrorCode::kUnavailable, "the database is busy", "locked"}, verb);
    const RawReply reply = server.get(target);
    EXPECT_EQ(reply.status, 503) << target;
    EXPECT_FALSE(reply.body.contains("locked"));
  }
}

}  // namespace
}  // namespace imgmill
