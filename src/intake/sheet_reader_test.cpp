#include "intake/sheet_reader.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "intake/recorded_sheet.h"

namespace imgmill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using std::string_literals::operator""s;

const std::string kHeader = "S. No.,Product Name,Input Image Urls\n";

// What every dialect of the same two rows must come to.
void expect_two_products(const RecordedSheet& sheet) {
  EXPECT_EQ(sheet.failure, "");
  EXPECT_EQ(sheet.headers, 1);
  ASSERT_THAT(sheet.rows, SizeIs(2));
  EXPECT_EQ(sheet.rows[0].row, 1U);
  EXPECT_EQ(sheet.rows[0].serial_number, "1");
  EXPECT_EQ(sheet.rows[0].product_name, "Lamp");
  EXPECT_THAT(sheet.rows[0].urls, ElementsAre("http://h/a.jpg", "https://h/b.jpg"));
  EXPECT_THAT(sheet.rows[0].faults, IsEmpty());
  EXPECT_EQ(sheet.rows[1].row, 2U);
  EXPECT_EQ(sheet.rows[1].product_name, "Chair");
  EXPECT_THAT(sheet.rows[1].urls, ElementsAre("http://h/c.jpg"));
  EXPECT_THAT(sheet.rows[1].faults, IsEmpty());
}

// Tells the fault of the one row of `file`, and fails when there is none.
RecordedFault only_fault(const std::string& file, SheetRules rules = {}) {
  const RecordedSheet sheet = read_sheet(file, 0, rules);
  EXPECT_EQ(sheet.failure, "");
  EXPECT_THAT(sheet.rows, SizeIs(1));
  if (sheet.rows.size() != 1) return {};
  EXPECT_THAT(sheet.rows[0].faults, SizeIs(1));
  return sheet.rows[0].faults.empty() ? RecordedFault{} : sheet.rows[0].faults[0];
}

const std::string kProducts =
    "S. No.,Product Name,Input Image Urls\n"
    "1,Lamp,\"http://h/a.jpg, https://h/b.jpg\"\n"
    "2,Chair,http://h/c.jpg\n";

std::string replaced(std::string text, char from, std::string_view to) {
  std::string out;
  for (const char c : text) c == from ? out += to : out += c;
  return out;
}

std::string utf16(std::u16string_view text, bool little, bool with_bom = true) {
  std::string out;
  const auto put = [&](char16_t unit) {
    const char high = static_cast<char>(unit >> 8);
    const char low = static_cast<char>(unit & 0xFF);
    out += little ? low : high;
    out += little ? high : low;
  };
  if (with_bom) put(0xFEFF);
  for (const char16_t unit : text) put(unit);
  return out;
}

const std::u16string kProducts16(kProducts.begin(), kProducts.end());

TEST(Dialect, LineFeeds) {
  const RecordedSheet sheet = read_sheet(kProducts);
  expect_two_products(sheet);
  EXPECT_EQ(sheet.header.delimiter, ',');
  EXPECT_EQ(sheet.header.line_ending, "\n");
  EXPECT_THAT(sheet.header.names, ElementsAre("S. No.", "Product Name", "Input Image Urls"));
}

TEST(Dialect, CarriageReturnsAndLineFeeds) {
  const RecordedSheet sheet = read_sheet(replaced(kProducts, '\n', "\r\n"));
  expect_two_products(sheet);
  EXPECT_EQ(sheet.header.line_ending, "\r\n");
}

TEST(Dialect, CarriageReturnsAloneAsOldMacsWrite) {
  const RecordedSheet sheet = read_sheet(replaced(kProducts, '\n', "\r"));
  expect_two_products(sheet);
  EXPECT_EQ(sheet.header.line_ending, "\r");
}

TEST(Dialect, LastLineWithoutALineBreak) {
  expect_two_products(read_sheet(kProducts.substr(0, kProducts.size() - 1)));
}

TEST(Dialect, ByteOrderMarkOfUtf8IsNotPartOfTheFirstName) {
  const RecordedSheet sheet = read_sheet("\xEF\xBB\xBF" + kProducts);
  expect_two_products(sheet);
  EXPECT_EQ(sheet.header.names[0], "S. No.");
}

TEST(Dialect, Utf16LittleEndian) { expect_two_products(read_sheet(utf16(kProducts16, true))); }

TEST(Dialect, Utf16BigEndian) { expect_two_products(read_sheet(utf16(kProducts16, false))); }

TEST(Dialect, Utf16SurrogatePairsBecomeUtf8) {
  const std::u16string header(kHeader.begin(), kHeader.end());
  const RecordedSheet sheet =
      read_sheet(utf16(header + u"1,\u00FCber \u20AC \U0001F600,http://h/a\n", true), 1);
  ASSERT_THAT(sheet.rows, SizeIs(1));
  EXPECT_EQ(sheet.rows[0].product_name,
            "\xC3\xBC"
            "ber \xE2\x82\xAC \xF0\x9F\x98\x80");
}

TEST(Dialect, SemicolonAndTabAreFoundFromTheHeader) {
  const std::string quoted =
      "S. No.|Product Name|Input Image Urls\n"
      "1|Lamp|http://h/a.jpg, https://h/b.jpg\n"
      "2|Chair|http://h/c.jpg\n";
  const RecordedSheet semicolon = read_sheet(replaced(quoted, '|', ";"));
  expect_two_products(semicolon);
  EXPECT_EQ(semicolon.header.delimiter, ';');
  const RecordedSheet tab = read_sheet(replaced(quoted, '|', "\t"));
  expect_two_products(tab);
  EXPECT_EQ(tab.header.delimiter, '\t');
}

TEST(Dialect, SemicolonWithCommasAndLineBreaksInHeaderNames) {
  const RecordedSheet sheet = read_sheet(
      "\"Size, cm\";\"S. No.\";\"Product Name\";\"Input Image Urls\";\"No\nte\"\r\n"
      "3;1;Lamp;http://h/a;x\r\n");
  EXPECT_EQ(sheet.failure, "");
  EXPECT_EQ(sheet.header.delimiter, ';');
  EXPECT_THAT(sheet.header.names,
              ElementsAre("Size, cm", "S. No.", "Product Name", "Input Image Urls", "No\nte"));
}

// Read with commas, the header would end in the second line: the first that is complete counts.
TEST(Dialect, OfTwoDelimitersThatFitTheShorterHeaderCounts) {
  const std::string file =
      ",S. No.,Product Name,Input Image Urls,;S. No.;Product Name;Input Image Urls;,\"\n"
      "x;1;Lamp;http://h/a;\"\n\"";
  for (const std::size_t piece_bytes : {std::size_t{0}, std::size_t{1}}) {
    const RecordedSheet sheet = read_sheet(file, piece_bytes);
    EXPECT_EQ(sheet.header.delimiter, ';');
    ASSERT_THAT(sheet.rows, SizeIs(1));
    EXPECT_THAT(sheet.rows[0].fields, ElementsAre("x", "1", "Lamp", "http://h/a", "\n"));
  }
}

TEST(Dialect, QuotedFieldsHoldCommasQuotesAndLineBreaks) {
  const RecordedSheet sheet =
      read_sheet(kHeader + "1,\"a \"\"big\"\", red\r\nlamp\",\"http://h/a\"\n");
  ASSERT_THAT(sheet.rows, SizeIs(1));
  EXPECT_EQ(sheet.rows[0].product_name, "a \"big\", red\r\nlamp");
  EXPECT_THAT(sheet.rows[0].faults, IsEmpty());
}

TEST(Dialect, AQuoteInsideAnUnquotedFieldIsACharacter) {
  const RecordedSheet sheet = read_sheet(kHeader + "1,27\" screen,http://h/a\n");
  ASSERT_THAT(sheet.rows, SizeIs(1));
  EXPECT_EQ(sheet.rows[0].product_name, "27\" screen");
}

TEST(Dialect, SpacesAroundAQuotedFieldBelongToNoField) {
  const RecordedSheet sheet = read_sheet(kHeader + "1, \"Lamp\" , \"http://h/a, http://h/b\"\n");
  ASSERT_THAT(sheet.rows, SizeIs(1));
  EXPECT_EQ(sheet.rows[0].product_name, "Lamp");
  EXPECT_THAT(sheet.rows[0].urls, ElementsAre("http://h/a", "http://h/b"));
}

TEST(Dialect, NamesInAnyCaseAndOrderWithSpacesAndExtraColumns) {
  const RecordedSheet sheet = read_sheet(
      " input image URLS ,note,PRODUCT NAME, s. no. \nhttp://h/a,=HYPERLINK(1), Lamp ,7\n");
  EXPECT_EQ(sheet.failure, "");
  ASSERT_THAT(sheet.rows, SizeIs(1));
  EXPECT_EQ(sheet.header.urls_column, 0U);
  EXPECT_EQ(sheet.rows[0].serial_number, "7");
  EXPECT_EQ(sheet.rows[0].product_name, " Lamp ");
  EXPECT_THAT(sheet.rows[0].fields, ElementsAre("http://h/a", "=HYPERLINK(1)", " Lamp ", "7"));
}

TEST(Dialect, BlankLinesAreSkippedAndNotCounted) {
  const RecordedSheet sheet = read_sheet(
      "\n  \n" + kHeader + "\n1,Lamp,http://h/a\n\r\n   \n,,\n , , \n2,Chair,http://h/b\n\n");
  EXPECT_EQ(sheet.failure, "");
  ASSERT_THAT(sheet.rows, SizeIs(2));
  EXPECT_EQ(sheet.rows[1].row, 2U);
  EXPECT_EQ(sheet.rows[1].serial_number, "2");
}

TEST(Dialect, UnnamedColumnsOfSpreadsheetsAreHarmless) {
  const RecordedSheet sheet =
      read_sheet("S. No.,Product Name,Input Image Urls,,\n1,Lamp,http://h/a,,\n");
  EXPECT_EQ(sheet.failure, "");
  ASSERT_THAT(sheet.rows, SizeIs(1));
  EXPECT_THAT(sheet.rows[0].faults, IsEmpty());
}

TEST(Dialect, OutputColumnIsFoundInAnyCase) {
  const RecordedSheet sheet = read_sheet(
      "S. No.,OUTPUT image urls,Product Name,Input Image Urls\n1,http://o/x,Lamp,http://h/a\n");
  EXPECT_EQ(sheet.header.outputs_column, 1U);
  EXPECT_EQ(read_sheet(kProducts).header.outputs_column, static_cast<std::size_t>(-1));
}

TEST(Dialect, SpilledUrlListIsJoined) {
  const RecordedSheet sheet =
      read_sheet(kHeader + "1,Lamp,http://h/a.jpg, https://h/b.jpg,http://h/c.jpg\n");
  ASSERT_THAT(sheet.rows, SizeIs(1));
  EXPECT_THAT(sheet.rows[0].faults, IsEmpty());
  EXPECT_THAT(sheet.rows[0].fields,
              ElementsAre("1", "Lamp", "http://h/a.jpg, https://h/b.jpg,http://h/c.jpg"));
  EXPECT_THAT(sheet.rows[0].urls,
              ElementsAre("http://h/a.jpg", "https://h/b.jpg", "http://h/c.jpg"));
}

TEST(RowFaults, SpilledCellsThatAreNotAllUrls) {
  EXPECT_EQ(only_fault(kHeader + "1,Lamp,http://h/a.jpg,note\n").column, "");
}

TEST(RowFaults, SpilledUrlsWhenTheUrlColumnIsNotTheLast) {
  const RecordedFault fault =
      only_fault("S. No.,Input Image Urls,Product Name\n1,http://h/a,http://h/b,http://h/c\n");
  EXPECT_EQ(fault.column, "");
  EXPECT_THAT(fault.message, HasSubstr("has 4 fields, the header has 3"));
}

TEST(RowFaults, TooFewFields) {
  const RecordedFault fault = only_fault(kHeader + "1,Lamp\n");
  EXPECT_EQ(fault, (RecordedFault{1, "",
                                  "the row has 2 fields, the header has 3: write the delimiter "
                                  "also for empty fields"}));
}

TEST(RowFaults, SerialNumbers) {
  for (const std::string& good :
       std::vector<std::string>{"1", " 12 ", "+5", "-5", "007", "123456789012345678901234567890",
                                "-" + std::string(5'000, '9')}) {
    const RecordedSheet sheet = read_sheet(kHeader + good + ",Lamp,http://h/a\n");
    ASSERT_THAT(sheet.rows, SizeIs(1));
    EXPECT_THAT(sheet.rows[0].faults, IsEmpty()) << good;
    EXPECT_EQ(sheet.rows[0].serial_number, good);
  }
  for (const std::string bad : {"12a", "1.0", "-", "1 2", "0x1", "٣"}) {
    EXPECT_EQ(only_fault(kHeader + bad + ",Lamp,http://h/a\n"),
              (RecordedFault{1, "S. No.", '"' + bad + "\" is not an integer"}));
  }
  EXPECT_EQ(only_fault(kHeader + ",Lamp,http://h/a\n").message, "is empty: write an integer");
}

TEST(RowFaults, NoCellIsQuotedWithCredentials) {
  EXPECT_EQ(only_fault(kHeader + "http://u:secret@h/a,Lamp,http://h/a\n").message,
            "\"http://h/a\" is not an integer");
  const std::string long_one = "http//user:" + std::string(100, 's') + "secret@h/";
  EXPECT_EQ(only_fault(kHeader + "1,Lamp," + long_one + "\n").message,
            "\"http//h/\" must start with http:// or https://");
}

TEST(RowFaults, ProductNameEmptyOrSpaces) {
  for (const std::string name : {"", "  ", "\"\"", "\" \n\""}) {
    EXPECT_EQ(only_fault(kHeader + "1," + name + ",http://h/a\n"),
              (RecordedFault{1, "Product Name", "is empty: write a name"}));
  }
}

TEST(RowFaults, NoUrl) {
  EXPECT_EQ(only_fault(kHeader + "1,Lamp, \n"),
            (RecordedFault{1, "Input Image Urls", "is empty: write at least one URL"}));
}

TEST(RowFaults, EachUrlIsToldByItsPlaceWithoutCredentials) {
  const RecordedSheet sheet =
      read_sheet(kHeader + "1,Lamp,\"http://u:secret@h:0/a,http://h/b,http:///c\"\n");
  ASSERT_THAT(sheet.rows, SizeIs(1));
  ASSERT_THAT(sheet.rows[0].faults, SizeIs(2));
  EXPECT_THAT(sheet.rows[0].faults[0].message, HasSubstr("URL 1: \"http://h:0/a\" has a port"));
  EXPECT_THAT(sheet.rows[0].faults[1].message, HasSubstr("URL 3: \"http:///c\" has no host"));
  EXPECT_THAT(sheet.rows[0].urls, SizeIs(3));
}

TEST(RowFaults, SeveralOfOneRowAreAllToldAndReadingGoesOn) {
  const RecordedSheet sheet = read_sheet(kHeader + "x,,ftp://h/a\n2,Chair,http://h/b\n");
  EXPECT_EQ(sheet.failure, "");
  ASSERT_THAT(sheet.rows, SizeIs(2));
  EXPECT_THAT(sheet.rows[0].faults, SizeIs(3));
  EXPECT_THAT(sheet.rows[1].faults, IsEmpty());
}

TEST(RowFaults, OfOneRowAreBounded) {
  std::string list = "http://";
  for (int i = 0; i < 5'000; ++i) list += ",http://";
  const RecordedSheet sheet = read_sheet(kHeader + "1,Lamp,\"" + list + "\"\n");
  ASSERT_THAT(sheet.rows, SizeIs(1));
  EXPECT_THAT(sheet.rows[0].faults, SizeIs(limits::kReportedRowErrorsMax));
  EXPECT_THAT(sheet.rows[0].urls, SizeIs(5'001));
}

TEST(LocalPaths, AreTakenOnlyWhenAskedFor) {
  const std::string file =
      kHeader + "1,Lamp,\"img/a.jpg,file:///b.jpg,http://h/w_1,h_2.jpg,/c.jpg\"\n";
  const RecordedSheet sheet = read_sheet(file, 0, {.local_paths = true});
  ASSERT_THAT(sheet.rows, SizeIs(1));
  EXPECT_THAT(sheet.rows[0].faults, IsEmpty());
  EXPECT_THAT(sheet.rows[0].urls,
              ElementsAre("img/a.jpg", "file:///b.jpg", "http://h/w_1,h_2.jpg", "/c.jpg"));
  EXPECT_THAT(only_fault(kHeader + "1,Lamp,img/a.jpg\n").message,
              HasSubstr("must start with http:// or https://"));
}

}  // namespace
}  // namespace imgmill
