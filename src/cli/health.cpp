#include "cli/health.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/version.h"

namespace imgmill::cli {
namespace {

constexpr std::array<const char*, 3> kTextWords{"ok", "warn", "FAIL"};
constexpr std::array<const char*, 3> kJsonWords{"ok", "warn", "fail"};

std::string verdict(const Findings& findings) {
  const auto wrong = std::ranges::count(findings, Health::kFail, &Finding::health);
  const auto warnings = std::ranges::count(findings, Health::kWarn, &Finding::health);
  const std::string rest =
      warnings == 0 ? "" : fmt::format(", {} warning{}", warnings, warnings == 1 ? "" : "s");
  if (wrong == 0) return "all well" + rest;
  return fmt::format("{} {} wrong{}", wrong, wrong == 1 ? "thing is" : "things are", rest);
}

}  // namespace

Health worst_of(const Findings& findings) {
  Health worst = Health::kOk;
  for (const Finding& finding : findings) worst = std::max(worst, finding.health);
  return worst;
}

std::string health_text(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("{:<4}  {:<11}  {}\n", kTextWords.at(std::to_underlying(finding.health)),
                        finding.check, finding.text);
    if (!finding.mend.empty()) text += fmt::format("{:<19}{}\n", "", finding.mend);
  }
  return text + verdict(findings) + "\n";
}

std::string health_json(const Findings& findings) {
  boost::json::array checks;
  for (const Finding& finding : findings) {
    checks.push_back({{"name", finding.check},
                      {"status", kJsonWords.at(std::to_underlying(finding.health))},
                      {"text", finding.text},
                      {"mend", finding.mend}});
  }
  const boost::json::object object{
      {"status", kJsonWords.at(std::to_underlying(worst_of(findings)))},
      {"version", IMGMILL_VERSION},
      {"checks", std::move(checks)}};
  return boost::json::serialize(object) + "\n";
}

}  // namespace imgmill::cli
