// What a spooled CSV asks for, without taking it in: how many distinct URLs on which hosts, and a
// few of them to look at. Only valid rows count. Memory as for admission: the index of URLs.
//
// Blocks (disk): call it through run_on().
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "intake/sheet_reader.h"

namespace imgmill {

struct HostCount {
  std::string host;  // lower case, without port
  std::uint64_t urls = 0;
};

struct SheetSurvey {
  std::uint64_t distinct_urls = 0;
  std::uint64_t hosts = 0;
  // The limits::kSurveyedHostsShown with the most URLs, most first. Of a sheet with more than
  // limits::kSurveyedHostsMax hosts those that come later are counted above, but not here.
  std::vector<HostCount> top_hosts{};
  // Up to limits::kSampledUrlsMax distinct URLs, one of each host before a second of any.
  std::vector<std::string> sample{};
};

// kInvalid as for SheetReader; kIo when the file cannot be read.
[[nodiscard]] Result<SheetSurvey> survey_sheet(const std::filesystem::path& csv, SheetRules rules);

}  // namespace imgmill
