#include "codec_worker/render.h"

#include <gtest/gtest.h>

#include "codec_worker/formats/sample_pictures.h"

namespace imgmill::codec_worker {
namespace {

using namespace samples;  // the test's own vocabulary

Picture rendered(Bytes source, int quality = 50) {
  auto result = render(source, Recipe{quality}, RenderLimits{});
  if (!result) {
    ADD_FAILURE() << code_word(result.error()) << ": " << result.error().message;
    return {};
  }
  EXPECT_LE(result->bytes.size(), source.size());
  return *std::move(result);
}

ImageFault fault_of_source(Bytes source, RenderLimits limits = {}) {
  auto result = render(source, Recipe{}, limits);
  if (result) {
    ADD_FAILURE() << "rendered, " << result->bytes.size() << " bytes";
    return {};
  }
  return result.error();
}

ImageFault fault_of_text(std::string_view text) {
  return fault_of_source(std::as_bytes(std::span(text.data(), text.size())));
}

struct RoundTrip {
  std::string suffix;
  int bands;
  Look look;
  double share_max;       // of the source's bytes
  double difference_max;  // root mean square, of 255
};

// Shown by GoogleTest for a failing case.
void PrintTo(const RoundTrip& trip, std::ostream* out) {
  *out << trip.suffix << " with " << trip.bands << " bands";
}

class EveryFormat : public testing::TestWithParam<RoundTrip> {};

TEST_P(EveryFormat, GetsSmallerAndLooksTheSame) {
  const RoundTrip& param = GetParam();
  const Buffer source = encode(picture(301, 203, param.bands, param.look), param.suffix);
  ASSERT_FALSE(source.empty());
  const Picture out = rendered(source);
  EXPECT_EQ(out.width, 301U);
  EXPECT_EQ(out.height, 203U);
  const double share = static_cast<double>(out.bytes.size()) / static_cast<double>(source.size());
  EXPECT_LE(share, param.share_max);
  const auto before = decode(source);
  const auto after = decode(out.bytes);
  ASSERT_TRUE(before && after);
  const double moved = difference(before->raster, after->raster);
  EXPECT_LE(moved, param.difference_max);
  RecordProperty("share_of_source_bytes", std::to_string(share));
  RecordProperty("difference", std::to_string(moved));
}

TEST(Render, SaysWhatIsNoPicture) {
  EXPECT_EQ(fault_of_text("").code, FaultCode::kEmptyBody);
  const ImageFault page = fault_of_text("\n  <!DOCTYPE HTML><html><body>404</body></html>");
  EXPECT_EQ(page.code, FaultCode::kNotAnImage);
  EXPECT_NE(page.message.find("HTML page"), std::string::npos) << page.message;
  EXPECT_EQ(fault_of_text("BMW builds cars.").code, FaultCode::kNotAnImage);
  EXPECT_EQ(fault_of_text("{\"error\": 1}").code, FaultCode::kNotAnImage);
  EXPECT_EQ(fault_of_text("\x01\x02\x03").code, FaultCode::kNotAnImage);
}

TEST(Render, NamesPicturesItDoesNotTake) {
  using std::string_view_literals::operator""sv;
  const std::vector<std::pair<std::string_view, std::string_view>> cases{
      {"BM\x36\0\0\0\0\0"sv, "BMP"},  // of no known header
      {"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"},
      {"%PDF-1.7\n", "PDF"},
      {"8BPS\0\1"sv, "PSD"},
      {"\0\0\1\0\1\0"sv, "ICO"},
      {"\0\0\0\x18"
       "ftyphevc\0\0\0\0msf1hevc"sv,
       "HEIC"},
      {"\xff\x0a\x10\x20"sv, "JPEG XL"}};
  for (const auto& [bytes, name] : cases) {
    const ImageFault fault = fault_of_text(bytes);
    EXPECT_EQ(fault.code, FaultCode::kUnsupportedFormat) << name;
    EXPECT_NE(fault.message.find(name), std::string::npos) << fault.message;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Render, EveryFormat,
    testing::Values(
        RoundTrip{".jpg[Q=90]", 3, Look::kPhoto, 0.6, 7},
        RoundTrip{".jpg[Q=90,interlace]", 3, Look::kPhoto, 0.6, 7},
        RoundTrip{".jpg[Q=90,subsample_mode=off]", 3, Look::kPhoto, 0.6, 7},
        RoundTrip{".jpg[Q=90]", 1, Look::kPhoto, 0.6, 7},
        RoundTrip{".png", 3, Look::kPhoto, 0.7, 4},
        RoundTrip{".png[interlace]", 3, Look::kPhoto, 0.7, 4},
        RoundTrip{".png", 1, Look::kPhoto, 0.8, 4}, RoundTrip{".png", 2, Look::kPhoto, 0.8, 4},
        RoundTrip{".png", 4, Look::kPhoto, 0.7, 4}, RoundTrip{".png", 3, Look::kDrawing, 0.9, 4},
        RoundTrip{".png", 4, Look::kDrawing, 0.9, 4},
        RoundTrip{".png[palette]", 3, Look::kDrawing, 1, 0},
        RoundTrip{".webp[Q=90]", 3, Look::kPhoto, 0.6, 7},
        RoundTrip{".webp[Q=90]", 4, Look::kPhoto, 0.6, 7},
        RoundTrip{".webp[lossless]", 3, Look::kPhoto, 0.8, 5},
        RoundTrip{".webp[lossless]", 4, Look::kPhoto, 0.8, 5},
        RoundTrip{".avif[Q=90,effort=0]", 3, Look::kPhoto, 0.6, 7},
        RoundTrip{".tif", 3, Look::kPhoto, 0.9, 0},
        RoundTrip{".tif[compression=lzw,tile,tile_width=64,tile_height=64]", 4, Look::kDrawing, 0.9,
                  0},
        RoundTrip{".tif[compression=packbits]", 1, Look::kPhoto, 0.9, 0},
        RoundTrip{".gif", 3, Look::kPhoto, 0.8, 8}, RoundTrip{".gif", 4, Look::kDrawing, 1, 8}));

}  // namespace
}  // namespace imgmill::codec_worker
