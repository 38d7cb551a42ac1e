#include "notify/event.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/limits.h"
#include "base/version.h"
#include "db/words.h"
#include "notify/signature.h"

namespace imgmill {
std::string event_body(const Delivery& delivery, std::string_view base_url) {
  const std::string_view status = word_of_final(delivery.state);
  const boost::json::object body{
      {"request_id", delivery.request_id},
      {"status", status},
      {"total_images", delivery.total_images},
      {"processed_images", delivery.processed_images},
      {"completion_time", format_time(delivery.completion_time)},
      {"results_csv_url", fmt::format("{}/results/{}_results.csv", base_url, delivery.request_id)},
      {"failed_images", delivery.failed_images},
      {"type", fmt::format("request.{}", status)},
  };
  return boost::json::serialize(body);
}

Post event_post(const Delivery& delivery, std::string_view base_url,
                std::span<const std::string> secrets, Time now) {
  const std::string timestamp = unix_seconds(now);
  Post post{.url = delivery.url,
            .headers = {{"Content-Type", "application/json"},
                        {"User-Agent", "imgmill/" IMGMILL_VERSION},
                        {"webhook-id", delivery.event_id},
                        {"webhook-timestamp", timestamp}},
            .body = event_body(delivery, base_url),
            .deadline = limits::kWebhookDeadline};
  if (secrets.empty()) return post;
  post.headers.emplace_back("X-Webhook-Signature", body_signature(secrets.front(), post.body));
  post.headers.emplace_back("webhook-signature",
                            standard_signatures(secrets, delivery.event_id, timestamp, post.body));
  return post;
}

}  // namespace imgmill
