// What every engine of Db must do, as tests: contract_*_test.cpp hold them, and each engine
// instantiates DbContract with a way to make itself. Tests call db() anew for every verb, so that
// an engine may close and open its database in between.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "db/db.h"

namespace imgmill {

class DbUnderTest {
 public:
  virtual ~DbUnderTest() = default;
  [[nodiscard]] virtual Db& db() = 0;
};

struct DbEngine {
  const char* name;
  std::unique_ptr<DbUnderTest> (*make)();
};

class DbContract : public testing::TestWithParam<DbEngine> {
 protected:
  [[nodiscard]] Db& db() { return under_test_->db(); }
  [[nodiscard]] Time now() const { return clock_.now(); }
  void pass(Micros by) { clock_.advance(by); }

  // A batch of `images` distinct URLs, each in one place; open, or sealed.
  BatchKey open(std::string_view id, std::optional<std::string> webhook_url = std::nullopt);
  void append(BatchKey batch, std::uint32_t first, std::uint32_t images);
  BatchKey seal(std::string_view id, std::uint32_t images,
                std::optional<std::string> webhook_url = std::nullopt);

  [[nodiscard]] Batch find(std::string_view id);
  [[nodiscard]] std::vector<Lease> lease(std::uint32_t images_max, std::vector<BatchKey> skip = {},
                                         std::string_view owner = "one");
  [[nodiscard]] FinishReport finish(const std::vector<Outcome>& outcomes);
  // The same; every outcome must be applied.
  void apply(const std::vector<Outcome>& outcomes);
  // Leases and finishes until nothing is left; fails the images whose number is in `failing`.
  void work_off(std::vector<std::uint32_t> failing = {});

  // A batch of two images, one of them failed, final and with a webhook.
  void finish_batch(std::string_view id);
  [[nodiscard]] std::vector<Delivery> lease_deliveries(std::uint32_t limit = 10);
  void answer(const Delivery& delivery, int http_status, DeliveryVerdict verdict,
              std::optional<Time> again_at = std::nullopt);

  ManualClock clock_;
  std::unique_ptr<DbUnderTest> under_test_ = GetParam().make();
};

// Of every batch that open() opens.
inline constexpr Recipe kRecipe{.quality = 73,
                                .format = PictureFormat::kWebp,
                                .max_width = 800,
                                .max_height = 16'384,
                                .max_bytes = 1ULL << 30};
inline constexpr std::string_view kWebhook = "https://shop/hook";
inline constexpr auto kLease = std::chrono::seconds(30);

// "https://origin/7.jpg"
[[nodiscard]] std::string url_of(std::uint32_t image);
[[nodiscard]] std::string key_of(std::uint32_t image);
[[nodiscard]] Outcome done(const Lease& lease, std::uint32_t image);
[[nodiscard]] Outcome failed(const Lease& lease, std::uint32_t image);
[[nodiscard]] Outcome again(const Lease& lease, std::uint32_t image, std::uint32_t tries, Time at);
[[nodiscard]] std::vector<Outcome> all_done(const std::vector<Lease>& leases);
[[nodiscard]] std::vector<std::uint32_t> images_of(const std::vector<Lease>& leases);

}  // namespace imgmill
