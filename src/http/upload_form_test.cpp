#include "http/upload_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imgmill {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view name, std::string_view value) {
  UploadForm form;
  const auto set = form.set(name, std::string(value));
  if (!set) return set.error().detail;
  const auto read = form.read(50);
  return read ? "" : read.error().detail;
}

TEST(UploadForm, Defaults) {
  const auto options = UploadForm().read(64);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->recipe, Recipe{.quality = 64});
  EXPECT_EQ(options->webhook_url, std::nullopt);
  EXPECT_FALSE(options->skip_invalid_rows);
}

TEST(UploadForm, EveryOption) {
  UploadForm form;
  ASSERT_TRUE(form.set("quality", "100"));
  ASSERT_TRUE(form.set("format", "webp"));
  ASSERT_TRUE(form.set("max_width", "16384"));
  ASSERT_TRUE(form.set("max_height", "1"));
  ASSERT_TRUE(form.set("max_bytes", "1073741824"));
  ASSERT_TRUE(form.set("on_invalid", "skip"));
  ASSERT_TRUE(form.set("webhook_url", "https://example.com/hook"));
  const auto options = form.read(50);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->recipe, (Recipe{.quality = 100,
                                     .format = PictureFormat::kWebp,
                                     .max_width = 16'384,
                                     .max_height = 1,
                                     .max_bytes = 1ULL << 30}));
  EXPECT_EQ(options->webhook_url, "https://example.com/hook");
  EXPECT_TRUE(options->skip_invalid_rows);
}

TEST(UploadForm, QualityIsStrict) {
  for (const auto* value : {"", "0", "101", "-5", "+5", " 5", "5 ", "5.0", "0x5", "5e1", "fifty",
                            "99999999999999999999"}) {
    EXPECT_THAT(refusal("quality", value), HasSubstr("quality")) << value;
  }
  EXPECT_EQ(refusal("quality", "AUTO"), R"(quality is a whole number from 1 to 100, or "auto")");
  EXPECT_EQ(refusal("quality", "1"), "");
}

TEST(UploadForm, QualityMayBeChosenForEachPicture) {
  UploadForm form;
  ASSERT_TRUE(form.set("quality", "auto"));
  EXPECT_EQ(form.read(64)->recipe, Recipe{.quality = kQualityAuto});
}

TEST(UploadForm, TheBoundOnBytesIsStrict) {
  for (const auto* value : {"", "0", "1023", "1073741825", "-1", "+5000", "200k", "1e5", "2048.0",
                            "18446744073709551617"}) {
    EXPECT_EQ(refusal("max_bytes", value), "max_bytes is a whole number from 1024 to 1073741824")
        << value;
  }
  EXPECT_EQ(refusal("max_bytes", "1024"), "");
}

TEST(UploadForm, OtherFaults) {
  EXPECT_THAT(refusal("on_invalid", "ignore"), HasSubstr("on_invalid"));
  EXPECT_THAT(refusal("on_invalid", ""), HasSubstr("on_invalid"));
  EXPECT_THAT(refusal("webhook_url", "ftp://example.com"), HasSubstr("webhook_url"));
  EXPECT_EQ(refusal("webhook_url", ""), "");  // a browser's empty field
}

TEST(UploadForm, FormatIsOneOfTheContracts) {
  for (const auto* value : {"keep", "jpeg", "png", "webp", "avif"}) {
    EXPECT_EQ(refusal("format", value), "") << value;
  }
  for (const auto* value : {"", "JPEG", "jpg", "gif", "tiff", "heic", " png", "1"}) {
    EXPECT_EQ(refusal("format", value), R"(format is "keep", "jpeg", "png", "webp" or "avif")");
  }
}

TEST(UploadForm, TheBoxIsStrict) {
  for (const auto* name : {"max_width", "max_height"}) {
    for (const auto* value : {"", "0", "16385", "-5", "+5", " 5", "5 ", "5.0", "0x5", "100px",
                              "4294967297", "99999999999999999999"}) {
      EXPECT_EQ(refusal(name, value), std::string(name) + " is a whole number from 1 to 16384")
          << value;
    }
    EXPECT_EQ(refusal(name, "800"), "");
  }
}

TEST(UploadForm, OtherNamesAreNoOptions) { EXPECT_FALSE(UploadForm::is_option("comment")); }

TEST(UploadForm, TwiceIsOnceTooMuch) {
  UploadForm form;
  ASSERT_TRUE(form.set("quality", "10"));
  EXPECT_FALSE(form.set("quality", "10"));
}

}  // namespace
}  // namespace imgmill
