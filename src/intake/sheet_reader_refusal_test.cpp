// What breaks a file as a whole: each fault by name, with the sentence a user gets.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "intake/recorded_sheet.h"
#include "intake/sheet_reader.h"

namespace imgmill {
namespace {

using std::string_literals::operator""s;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kHeader = "S. No.,Product Name,Input Image Urls\n";
const std::string kRow = "1,Lamp,http://h/a\n";

std::string failure_of(const std::string& file) {
  const RecordedSheet sheet = read_sheet(file);
  EXPECT_EQ(read_sheet(file, 1).failure, sheet.failure);
  return sheet.failure;
}

TEST(Refused, NulByte) {
  EXPECT_THAT(failure_of(kHeader + kRow + "2,a\0b,http://h/a\n"s),
              HasSubstr("there is a NUL byte in data row 2"));
}

TEST(Refused, BrokenUtf8) {
  for (const std::string bad : {"\xE9", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                                "\xF4\x90\x80\x80", "\xF5", "\x80", "\xE2\x82", "\xF0\x9F\x98"}) {
    EXPECT_THAT(failure_of(kHeader + kRow + "2,a" + bad + "x,http://h/a\n"),
                HasSubstr("the text in data row 2 is not valid UTF-8"))
        << testing::PrintToString(bad);
  }
  EXPECT_THAT(failure_of(kHeader + "1,a\xE2\x82"), HasSubstr("not valid UTF-8"));
}

TEST(Refused, ValidUtf8AtTheEdgesIsNot) {
  for (const std::string good : {"\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                                 "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\x7F"}) {
    EXPECT_EQ(failure_of(kHeader + "1,a" + good + "x,http://h/a\n"), "");
  }
}

TEST(Refused, BrokenUtf16) {
  const std::string bom = "\xFF\xFE";
  const std::string lone_high =
      "\x3D\xD8"
      "a\0"s;
  const std::string lone_low = "\x00\xDE"s;
  for (const std::string& bad : {lone_high, lone_low, "a"s, "\x3D\xD8"s}) {
    EXPECT_THAT(failure_of(bom + bad), HasSubstr("the header is broken UTF-16"));
  }
}

TEST(Refused, Utf16WithoutItsMark) {
  EXPECT_THAT(failure_of("S\0.\0"s), HasSubstr("NUL byte in the header"));
}

TEST(Refused, UnclosedQuote) {
  EXPECT_EQ(failure_of(kHeader + kRow + "2,\"Chair,http://h/a\n3,x,http://h/b\n"),
            "the quote opened in data row 2 is never closed: add the closing quote");
  EXPECT_THAT(failure_of("\"S. No.,Product Name\n"), HasSubstr("opened in the header"));
}

TEST(Refused, TextBehindAClosingQuote) {
  EXPECT_THAT(failure_of(kHeader + "1,\"Lamp\"x,http://h/a\n"),
              HasSubstr("in data row 1 text follows a closing quote"));
  EXPECT_THAT(failure_of("S. No.,\"Product\" Name,Input Image Urls\n"),
              HasSubstr("in the header text follows a closing quote"));
}

TEST(Refused, MissingColumns) {
  EXPECT_THAT(failure_of("S. No.,Product Name\n1,Lamp\n"),
              HasSubstr("the column \"Input Image Urls\" is missing"));
  EXPECT_THAT(failure_of("S. No.;Product;Urls\n1;Lamp;x\n"),
              HasSubstr("the columns \"Product Name\" and \"Input Image Urls\" are missing"));
  EXPECT_THAT(failure_of("hello"), HasSubstr("\"S. No.\" and \"Product Name\" and"));
}

TEST(Refused, TwoColumnsOfOneName) {
  EXPECT_THAT(failure_of("S. No.,Product Name,Input Image Urls,PRODUCT name \n1,a,http://h/a,b\n"),
              HasSubstr("two columns are named \"Product Name\""));
  EXPECT_THAT(failure_of("S. No.,Product Name,Input Image Urls,Note,note\n1,a,http://h/a,b,c\n"),
              HasSubstr("two columns are named \"Note\""));
}

TEST(Refused, NoDataRow) {
  for (const std::string rest : {"", "\n\n", ",,\n", "  "}) {
    EXPECT_THAT(failure_of(kHeader + rest), HasSubstr("there is no data row"));
  }
  EXPECT_THAT(failure_of("S. No.,Product Name,Input Image Urls"), HasSubstr("no data row"));
}

TEST(Refused, EmptyFile) {
  for (const std::string empty : {"", "\n", "\xEF\xBB\xBF", "\xFF\xFE", " \r\n\r\n"}) {
    EXPECT_THAT(failure_of(empty), HasSubstr("the file is empty"));
  }
}

TEST(Refused, FilesThatAreNoCsv) {
  EXPECT_THAT(failure_of("PK\x03\x04\x14\0\6\0"s),
              AllOf(HasSubstr("an Excel workbook"), HasSubstr("save the sheet as")));
  EXPECT_THAT(failure_of("\xD0\xCF\x11\xE0\xA1\xB1"), HasSubstr("an old Excel workbook"));
  EXPECT_THAT(failure_of("\x89PNG\r\n\x1A\n"), HasSubstr("a PNG picture"));
  EXPECT_THAT(failure_of("\xFF\xD8\xFF\xE0"), HasSubstr("a JPEG picture"));
  EXPECT_THAT(failure_of("%PDF-1.7\n"), HasSubstr("a PDF document"));
}

TEST(Refused, FieldOverItsBound) {
  const std::string most(limits::kCsvFieldBytesMax, 'x');
  EXPECT_EQ(read_sheet(kHeader + "1," + most + ",http://h/a\n").failure, "");
  EXPECT_THAT(read_sheet(kHeader + "1," + most + "x,http://h/a\n", 4'096).failure,
              HasSubstr("a field in data row 1 is longer than 1048576 bytes"));
}

TEST(Refused, QuoteThatSwallowsTheFile) {
  std::string file = kHeader + kRow + "2,\"Chair,http://h/a\n";
  while (file.size() <= limits::kCsvFieldBytesMax + 200) file += kRow;
  EXPECT_THAT(read_sheet(file).failure,
              AllOf(HasSubstr("opened in data row 2"), HasSubstr("closing quote missing?")));
}

TEST(Refused, RowOverItsBound) {
  const std::string half(limits::kCsvFieldBytesMax, 'x');
  EXPECT_THAT(read_sheet(kHeader + half + ',' + half + ",x\n").failure,
              HasSubstr("data row 1 is longer than 2097152 bytes"));
}

TEST(Refused, MoreFieldsThanAnySheetHas) {
  const std::string commas(limits::kCsvColumnsMax, ',');
  EXPECT_THAT(failure_of(kHeader + '1' + commas + '\n'), HasSubstr("more than 1000 fields"));
  EXPECT_THAT(failure_of(kHeader.substr(0, kHeader.size() - 1) + commas + '\n'),
              HasSubstr("the header has more than 1000 fields"));
}

TEST(Refused, RowsBeforeTheFaultWereTold) {
  EXPECT_THAT(read_sheet(kHeader + kRow + kRow + "\xFF").rows, SizeIs(2));
}

TEST(Refused, StaysRefused) {
  RecordedSheet sheet;
  SheetReader reader({}, sheet);
  const std::string bad = kHeader + "\xFF";
  const Result<void> first = reader.feed(std::as_bytes(std::span(bad)));
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, ErrorCode::kInvalid);
  const Result<void> again = reader.feed(std::as_bytes(std::span(kRow)));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().text, first.error().text);
  EXPECT_FALSE(reader.finish());
  EXPECT_THAT(sheet.rows, IsEmpty());
}

class StoppingSink final : public SheetSink {
 public:
  explicit StoppingSink(int rows) : rows_(rows) {}
  Result<void> on_header(const SheetHeader&) override { return {}; }
  Result<void> on_row(const SheetRow&) override {
    if (rows_-- == 0) return fail(ErrorCode::kNoSpace, "the sink is full");
    return {};
  }

 private:
  int rows_;
};

TEST(Refused, AFailureOfTheSinkEndsTheReading) {
  StoppingSink sink(1);
  SheetReader reader({}, sink);
  const std::string file = kHeader + kRow + kRow + kRow;
  const Result<void> done = reader.feed(std::as_bytes(std::span(file)));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kNoSpace);
  EXPECT_FALSE(reader.finish());
}

}  // namespace
}  // namespace imgmill
