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
  EXPECT_EQ(options->recipe.quality, 64);
  EXPECT_EQ(options->webhook_url, std::nullopt);
  EXPECT_FALSE(options->skip_invalid_rows);
}

TEST(UploadForm, EveryOption) {
  UploadForm form;
  ASSERT_TRUE(form.set("quality", "100"));
  ASSERT_TRUE(form.set("on_invalid", "skip"));
  ASSERT_TRUE(form.set("webhook_url", "https://example.com/hook"));
  const auto options = form.read(50);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->recipe.quality, 100);
  EXPECT_EQ(options->webhook_url, "https://example.com/hook");
  EXPECT_TRUE(options->skip_invalid_rows);
}

TEST(UploadForm, QualityIsStrict) {
  for (const auto* value : {"", "0", "101", "-5", "+5", " 5", "5 ", "5.0", "0x5", "5e1", "fifty",
                            "99999999999999999999"}) {
    EXPECT_THAT(refusal("quality", value), HasSubstr("quality")) << value;
  }
  EXPECT_EQ(refusal("quality", "1"), "");
}

TEST(UploadForm, OtherFaults) {
  EXPECT_THAT(refusal("on_invalid", "ignore"), HasSubstr("on_invalid"));
  EXPECT_THAT(refusal("on_invalid", ""), HasSubstr("on_invalid"));
  EXPECT_THAT(refusal("webhook_url", "ftp://example.com"), HasSubstr("webhook_url"));
  EXPECT_EQ(refusal("webhook_url", ""), "");  // a browser's empty field
}

TEST(UploadForm, LaterOptionsAreRefusedByName) {
  for (const auto* name : {"format", "max_width", "max_height"}) {
    EXPECT_TRUE(UploadForm::is_option(name));
    EXPECT_EQ(refusal(name, "1"), std::string(name) + " is not supported yet: leave it out");
  }
  EXPECT_FALSE(UploadForm::is_option("comment"));
}

TEST(UploadForm, TwiceIsOnceTooMuch) {
  UploadForm form;
  ASSERT_TRUE(form.set("quality", "10"));
  EXPECT_FALSE(form.set("quality", "10"));
}

}  // namespace
}  // namespace imgmill
