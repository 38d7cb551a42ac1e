#include "cli/summary.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "cli/human_text.h"
#include "intake/url.h"

namespace imgmill::cli {
namespace {

double images_a_second(const Summary& summary) {
  return static_cast<double>(summary.images) / std::max(summary.elapsed.count(), 0.001);
}

// How many went which way, in a page at a time.
Result<void> count_methods(Db& db, BatchKey batch, Summary& summary) {
  constexpr std::uint32_t kPage = 500;
  std::optional<std::uint64_t> next = 0;
  while (next) {
    TRY(const PlacementPage page, db.list_placements(batch, ImageStatus::kCompleted, *next, kPage));
    for (const PlacementDetail& one : page.placements) {
      if (one.rendered) ++summary.by_method.at(std::to_underlying(one.rendered->method));
    }
    next = page.next;
  }
  return {};
}

std::string methods_text(const Summary& summary) {
  std::string text;
  for (std::size_t i = 0; i < kMethodNames.size(); ++i) {
    if (summary.by_method[i] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", summary.by_method[i], kMethodNames[i]);
  }
  return text.empty() ? text : "made by: " + text + "\n";
}

boost::json::object methods_json(const Summary& summary) {
  boost::json::object methods;
  for (std::size_t i = 0; i < kMethodNames.size(); ++i) {
    if (summary.by_method[i] > 0) methods[kMethodNames[i]] = summary.by_method[i];
  }
  return methods;
}

}  // namespace

Result<Summary> summarise(const Batch& batch, Db& db) {
  TRY(std::vector<PlacementFailure> failures, db.list_failures(batch.key, 0, kFailuresShown));
  Summary summary{.images = batch.counts.placements,
                  .failed = batch.counts.failed,
                  .bytes_in = batch.counts.bytes_in,
                  .bytes_out = batch.counts.bytes_out,
                  .elapsed = batch.finished_at.value_or(batch.updated_at) - batch.created_at,
                  .failures = std::move(failures)};
  TRY_VOID(count_methods(db, batch.key, summary));
  return summary;
}

std::string as_text(const Summary& summary, const std::filesystem::path& results) {
  std::string text = fmt::format(
      "{}: {} compressed, {} failed\n{} in, {} out, {} saved\n"
      "{:.1f} s, {:.1f} images a second\n",
      images_text(summary.images), summary.images - summary.failed, summary.failed,
      human_bytes(summary.bytes_in), human_bytes(summary.bytes_out),
      saved_share(summary.bytes_in, summary.bytes_out), summary.elapsed.count(),
      images_a_second(summary));
  text += methods_text(summary);
  if (summary.failed > 0) text += "failed:\n";
  for (const PlacementFailure& failure : summary.failures) {
    text += fmt::format("  row {}, image {}  {}  {}\n    {}\n", failure.row, failure.position,
                        code_word(failure.fault), printable(without_credentials(failure.url)),
                        printable(failure.fault.message));
  }
  if (summary.failed > summary.failures.size()) {
    text += fmt::format("  … and {} more\n", summary.failed - summary.failures.size());
  }
  return text + fmt::format("results: {}\n", printable(results.string()));
}

std::string as_json(const Summary& summary, const std::filesystem::path& results) {
  boost::json::array failures;
  for (const PlacementFailure& failure : summary.failures) {
    failures.push_back({{"row", failure.row},
                        {"position", failure.position},
                        {"input_url", without_credentials(failure.url)},
                        {"code", code_word(failure.fault)},
                        {"message", failure.fault.message}});
  }
  // Boost.JSON would write the seconds as 4.328E-2.
  return fmt::format(
      R"({{"total_images":{},"failed_images":{},"bytes_in":{},"bytes_out":{},)"
      R"("seconds":{:.3f},"results_csv":{},"methods":{},"failures":{}}})"
      "\n",
      summary.images, summary.failed, summary.bytes_in, summary.bytes_out, summary.elapsed.count(),
      boost::json::serialize(boost::json::value(results.string())),
      boost::json::serialize(methods_json(summary)), boost::json::serialize(failures));
}

}  // namespace imgmill::cli
