// A codec child as a server would start it, and a tiny picture through it in every format.
#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/workers.h"
#include "base/limits.h"
#include "cli/health.h"
#include "cli/tiny_pictures.h"
#include "codec/child.h"

namespace imgmill::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kDeadline = 20s;

Result<std::unique_ptr<Child>> start(const Settings& settings, const Clock& clock) {
  const auto arena = codec_wire::layout_for(settings.max_source_bytes);
  const ChildOptions options{.worker = codec_program(),
                             .arena = arena,
                             .memory_bytes_max = limits::kCodecMemoryBytes + arena.size(),
                             .cpu_max = kDeadline,
                             .sandbox = !settings.insecure_codec_no_sandbox,
                             .stop_fd = -1};
  return Child::start(options, clock);
}

Finding sandbox(const Settings& settings, const codec_wire::Ready& ready) {
  if (settings.insecure_codec_no_sandbox) {
    return {"sandbox", Health::kWarn, "switched off: a hostile image can take over this account",
            "leave --insecure-codec-no-sandbox away"};
  }
  const std::string text =
      fmt::format("seccomp {}, Landlock {}, network namespace {}", ready.seccomp ? "yes" : "no",
                  ready.landlock ? "yes" : "no", ready.network_namespace ? "yes" : "no");
  if (ready.landlock) return {"sandbox", Health::kOk, text};
  return {"sandbox", Health::kWarn, text,
          "Linux 5.13 or newer with Landlock is a second wall behind seccomp"};
}

// The rendition's bytes, or why there is none.
Result<std::string> render(Child& child, std::string_view picture,
                           std::optional<PictureFormat> format) {
  Spool source;
  TRY_VOID(source.append(std::as_bytes(std::span(picture))));
  const ChildJob job{.source = source,
                     .recipe = {.format = format},
                     .pixels_max = 1'000'000,
                     .deadline = kDeadline};
  const auto outcome = child.run(job);
  if (!outcome) return fail(ErrorCode::kInternal, outcome.error().detail);
  if (outcome->fault) return fail(ErrorCode::kInternal, outcome->fault->message);
  const auto& bytes = outcome->rendition->bytes;
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Into the format from another one and, where that is possible, from its own.
Result<void> try_format(Child& child, PictureFormat format) {
  if (format == PictureFormat::kGif) TRY_VOID(render(child, tiny_gif(), std::nullopt));
  if (format == PictureFormat::kTiff) TRY_VOID(render(child, tiny_tiff(), std::nullopt));
  if (std::ranges::find(kTargetFormats, format) == kTargetFormats.end()) return {};
  TRY(const std::string made, render(child, tiny_bmp(), format));
  TRY_VOID(render(child, made, std::nullopt));
  return {};
}

Finding formats(Child& child) {
  std::vector<std::string_view> well;
  for (const FormatNames& names : kFormats) {
    const auto tried = try_format(child, names.format);
    if (!tried) {
      return {"formats", Health::kFail, fmt::format("{}: {}", names.name, tried.error().text),
              "install the picture libraries that this program was built with"};
    }
    well.push_back(names.name);
  }
  return {"formats", Health::kOk, fmt::format("{}", fmt::join(well, ", "))};
}

}  // namespace

void check_codec(const Settings& settings, Findings& findings) {
  const SystemClock clock;
  const auto child = start(settings, clock);
  if (!child) {
    findings.push_back({"codec", Health::kFail,
                        fmt::format("{}: {}", codec_program().string(), describe(child.error())),
                        "imgmill-codec must stand beside imgmill, and the system must offer "
                        "seccomp, user-visible memory and processes"});
    return;
  }
  findings.push_back({"codec", Health::kOk, codec_program().string()});
  findings.push_back(sandbox(settings, (*child)->ready()));
  findings.push_back(formats(**child));
}

}  // namespace imgmill::cli
