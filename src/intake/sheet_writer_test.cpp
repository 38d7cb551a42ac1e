#include "intake/sheet_writer.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intake/recorded_sheet.h"

namespace imgmill {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// Reads a sheet and writes its results; output i of a row is "o<i>", or "" for the second (failed).
class ResultsSink final : public SheetSink {
 public:
  Result<void> on_header(const SheetHeader& header) override {
    writer_.emplace(header);
    writer_->write_header(text);
    return {};
  }
  Result<void> on_row(const SheetRow& row) override {
    std::vector<std::string> outputs;
    for (std::size_t i = 1; i <= row.urls.size(); ++i) {
      outputs.push_back(i == 2 ? "" : "o" + std::to_string(i));
    }
    writer_->write_row(row, outputs, text);
    return {};
  }
  std::string text;

 private:
  std::optional<SheetWriter> writer_;
};

std::string results_of(const std::string& file) {
  ResultsSink sink;
  SheetReader reader({}, sink);
  EXPECT_TRUE(reader.feed(std::as_bytes(std::span(file))));
  EXPECT_TRUE(reader.finish());
  return sink.text;
}

TEST(SheetWriter, AddsTheOutputsAsTheLastColumn) {
  EXPECT_EQ(results_of("S. No.,Product Name,Input Image Urls\n1,Lamp,http://h/a\n"),
            "S. No.,Product Name,Input Image Urls,Output Image Urls\n1,Lamp,http://h/a,o1\n");
}

TEST(SheetWriter, KeepsThePlaceOfAFailedImage) {
  EXPECT_EQ(
      results_of(
          "S. No.,Product Name,Input Image Urls\n"
          "1,Lamp,\"http://h/a, http://h/b,http://h/c\"\n2,Chair,\"http://h/a,http://h/b\"\n"),
      "S. No.,Product Name,Input Image Urls,Output Image Urls\n"
      "1,Lamp,\"http://h/a, http://h/b,http://h/c\",\"o1,,o3\"\n"
      "2,Chair,\"http://h/a,http://h/b\",\"o1,\"\n");
}

TEST(SheetWriter, ReplacesAnOutputColumnInPlace) {
  EXPECT_EQ(results_of("output image urls,S. No.,Product Name,Input Image Urls\n"
                       "\"old,older\",1,Lamp,http://h/a\n"),
            "output image urls,S. No.,Product Name,Input Image Urls\no1,1,Lamp,http://h/a\n");
}

TEST(SheetWriter, KeepsDelimiterAndLineEnding) {
  EXPECT_EQ(results_of("S. No.;Product Name;Input Image Urls\r\n1;a,b;http://h/a,http://h/b\r\n"),
            "S. No.;Product Name;Input Image Urls;Output Image Urls\r\n"
            "1;a,b;http://h/a,http://h/b;o1,\r\n");
  EXPECT_EQ(results_of("S. No.\tProduct Name\tInput Image Urls\r1\ta\thttp://h/a"),
            "S. No.\tProduct Name\tInput Image Urls\tOutput Image Urls\r1\ta\thttp://h/a\to1\r");
}

TEST(SheetWriter, LeavesValuesAsTheyWere) {
  const std::string header = " s. no. ,Product Name,Input Image Urls,Extra\n";
  const std::string row = " 01 ,  =HYPERLINK(1)  ,  http://h/a , +1 \n";
  EXPECT_EQ(results_of(header + row),
            " s. no. ,Product Name,Input Image Urls,Extra,Output Image Urls\n"
            " 01 ,  =HYPERLINK(1)  ,  http://h/a , +1 ,o1\n");
}

TEST(SheetWriter, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(results_of("S. No.,Product Name,Input Image Urls,\"x,y\"\n"
                       "\"1\",\"say \"\"hi\"\"\",\"http://h/a\",\"two\r\nlines\"\n"),
            "S. No.,Product Name,Input Image Urls,\"x,y\",Output Image Urls\n"
            "1,\"say \"\"hi\"\"\",http://h/a,\"two\r\nlines\",o1\n");
}

TEST(SheetWriter, QuotesAMarkThatWouldBeTakenForTheFilesOwn) {
  const std::string mark = "\xEF\xBB\xBF";
  const std::string results =
      results_of(mark + mark + "x,S. No.,Product Name,Input Image Urls\n1,2,Lamp,http://h/a\n");
  EXPECT_EQ(results.substr(0, 8), "\"" + mark + "x\",S");
}

TEST(SheetWriter, Utf16ComesBackAsUtf8) {
  std::string file = "\xFE\xFF";
  for (const char c : std::string("S. No.,Product Name,Input Image Urls\n1,")) {
    file += {'\0', c};
  }
  file += {'\x20', '\xAC'};
  for (const char c : std::string(",http://h/a\n")) file += {'\0', c};
  EXPECT_EQ(
      results_of(file),
      "S. No.,Product Name,Input Image Urls,Output Image Urls\n1,\xE2\x82\xAC,http://h/a,o1\n");
}

TEST(SheetWriter, OutputsStandInTheirColumnOfRowsWithTooFewOrTooManyFields) {
  EXPECT_EQ(results_of("S. No.,Product Name,Input Image Urls,Note\n"
                       "1\n2,Lamp,http://h/a,n,surplus\n3,Lamp,http://h/a,n\n"),
            "S. No.,Product Name,Input Image Urls,Note,Output Image Urls\n"
            "1,,,,\n2,Lamp,http://h/a,n,o1,surplus\n3,Lamp,http://h/a,n,o1\n");
  EXPECT_EQ(results_of("S. No.,Output Image Urls,Product Name,Input Image Urls\n"
                       "1\n2,old,Lamp,http://h/a,x\n"),
            "S. No.,Output Image Urls,Product Name,Input Image Urls\n"
            "1,,,\n2,o1,Lamp,http://h/a,x\n");
}

TEST(SheetWriter, WritesASpilledListAsOneField) {
  EXPECT_EQ(results_of("S. No.,Product Name,Input Image Urls\n1,Lamp,http://h/a,http://h/b\n"),
            "S. No.,Product Name,Input Image Urls,Output Image Urls\n"
            "1,Lamp,\"http://h/a,http://h/b\",\"o1,\"\n");
}

}  // namespace
}  // namespace imgmill
