#include "work/image_metrics.h"

#include <set>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

double images(std::string_view outcome, std::string_view reason) {
  return metrics::counter({"imgmill_images_total", ""}, {{"outcome", outcome}, {"reason", reason}})
      .value();
}

TEST(ImageMetrics, CountsAnOutcomeUnderItsReason) {
  const ImageMetrics& counted = image_metrics();
  Outcome outcome{.tries = 1, .fault = ImageFault{FaultCode::kTimeout, "slow"}};
  const double failed = images("failed", "timeout");
  const double retried = images("retried", "timeout");
  const double cancelled = images("cancelled", "cancelled");
  counted.count(outcome);
  outcome.try_again_at = Time{};
  counted.count(outcome);
  counted.count(outcome);
  EXPECT_EQ(images("failed", "timeout"), failed + 1);
  EXPECT_EQ(images("retried", "timeout"), retried + 2);
  outcome.fault = cancelled_fault();
  counted.count(outcome);
  EXPECT_EQ(images("cancelled", "cancelled"), cancelled + 1);
}

TEST(ImageMetrics, CountsBytesOfWhatWasMade) {
  const auto bytes = [] { return metrics::counter({"imgmill_source_bytes_total", ""}); };
  const double before = bytes().value();
  image_metrics().count({.rendered = Rendered{.bytes_in = 1'000, .bytes_out = 300}});
  EXPECT_EQ(bytes().value(), before + 1'000);
}

TEST(ImageMetrics, OriginsCannotMakeManyReasons) {
  std::set<std::string> reasons;
  for (int status = 0; status < 2'000; ++status) {
    reasons.insert(reason_of({FaultCode::kHttpStatus, "", status}));
  }
  EXPECT_EQ(reasons.size(), 12U + 5 + 1);
  EXPECT_TRUE(reasons.contains("http_404"));
  EXPECT_TRUE(reasons.contains("http_4xx"));
  EXPECT_EQ(reason_of({FaultCode::kDnsFailure, ""}), "dns_failure");
}

}  // namespace
}  // namespace imgmill
