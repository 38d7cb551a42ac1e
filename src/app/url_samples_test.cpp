#include "app/url_samples.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

UrlSample sample_of(std::string_view bytes) {
  Peeked peeked{.http_status = 200, .whole_bytes = 5'000};
  peeked.outcome.body.emplace();
  EXPECT_TRUE(peeked.outcome.body->append(std::as_bytes(std::span(bytes))));
  return url_sample_of(peeked);
}

TEST(UrlSamples, ToldFromTheBytes) {
  const UrlSample jpeg = sample_of("\xff\xd8\xff\xe0 and so on");
  EXPECT_FALSE(jpeg.fault);
  EXPECT_EQ(jpeg.format, "jpeg");
  EXPECT_EQ(jpeg.mime_type, "image/jpeg");
  EXPECT_EQ(jpeg.http_status, 200);
  EXPECT_EQ(jpeg.bytes, 5'000U);
  EXPECT_EQ(sample_of(std::string_view("\0\0\0\x18"
                                       "ftypheic",
                                       12))
                .format,
            "heic");
  EXPECT_EQ(sample_of("<!doctype html><p>no").fault->code, FaultCode::kNotAnImage);
  EXPECT_EQ(sample_of("\x76\x2f\x31\x01 OpenEXR").fault->code, FaultCode::kUnsupportedFormat);
}

TEST(UrlSamples, AFaultIsPassedOn) {
  Peeked peeked{.http_status = 404};
  peeked.outcome.fault = FetchFault{{FaultCode::kHttpStatus, "no", 404}, false, {}};
  const UrlSample sample = url_sample_of(peeked);
  EXPECT_EQ(code_word(*sample.fault), "http_404");
  EXPECT_EQ(sample.http_status, 404);
}

}  // namespace
}  // namespace imgmill
