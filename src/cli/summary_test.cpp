#include "cli/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imgmill::cli {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

Summary sample() {
  return {.images = 24,
          .failed = 2,
          .bytes_in = 1'500'000,
          .bytes_out = 600'000,
          .elapsed = 2s,
          .by_method = {1, 0, 21},
          .failures = {{.row = 3,
                        .position = 1,
                        .url = "https://user:secret@shop.example/a.jpg",
                        .fault = {FaultCode::kHttpStatus, "the origin answered 404", 404}}}};
}

TEST(Summary, SaysWhatWasSavedAndWhatFailed) {
  EXPECT_EQ(as_text(sample(), "out/results.csv"),
            "24 images: 22 compressed, 2 failed\n"
            "1.5 MB in, 600.0 KB out, 60.0 % saved\n"
            "2.0 s, 12.0 images a second\n"
            "made by: 1 source_kept, 21 requantised\n"
            "failed:\n"
            "  row 3, image 1  http_404  https://shop.example/a.jpg\n"
            "    the origin answered 404\n"
            "  … and 1 more\n"
            "results: out/results.csv\n");
}

TEST(Summary, OneImageAndNoControls) {
  Summary one = sample();
  one.images = 1;
  one.failures.front().url = "a\x1b[2J.jpg";
  EXPECT_THAT(as_text(one, "\x1b[31m"), HasSubstr("1 image: "));
  EXPECT_THAT(as_text(one, "\x1b[31m"), testing::Not(HasSubstr("\x1b")));
}

TEST(Summary, SecondsAreDecimals) {
  Summary quick = sample();
  quick.elapsed = 43280us;
  EXPECT_THAT(as_json(quick, "a\"b.csv"),
              HasSubstr(R"("seconds":0.043,"results_csv":"a\"b.csv",)"));
}

TEST(Summary, CountsTheWaysInJsonToo) {
  EXPECT_THAT(as_json(sample(), "r.csv"),
              HasSubstr(R"("methods":{"source_kept":1,"requantised":21})"));
}

TEST(Summary, NeverShowsCredentials) {
  EXPECT_THAT(as_json(sample(), "r.csv"), testing::Not(HasSubstr("secret")));
  EXPECT_THAT(as_json(sample(), "r.csv"), HasSubstr("\"code\":\"http_404\""));
}

}  // namespace
}  // namespace imgmill::cli
