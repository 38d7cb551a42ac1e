#include "codec/reply_check.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/wire.h"

namespace imgmill {
namespace {

using codec_wire::Reply;
using codec_wire::ReplyKind;

constexpr ReplyBounds kBounds{.job = 5, .pixels_max = 10'000, .cpu_us_max = 1'000'000};

std::vector<std::byte> area_with(std::string_view text) {
  std::vector<std::byte> area(1'000);
  std::ranges::transform(text, area.begin(), [](char c) { return static_cast<std::byte>(c); });
  return area;
}

Reply picture_reply() {
  return {.job = 5,
          .kind = ReplyKind::kPicture,
          .code = static_cast<std::uint8_t>(PictureFormat::kJpeg),
          .width = 100,
          .height = 100,
          .cpu_us = 2'050,
          .bytes = 4};
}

std::expected<CodecOutcome, std::string_view> take(const Reply& reply, std::string_view text) {
  const auto area = area_with(text);
  return take_reply(codec_wire::encode(reply), area, kBounds);
}

Reply fault_reply(std::uint64_t bytes) {
  return {.job = 5,
          .kind = ReplyKind::kFault,
          .code = *codec_wire::fault_byte(FaultCode::kCorruptImage),
          .bytes = bytes};
}

TEST(ReplyCheck, TakesAPicture) {
  const auto taken = take(picture_reply(), "\xff\xd8\xff\xe0");
  ASSERT_TRUE(taken);
  ASSERT_TRUE(taken->rendition);
  EXPECT_FALSE(taken->fault);
  EXPECT_EQ(taken->rendition->bytes.size(), 4u);
  EXPECT_EQ(taken->rendition->format, PictureFormat::kJpeg);
  EXPECT_EQ(taken->rendition->width, 100u);
  EXPECT_EQ(taken->rendition->codec_cpu_us, 2'050u);
}

TEST(ReplyCheck, RefusesWhatTheRecipeDidNotAskFor) {
  const auto area = area_with("\xff\xd8\xff\xe0");
  const auto message = codec_wire::encode(picture_reply());
  const auto taken = [&](const Recipe& recipe) {
    ReplyBounds bounds = kBounds;
    bounds.recipe = recipe;
    return take_reply(message, area, bounds).has_value();
  };
  EXPECT_TRUE(taken({.format = PictureFormat::kJpeg, .max_width = 100, .max_height = 100}));
  EXPECT_FALSE(taken({.format = PictureFormat::kPng}));
  EXPECT_FALSE(taken({.max_width = 99}));
  EXPECT_FALSE(taken({.max_height = 99}));
  EXPECT_TRUE(taken({.max_bytes = 4}));
  EXPECT_FALSE(taken({.max_bytes = 3}));
}

TEST(ReplyCheck, TakesNoQualityAboveTheRecipes) {
  const auto area = area_with("\xff\xd8\xff\xe0");
  const auto taken = [&](std::uint8_t quality, int asked) {
    Reply reply = picture_reply();
    reply.quality = quality;
    ReplyBounds bounds = kBounds;
    bounds.recipe.quality = asked;
    return take_reply(codec_wire::encode(reply), area, bounds);
  };
  EXPECT_EQ(taken(70, 70)->rendition->quality, 70);
  EXPECT_EQ(taken(0, 70)->rendition->quality, 0);
  EXPECT_FALSE(taken(71, 70));
  EXPECT_TRUE(taken(100, kQualityAuto));
  EXPECT_FALSE(taken(101, kQualityAuto));
}

TEST(ReplyCheck, TakesEveryMethodAndNoOther) {
  Reply reply = picture_reply();
  reply.method = static_cast<std::uint8_t>(RenderMethod::kConvertedResized);
  const auto taken = take(reply, "\xff\xd8\xff\xe0");
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->rendition->method, RenderMethod::kConvertedResized);
  ++reply.method;
  EXPECT_FALSE(take(reply, "\xff\xd8\xff\xe0"));
}

TEST(ReplyCheck, TakesEveryFormatByItsFirstBytes) {
  const std::array<std::string, 6> beginnings{"\xff\xd8\xff", "\x89PNG\r\n\x1a\n",
                                              "RIFF....WEBP", "GIF89a",
                                              "....ftypavif", std::string("II*\0", 4)};
  for (std::uint8_t format = 0; format < beginnings.size(); ++format) {
    Reply reply = picture_reply();
    reply.code = format;
    reply.bytes = beginnings[format].size();
    EXPECT_TRUE(take(reply, beginnings[format])) << int{format};
    EXPECT_FALSE(take(reply, "<script>alert(1)</script>")) << int{format};
    reply.bytes = 1;
    EXPECT_FALSE(take(reply, beginnings[format])) << int{format};
  }
}

TEST(ReplyCheck, RefusesWhatCannotBe) {
  const auto refused = [](auto change) {
    Reply reply = picture_reply();
    change(reply);
    return !take(reply, "\xff\xd8\xff\xe0");
  };
  EXPECT_TRUE(refused([](Reply& reply) { reply.job = 4; }));
  EXPECT_TRUE(refused([](Reply& reply) { reply.code = 6; }));
  EXPECT_TRUE(refused([](Reply& reply) { reply.bytes = 0; }));
  EXPECT_TRUE(refused([](Reply& reply) { reply.bytes = 1'001; }));
  EXPECT_TRUE(refused([](Reply& reply) { reply.bytes = ~std::uint64_t{0}; }));
  EXPECT_TRUE(refused([](Reply& reply) { reply.width = 0; }));
  EXPECT_TRUE(refused([](Reply& reply) { reply.height = 101; }));
  EXPECT_TRUE(refused([](Reply& reply) { reply.width = reply.height = 0xffffffff; }));
  EXPECT_FALSE(refused([](Reply&) {}));
}

TEST(ReplyCheck, RefusesWhatIsNoReply) {
  const auto area = area_with("\xff\xd8\xff");
  EXPECT_FALSE(take_reply({}, area, kBounds));
  auto message = codec_wire::encode(picture_reply());
  message[0] ^= std::byte{1};
  EXPECT_FALSE(take_reply(message, area, kBounds));
}

TEST(ReplyCheck, BoundsTheCpuTimeItIsTold) {
  Reply reply = picture_reply();
  reply.cpu_us = 0xffffffff;
  EXPECT_EQ(take(reply, "\xff\xd8\xff\xe0")->rendition->codec_cpu_us, 1'000'000u);
}

TEST(ReplyCheck, AMessageIsPrintableAscii) {
  const auto taken = take(fault_reply(12), "bad\x1b[2J\n\xff\0end");
  ASSERT_TRUE(taken);
  ASSERT_TRUE(taken->fault);
  EXPECT_FALSE(taken->rendition);
  EXPECT_EQ(taken->fault->code, FaultCode::kCorruptImage);
  EXPECT_EQ(taken->fault->message, "bad?[2J?????");
}

TEST(ReplyCheck, RefusesALongMessageAndAForeignFault) {
  EXPECT_TRUE(take(fault_reply(limits::kCodecMessageBytesMax), ""));
  EXPECT_FALSE(take(fault_reply(limits::kCodecMessageBytesMax + 1), ""));
  Reply reply = fault_reply(0);
  reply.code = 0;
  EXPECT_FALSE(take(reply, ""));
  reply.code = 99;
  EXPECT_FALSE(take(reply, ""));
}

}  // namespace
}  // namespace imgmill
