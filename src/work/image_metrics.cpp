#include "work/image_metrics.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "db/words.h"

namespace imgmill {
namespace {

metrics::Histogram stage(std::string_view name) {
  return metrics::histogram({"imgmill_image_stage_duration_seconds",
                             "Time of one image in a stage; wait: for a place among the downloads "
                             "or for a codec child."},
                            metrics::long_waits(), {{"stage", name}});
}

std::string_view word_of(const Outcome& outcome) {
  if (outcome.rendered) return "completed";
  if (outcome.fault->code == FaultCode::kCancelled) return "cancelled";
  return outcome.try_again_at ? "retried" : "failed";
}

}  // namespace

ImageMetrics::ImageMetrics()
    : wait(stage("wait")),
      fetch(stage("fetch")),
      codec(stage("codec")),
      store(stage("store")),
      in_hand(metrics::gauge(
          {"imgmill_images_in_hand", "Images this process has leased and not finished."})),
      fenced_off(metrics::counter({"imgmill_images_fenced_off_total",
                                   "Images whose outcome came after their lease was lost."})),
      outcomes_({"imgmill_images_total",
                 "Distinct images this process has dealt with, by what became of them; retried: "
                 "will be tried again."},
                {"outcome", "reason"}),
      batches_({"imgmill_requests_final_total", "Requests that became final in this process."},
               {"status"}),
      source_bytes_(
          metrics::counter({"imgmill_source_bytes_total", "Bytes of the images completed."})),
      rendition_bytes_(metrics::counter(
          {"imgmill_rendition_bytes_total", "Bytes of what was made of the images completed."})),
      codec_seconds_(metrics::counter(
          {"imgmill_codec_cpu_seconds_total", "CPU time that codec children spent on images."})) {
  static_cast<void>(outcomes_.of({"completed", ""}));
  for (const char* status : {"completed", "failed", "cancelled"}) {
    static_cast<void>(batches_.of({status}));
  }
}

void ImageMetrics::count(const Outcome& outcome) const {
  if (!outcome.rendered) {
    return outcomes_.of({word_of(outcome), reason_of(*outcome.fault)}).add();
  }
  outcomes_.of({"completed", ""}).add();
  source_bytes_.add(static_cast<double>(outcome.rendered->bytes_in));
  rendition_bytes_.add(static_cast<double>(outcome.rendered->bytes_out));
}

void ImageMetrics::count_final(BatchState state) const {
  batches_.of({word_of_final(state)}).add();
}

void ImageMetrics::count_codec_cpu(std::uint32_t us) const { codec_seconds_.add(1e-6 * us); }

const ImageMetrics& image_metrics() {
  static const ImageMetrics metrics;
  return metrics;
}

std::string reason_of(const ImageFault& fault) {
  constexpr std::array kOften{400, 401, 403, 404, 408, 410, 425, 429, 500, 502, 503, 504};
  if (fault.code != FaultCode::kHttpStatus || std::ranges::count(kOften, fault.http_status) > 0) {
    return code_word(fault);
  }
  const int hundreds = fault.http_status / 100;
  return hundreds >= 1 && hundreds <= 5 ? fmt::format("http_{}xx", hundreds) : "http_other";
}

}  // namespace imgmill
