#include "notify/event.h"

#include <array>
#include <map>

#include <gtest/gtest.h>

#include "base/version.h"
#include "notify/signature.h"

namespace imgmill {
namespace {

const Delivery kDelivery{.id = 7,
                         .attempt = 1,
                         .event_id = "evt_1",
                         .url = "https://shop.example/hook?t=1",
                         .request_id = "550e8400-e29b-41d4-a716-446655440000",
                         .state = BatchState::kCompleted,
                         .total_images = 20,
                         .processed_images = 20,
                         .failed_images = 3,
                         .completion_time = from_us(1'673'795'554'567'890)};
constexpr std::string_view kBody =
    R"({"request_id":"550e8400-e29b-41d4-a716-446655440000","status":"completed",)"
    R"("total_images":20,"processed_images":20,"completion_time":"2023-01-15T15:12:34.567890",)"
    R"("results_csv_url":"http://localhost:5000/results/)"
    R"(550e8400-e29b-41d4-a716-446655440000_results.csv",)"
    R"("failed_images":3,"type":"request.completed"})";

std::map<std::string, std::string> headers_of(const Post& post) {
  return {post.headers.begin(), post.headers.end()};
}

TEST(EventBody, HasTheContractsFieldsInItsOrder) {
  EXPECT_EQ(event_body(kDelivery, "http://localhost:5000"), kBody);
}

TEST(EventBody, NamesEveryEnd) {
  Delivery delivery = kDelivery;
  delivery.state = BatchState::kFailed;
  EXPECT_TRUE(event_body(delivery, "").contains(R"("status":"failed")"));
  EXPECT_TRUE(event_body(delivery, "").contains(R"("type":"request.failed")"));
  delivery.state = BatchState::kCancelled;
  EXPECT_TRUE(event_body(delivery, "").contains(R"("status":"cancelled")"));
  EXPECT_TRUE(event_body(delivery, "").contains(R"("type":"request.cancelled")"));
}

TEST(EventPost, CarriesBothSignaturesOfTheBytesSent) {
  const std::array<std::string, 2> secrets{"new", "old"};
  const Post post =
      event_post(kDelivery, "http://localhost:5000", secrets, from_us(1'700'000'000'500'000));
  EXPECT_EQ(post.url, kDelivery.url);
  EXPECT_EQ(post.body, kBody);
  EXPECT_EQ(post.deadline, std::chrono::seconds(15));
  const auto headers = headers_of(post);
  EXPECT_EQ(headers.size(), post.headers.size());
  EXPECT_EQ(headers.at("Content-Type"), "application/json");
  EXPECT_EQ(headers.at("User-Agent"), "imgmill/" IMGMILL_VERSION);
  EXPECT_EQ(headers.at("webhook-id"), "evt_1");
  EXPECT_EQ(headers.at("webhook-timestamp"), "1700000000");
  EXPECT_EQ(headers.at("X-Webhook-Signature"), body_signature("new", post.body));
  EXPECT_EQ(headers.at("webhook-signature"),
            standard_signatures(secrets, "evt_1", "1700000000", post.body));
}

TEST(EventPost, IsUnsignedWithoutASecret) {
  const auto headers = headers_of(event_post(kDelivery, "http://localhost:5000", {}, from_us(0)));
  EXPECT_FALSE(headers.contains("X-Webhook-Signature"));
  EXPECT_FALSE(headers.contains("webhook-signature"));
  EXPECT_TRUE(headers.contains("webhook-id"));
}

}  // namespace
}  // namespace imgmill
