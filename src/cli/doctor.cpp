// imgmill doctor: everything that a server needs, looked at one by one.
#include <memory>

#include <CLI/CLI.hpp>

#include "app/setting_values.h"
#include "base/log.h"
#include "cli/health.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/setting_flags.h"
#include "cli/verbs.h"

namespace imgmill::cli {
namespace {

struct Flags {
  explicit Flags(CLI::App& verb) : settings(verb) {}
  SettingFlags settings;
  std::string server;
  bool json = false;
};

Findings look(const Flags& flags) {
  Findings findings;
  const auto settings = flags.settings.resolve({});
  if (!settings) {
    findings.push_back(
        {"settings", Health::kFail, settings.error().text, "mend it: nothing else was looked at"});
    return findings;
  }
  log::init(log::Level::kError, settings->log_format);
  if (!flags.server.empty()) return {check_server(flags.server, *settings)};
  check_store(*settings, findings);
  check_codec(*settings, findings);
  check_network(*settings, findings);
  check_host(*settings, findings);
  return findings;
}

int doctor(const Flags& flags) {
  const Findings findings = look(flags);
  const auto printed = print_result(flags.json ? health_json(findings) : health_text(findings));
  if (!printed) return say_error(printed.error());
  return worst_of(findings) == Health::kFail ? kFailed : kAllWell;
}

}  // namespace

Action define_doctor(CLI::App& verb) {
  auto flags = std::make_shared<Flags>(verb);
  verb.add_option_function<std::string>(
          "--server",
          [&server = flags->server](const std::string& text) {
            const auto url = parse_base_url(text);
            if (!url) throw CLI::ValidationError("--server", url.error().text);
            server = *url;
          },
          "look only whether the server at this URL is ready")
      ->type_name("URL");
  verb.add_flag("--json", flags->json, "one JSON object");
  return [flags] { return doctor(*flags); };
}

}  // namespace imgmill::cli
