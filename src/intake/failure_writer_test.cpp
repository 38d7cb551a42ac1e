#include "intake/failure_writer.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

SheetHeader header(std::vector<std::string> names, char delimiter = ',') {
  SheetHeader out;
  out.names = std::move(names);
  out.delimiter = delimiter;
  out.urls_column = 2;
  return out;
}

std::string row_of(const SheetHeader& header, const std::vector<std::string_view>& fields,
                   const std::vector<UrlFailure>& failures, std::span<const RowFault> faults = {}) {
  SheetRow row;
  row.row = 1;
  row.fields = fields;
  row.faults = faults;
  std::string out;
  FailureWriter(header).write_row(row, failures, out);
  return out;
}

std::string header_of(const SheetHeader& header) {
  std::string out;
  FailureWriter(header).write_header(out);
  return out;
}

const UrlFailure kGone{"https://a/2.jpg", "http_404", "it answered 404"};
const UrlFailure kSlow{"https://a/3.jpg", "timeout", "it took too long, \"really\""};

TEST(FailureWriter, OnlyTheFailedUrlsAndWhy) {
  const SheetHeader three = header({"No", "Name", "Urls", "More"});
  EXPECT_EQ(header_of(three), "No,Name,Urls,More,Error Code,Error\n");
  EXPECT_EQ(row_of(three, {"1", "A, B", "https://a/1.jpg,https://a/2.jpg", "x"}, {kGone}),
            "1,\"A, B\",https://a/2.jpg,x,http_404,it answered 404\n");
  EXPECT_EQ(row_of(three, {"1", "A", "…", "x"}, {kGone, kSlow}),
            "1,A,\"https://a/2.jpg,https://a/3.jpg\",x,\"http_404,timeout\","
            "\"it answered 404; it took too long, \"\"really\"\"\"\n");
}

TEST(FailureWriter, AnInvalidRowKeepsItsListAndAlignsItsErrors) {
  const SheetHeader three = header({"No", "Name", "Urls"});
  const std::vector<RowFault> faults(1);
  const UrlFailure invalid{"", "invalid_url", "no URL"};
  EXPECT_EQ(row_of(three, {"x", "", "nonsense"}, {invalid}, faults),
            "x,,nonsense,invalid_url,no URL\n");
  EXPECT_EQ(row_of(three, {"x"}, {invalid}, faults), "x,,,invalid_url,no URL\n");
  EXPECT_EQ(row_of(three, {"x", "y", "z", "more"}, {invalid}, faults),
            "x,y,z,invalid_url,no URL,more\n");
}

TEST(FailureWriter, TheErrorsOfTheLastTimeAreLeftOut) {
  SheetHeader again = header({"Error", "No", "Urls", " ERROR code ", "Name"}, ';');
  again.line_ending = "\r\n";
  EXPECT_EQ(header_of(again), "No;Urls;Name;Error Code;Error\r\n");
  EXPECT_EQ(row_of(again, {"old", "1", "u", "old", "A"}, {kGone}),
            "1;https://a/2.jpg;A;http_404;it answered 404\r\n");
}

}  // namespace
}  // namespace imgmill
