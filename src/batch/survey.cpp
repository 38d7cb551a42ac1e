#include "batch/survey.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <span>

#include "base/limits.h"
#include "base/text.h"
#include "intake/url_index.h"

namespace imgmill {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;

// "img.example.com" of "https://user:pw@IMG.example.com:8080/a.jpg".
std::string host_of(std::string_view url) {
  url.remove_prefix(std::min(url.find("://") + 3, url.size()));
  url = url.substr(0, url.find_first_of("/?#\\"));
  if (const std::size_t at = url.rfind('@'); at != url.npos) url.remove_prefix(at + 1);
  const std::size_t bracket = url.find(']');  // of an IPv6 address
  const std::size_t colon = url.find(':', bracket == url.npos ? 0 : bracket);
  return lower_case(url.substr(0, colon));
}

class Surveyor final : public SheetSink {
 public:
  Result<void> on_header(const SheetHeader&) override { return {}; }

  Result<void> on_row(const SheetRow& row) override {
    if (!row.faults.empty()) return {};
    for (const std::string_view url : row.urls) {
      const std::uint32_t known = urls_.size();
      if (urls_.find_or_add(url, known) == known) add(url);
    }
    return {};
  }

  SheetSurvey finish() const {
    SheetSurvey survey{.distinct_urls = urls_.size(), .hosts = hosts_.size()};
    for (const auto& [host, seen] : seen_) survey.top_hosts.push_back({host, seen.urls});
    std::ranges::sort(survey.top_hosts, [](const HostCount& a, const HostCount& b) {
      return a.urls != b.urls ? a.urls > b.urls : a.host < b.host;
    });
    if (survey.top_hosts.size() > limits::kSurveyedHostsShown) {
      survey.top_hosts.resize(limits::kSurveyedHostsShown);
    }
    survey.sample = sample();
    return survey;
  }

 private:
  struct Seen {  // of one host
    std::uint64_t urls = 0;
    std::vector<std::string> first;  // of the first hosts only
  };

  void add(std::string_view url) {
    const std::string host = host_of(url);
    const std::uint32_t known = hosts_.size();
    const bool is_new = hosts_.find_or_add(host, known) == known;
    if (is_new && seen_.size() < limits::kSurveyedHostsMax) {
      seen_.emplace(host, Seen{});
      if (sampled_.size() < limits::kSampledUrlsMax) sampled_.push_back(host);
    }
    const auto seen = seen_.find(host);
    if (seen == seen_.end()) return;
    ++seen->second.urls;
    const bool is_sampled = std::ranges::find(sampled_, host) != sampled_.end();
    if (is_sampled && seen->second.first.size() < limits::kSampledUrlsMax) {
      seen->second.first.emplace_back(url);
    }
  }

  std::vector<std::string> sample() const {
    std::vector<std::string> chosen;
    for (std::size_t round = 0; round < limits::kSampledUrlsMax; ++round) {
      for (const std::string& host : sampled_) {
        const std::vector<std::string>& first = seen_.at(host).first;
        if (chosen.size() == limits::kSampledUrlsMax) return chosen;
        if (round < first.size()) chosen.push_back(first[round]);
      }
    }
    return chosen;
  }

  UrlIndex urls_;
  UrlIndex hosts_;
  std::map<std::string, Seen> seen_;
  std::vector<std::string> sampled_;  // hosts in the order of their first URL
};

}  // namespace

Result<SheetSurvey> survey_sheet(const std::filesystem::path& csv, SheetRules rules) {
  Surveyor surveyor;
  SheetReader reader(rules, surveyor);
  std::ifstream in(csv, std::ios::binary);
  std::string block(kReadBytes, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    const auto read = std::span(block).first(static_cast<std::size_t>(in.gcount()));
    TRY_VOID(reader.feed(std::as_bytes(read)));
  }
  if (!in.eof()) return fail(ErrorCode::kIo, "the uploaded file could not be read back");
  TRY_VOID(reader.finish());
  return surveyor.finish();
}

}  // namespace imgmill
