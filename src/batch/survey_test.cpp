#include "batch/survey.h"

#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace imgmill {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

SheetSurvey survey(std::string_view rows) {
  const auto csv =
      std::filesystem::path(testing::TempDir()) / fmt::format("survey_test.{}.csv", ::getpid());
  std::ofstream(csv, std::ios::trunc) << "S. No.,Product Name,Input Image Urls\n" << rows;
  return survey_sheet(csv, {}).value();
}

TEST(Survey, CountsDistinctUrlsAndHostsOfValidRows) {
  const SheetSurvey found = survey(
      "1,A,\"https://a.test/1.jpg,https://u:p@A.TEST:8080/2.jpg,https://a.test/1.jpg\"\n"
      "2,B,http://[2001:db8::1]:80/3.jpg\n"
      "x,C,https://not.counted/4.jpg\n"
      "4,D,\"https://b.test/w_1,h_2/5.jpg?x=@c.test/\"\n");
  EXPECT_EQ(found.distinct_urls, 4U);
  EXPECT_EQ(found.hosts, 3U);
  ASSERT_THAT(found.top_hosts, SizeIs(3));
  EXPECT_EQ(found.top_hosts[0].host, "a.test");
  EXPECT_EQ(found.top_hosts[0].urls, 2U);
  EXPECT_EQ(found.top_hosts[1].host, "[2001:db8::1]");
  EXPECT_EQ(found.top_hosts[2].host, "b.test");
  EXPECT_THAT(found.sample, ElementsAre("https://a.test/1.jpg", "http://[2001:db8::1]:80/3.jpg",
                                        "https://b.test/w_1,h_2/5.jpg?x=@c.test/",
                                        "https://u:p@A.TEST:8080/2.jpg"));
}

TEST(Survey, TheSampleIsSpreadOverTheHosts) {
  std::string rows;
  for (int i = 0; i < 1'000; ++i) rows += fmt::format("1,A,https://big/{}.jpg\n", i);
  for (int i = 0; i < 30; ++i) rows += fmt::format("1,A,https://h{}/x.jpg\n", i);
  const SheetSurvey found = survey(rows);
  EXPECT_EQ(found.hosts, 31U);
  EXPECT_THAT(found.top_hosts, SizeIs(20));
  EXPECT_THAT(found.sample, SizeIs(20));
  EXPECT_EQ(std::ranges::count_if(found.sample, [](auto& url) { return url.contains("big"); }), 1);
}

}  // namespace
}  // namespace imgmill
