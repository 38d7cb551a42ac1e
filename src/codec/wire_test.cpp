#include "codec/wire.h"

#include <gtest/gtest.h>

namespace imgmill::codec_wire {
namespace {

const Hello kHello{.arena = {.source_bytes = 1ULL << 40, .reply_bytes = 7},
                   .memory_bytes_max = 0x0102030405060708,
                   .cpu_seconds_max = 99,
                   .parent_pid = 4711,
                   .confine = true};
const Ready kReady{.failed_step = SetupStep::kSeccomp,
                   .error_number = 38,
                   .network_namespace = true,
                   .landlock = false,
                   .seccomp = true};
const Request kRequest{.job = 3,
                       .quality = 50,
                       .source_bytes = 190'000,
                       .pixels_max = 100'000'000,
                       .format = PictureFormat::kAvif,
                       .max_width = 16'384,
                       .max_height = 1,
                       .max_bytes = 1ULL << 30};
const Reply kReply{.job = 3,
                   .kind = ReplyKind::kPicture,
                   .code = 2,
                   .method = 9,
                   .quality = 100,
                   .width = 1'200,
                   .height = 0xffffffff,
                   .cpu_us = 2'050,
                   .bytes = 0xffffffffffffffff};

TEST(Wire, EveryMessageComesBackAsItWas) {
  EXPECT_EQ(decode_hello(encode(kHello)), kHello);
  EXPECT_EQ(decode_ready(encode(kReady)), kReady);
  EXPECT_EQ(decode_request(encode(kRequest)), kRequest);
  EXPECT_EQ(decode_reply(encode(kReply)), kReply);
}

TEST(Wire, ARequestMayKeepTheFormat) {
  Request keep = kRequest;
  keep.format = std::nullopt;
  EXPECT_EQ(decode_request(encode(keep)), keep);
  Message unknown = encode(keep);
  unknown[44] = std::byte{6};
  EXPECT_FALSE(decode_request(unknown));
}

TEST(Wire, IsLittleEndian) {
  const Message message = encode(kRequest);
  EXPECT_EQ(message[0], std::byte{'I'});
  EXPECT_EQ(message[1], std::byte{'M'});
  EXPECT_EQ(message[4], std::byte{3});
  EXPECT_EQ(message[5], std::byte{0});
}

TEST(Wire, OneKindIsNotTakenForAnother) {
  EXPECT_FALSE(decode_reply(encode(kRequest)));
  EXPECT_FALSE(decode_ready(encode(kReply)));
  EXPECT_FALSE(decode_request(encode(kHello)));
  EXPECT_FALSE(decode_hello(encode(kReady)));
}

TEST(Wire, OnlyTheExactLengthIsTaken) {
  const Message message = encode(kReply);
  const std::span<const std::byte> bytes(message);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_reply(bytes.first(length))) << length;
  }
  std::vector<std::byte> longer(bytes.begin(), bytes.end());
  longer.push_back({});
  EXPECT_FALSE(decode_reply(longer));
}

TEST(Wire, UnknownKindsAndStepsAreRefused) {
  Message reply = encode(kReply);
  reply[28] = std::byte{3};
  EXPECT_FALSE(decode_reply(reply));
  Message ready = encode(kReady);
  ready[8] = std::byte{7};
  EXPECT_FALSE(decode_ready(ready));
}

TEST(Wire, OnlyFaultsThatADecoderCanFindTravel) {
  for (const FaultCode code :
       {FaultCode::kNotAnImage, FaultCode::kUnsupportedFormat, FaultCode::kTooManyPixels,
        FaultCode::kCorruptImage, FaultCode::kDoesNotFit}) {
    const auto byte = fault_byte(code);
    ASSERT_TRUE(byte);
    EXPECT_EQ(fault_of_byte(*byte), code);
  }
  EXPECT_FALSE(fault_byte(FaultCode::kCancelled));
  EXPECT_FALSE(fault_byte(FaultCode::kHttpStatus));
  EXPECT_FALSE(fault_of_byte(0));
  EXPECT_FALSE(fault_of_byte(200));
}

TEST(Wire, TheArenaIsWholePagesAndHasRoomForTheReply) {
  const ArenaLayout layout = layout_for(100'001);
  EXPECT_GE(layout.source_bytes, 100'001u);
  EXPECT_EQ(layout.source_bytes % 4'096, 0u);
  EXPECT_GE(layout.reply_bytes, layout.source_bytes);
  EXPECT_EQ(layout.size(), layout.source_bytes + layout.reply_bytes);
}

}  // namespace
}  // namespace imgmill::codec_wire
