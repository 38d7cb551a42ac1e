#include "http/multipart.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace imgmill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Collector final : MultipartSink {
  struct Part {
    std::string name;
    std::string data;
    bool ended = false;
    bool operator==(const Part&) const = default;
  };

  Result<void> on_part(const PartHead& head) override {
    parts.push_back({head.name, {}, false});
    return {};
  }
  Result<void> on_data(std::string_view bytes) override {
    EXPECT_FALSE(bytes.empty());
    parts.back().data += bytes;
    return {};
  }
  Result<void> on_part_end() override {
    parts.back().ended = true;
    return {};
  }

  std::vector<Part> parts;
};

using Part = Collector::Part;

struct Parsed {
  std::vector<Part> parts;
  std::string error;
};

Parsed parse(std::string_view body, std::size_t block, std::string_view boundary = "B") {
  Collector collector;
  MultipartParser parser(boundary, collector);
  for (std::size_t at = 0; at < body.size(); at += block) {
    const auto fed = parser.feed(body.substr(at, block));
    if (!fed) return {collector.parts, fed.error().text};
  }
  const auto finished = parser.finish();
  return {collector.parts, finished ? "" : finished.error().text};
}

const std::string kTwoParts =
    "--B\r\n"
    "Content-Disposition: form-data; name=\"quality\"\r\n\r\n"
    "70\r\n"
    "--B\r\n"
    "content-disposition: form-data; name=file; filename=\"a.csv\"\r\n"
    "Content-Type: text/csv\r\n\r\n"
    "a,b\r\n--\r\n--A\r\n\r1\r\n\r\n"
    "--B--\r\n";

TEST(Multipart, TheSamePartsWhateverTheBlocks) {
  for (std::size_t block = 1; block <= kTwoParts.size(); ++block) {
    const Parsed parsed = parse(kTwoParts, block);
    EXPECT_EQ(parsed.error, "");
    EXPECT_THAT(parsed.parts, ElementsAre(Part{"quality", "70", true},
                                          Part{"file", "a,b\r\n--\r\n--A\r\n\r1\r\n", true}))
        << block;
  }
}

TEST(Multipart, EmptyPartsWithAndWithoutTheirOwnLineBreak) {
  const std::string head = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
  for (const std::string& body : {head + "\r\n--B--", head + "--B--"}) {
    for (std::size_t block : {std::size_t{1}, body.size()}) {
      EXPECT_THAT(parse(body, block).parts, ElementsAre(Part{"a", "", true}));
    }
  }
}

TEST(Multipart, DataThatBeginsLikeABoundary) {
  const std::string head = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
  for (std::size_t block = 1; block < 8; ++block) {
    EXPECT_THAT(parse(head + "-x\r\n-\r\n--\r--B\r\n--B--", block).parts,
                ElementsAre(Part{"a", "-x\r\n-\r\n--\r--B", true}));
  }
}

TEST(Multipart, PreambleEpilogueAndPaddingAreSkipped) {
  const std::string body =
      "hello\r\n--B \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n--B junk";
  for (std::size_t block : {std::size_t{1}, body.size()}) {
    const Parsed parsed = parse(body, block);
    EXPECT_EQ(parsed.error, "");
    EXPECT_THAT(parsed.parts, ElementsAre(Part{"a", "1", true}));
  }
}

TEST(Multipart, NoPartsAtAll) { EXPECT_EQ(parse("--B--\r\n", 3).error, ""); }

TEST(Multipart, WhatIsCutOffIsRefusedAtEveryByte) {
  const std::size_t whole = kTwoParts.size() - 2;  // the last line break is not needed
  for (std::size_t size = 0; size < whole; ++size) {
    EXPECT_NE(parse(kTwoParts.substr(0, size), 64).error, "") << size;
  }
}

TEST(Multipart, AnotherBoundaryThanSaid) {
  EXPECT_THAT(parse(kTwoParts, 1'000, "C").error, HasSubstr("does not begin with the boundary"));
}

TEST(Multipart, PartsNeedAHeadAndAName) {
  EXPECT_THAT(parse("--B\r\n\r\nx\r\n--B--", 100).error, HasSubstr("Content-Disposition"));
  EXPECT_THAT(parse("--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--", 100).error,
              HasSubstr("no name"));
  EXPECT_THAT(parse("--B\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--B--", 100).error,
              HasSubstr("form-data"));
}

TEST(Multipart, NoTransferEncoding) {
  EXPECT_THAT(parse("--B\r\nContent-Disposition: form-data; name=a\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\nAA==\r\n--B--",
                    100)
                  .error,
              HasSubstr("Content-Transfer-Encoding"));
}

TEST(Multipart, BoundaryNotAtALinesEnd) {
  EXPECT_THAT(parse("--Bx\r\n\r\n--B--", 100).error, HasSubstr("line break"));
}

TEST(Multipart, LongHeadsAndManyPartsAreRefused) {
  const std::string head = "--B\r\nContent-Disposition: form-data; name=a\r\nX: " +
                           std::string(limits::kMultipartHeadBytesMax, 'x') + "\r\n\r\n\r\n--B--";
  EXPECT_THAT(parse(head, 1'000).error, HasSubstr("longer than"));
  std::string body;
  for (std::size_t i = 0; i <= limits::kFormPartsMax; ++i) {
    body += "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
  }
  EXPECT_THAT(parse(body + "--B--", 1'000).error, HasSubstr("parts"));
}

TEST(Multipart, TheSinksErrorEndsIt) {
  struct Refuser final : MultipartSink {
    Result<void> on_part(const PartHead&) override { return fail(ErrorCode::kNoSpace, "full"); }
    Result<void> on_data(std::string_view) override { return {}; }
    Result<void> on_part_end() override { return {}; }
  } refuser;
  MultipartParser parser("B", refuser);
  const auto fed = parser.feed(kTwoParts);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, ErrorCode::kNoSpace);
}

TEST(MultipartBoundary, OfTheContentType) {
  EXPECT_FALSE(multipart_boundary("text/csv"));
  EXPECT_FALSE(multipart_boundary(""));
  EXPECT_EQ(**multipart_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(**multipart_boundary("Multipart/Form-Data;charset=utf-8; Boundary=\"a b:c\""), "a b:c");
  EXPECT_FALSE(*multipart_boundary("multipart/form-data"));
  EXPECT_FALSE(*multipart_boundary("multipart/form-data; boundary="));
  EXPECT_FALSE(*multipart_boundary("multipart/form-data; boundary=\"a\r\nb\""));
  EXPECT_FALSE(*multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'a')));
  EXPECT_TRUE(*multipart_boundary("multipart/form-data; boundary=" + std::string(70, 'a')));
}

}  // namespace
}  // namespace imgmill
