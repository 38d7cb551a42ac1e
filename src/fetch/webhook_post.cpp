#include "fetch/webhook_post.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace imgmill {
namespace {

using HeaderList =
    std::unique_ptr<curl_slist, decltype([](curl_slist* list) { curl_slist_free_all(list); })>;

HeaderList header_list(const Post& post) {
  // Nothing to wait for before the body is sent, and no reply that would be read.
  HeaderList list(curl_slist_append(nullptr, "Expect:"));
  for (const auto& [name, value] : post.headers) {
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    CHECK(line.find_first_of(std::string_view("\r\n\0", 3)) == line.npos);
    curl_slist_append(list.get(), line.c_str());
  }
  return list;
}

class WebhookPost final : public Transfer {
 public:
  WebhookPost(const TransferRules& rules, Post post, Callback<PostOutcome> done)
      : Transfer(rules, post.deadline),
        post_(std::move(post)),
        headers_(header_list(post_)),
        done_(std::move(done)) {}

  bool aim() override;
  void abandon() override { answer_fault(fault_of_stop(Stop::kShutdown, {}).fault); }
  bool is_post() const override { return true; }

 protected:
  void begin_request(CURL* easy) override;
  Stop take_field(std::string_view, std::string_view) override { return Stop::kNone; }
  Stop take_body(std::span<const std::byte> bytes) override {
    return discard(bytes.size(), limits::kWebhookReplyBytesMax);
  }
  bool finish_hop(CURLcode result) override;
  std::chrono::milliseconds first_byte_allowed() const override { return post_.deadline; }

 private:
  void answer_fault(ImageFault fault);
  [[nodiscard]] std::chrono::milliseconds duration() const;

  Post post_;
  HeaderList headers_;
  Callback<PostOutcome> done_;
};

bool WebhookPost::aim() {
  auto target = parse_fetch_url(post_.url);
  if (!target) {
    answer_fault(fault_of_curl(CURLE_URL_MALFORMAT).fault);
    return false;
  }
  target_ = *std::move(target);
  return true;
}

void WebhookPost::begin_request(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  // A receiver that closes a kept connection just now would cost an attempt of the schedule.
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post_.body.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post_.body.size()));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
}

std::chrono::milliseconds WebhookPost::duration() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(post_.deadline - time_left_);
}

void WebhookPost::answer_fault(ImageFault fault) {
  done_({0, std::nullopt, std::move(fault), duration()});
}

bool WebhookPost::finish_hop(CURLcode result) {
  if (status() >= 200) {
    done_({status(), retry_after(), std::nullopt, duration()});
  } else {
    answer_fault(fault(result).fault);
  }
  return false;
}

}  // namespace

std::unique_ptr<Transfer> make_webhook_post(const TransferRules& rules, Post post,
                                            Callback<PostOutcome> done) {
  return std::make_unique<WebhookPost>(rules, std::move(post), std::move(done));
}

}  // namespace imgmill
