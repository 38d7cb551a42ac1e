#include "codec_worker/shape/resample.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace imgmill::codec_worker {
namespace {

constexpr double kLobes = 3;
// Averaging alone would leave jagged edges: so much at least is left for Lanczos.
constexpr double kLanczosShrinkMin = 2;

double lanczos(double x) {
  x = std::abs(x);
  if (x < 1e-9) return 1;
  if (x >= kLobes) return 0;
  const double at = std::numbers::pi * x;
  return kLobes * std::sin(at) * std::sin(at / kLobes) / (at * at);
}

// Alpha becomes a factor of the colours: what is not seen has no say in what its neighbours become.
void multiply_alpha(float* pixels, std::size_t count, std::size_t channels) {
  for (std::size_t i = 0; i < count; ++i, pixels += channels) {
    const float alpha = pixels[channels - 1] / 255;
    for (std::size_t c = 0; c + 1 < channels; ++c) pixels[c] *= alpha;
  }
}

void divide_alpha(float* pixels, std::size_t count, std::size_t channels) {
  for (std::size_t i = 0; i < count; ++i, pixels += channels) {
    const float alpha = pixels[channels - 1];
    const float factor = alpha < 0.5F ? 0 : 255 / alpha;
    for (std::size_t c = 0; c + 1 < channels; ++c) pixels[c] *= factor;
  }
}

}  // namespace

AxisPlan::AxisPlan(std::uint32_t size, std::uint32_t wanted) {
  const double shrink = static_cast<double>(size) / wanted;
  box_ = std::max(1U, static_cast<std::uint32_t>(shrink / kLanczosShrinkMin));
  inputs_ = (size + box_ - 1) / box_;
  const double scale = shrink / box_;
  const auto taps_each = static_cast<std::size_t>(2 * kLobes * scale) + 2;
  weights_.reserve(taps_each * wanted);  // the spans into it stay
  taps_.reserve(wanted);
  for (std::uint32_t i = 0; i < wanted; ++i) add_taps((i + 0.5) * scale - 0.5, scale);
}

// Beyond the edge the picture goes on as its last pixel.
void AxisPlan::add_taps(double centre, double scale) {
  const auto last_input = static_cast<std::int64_t>(inputs_) - 1;
  const auto from = static_cast<std::int64_t>(std::ceil(centre - kLobes * scale));
  const auto to = static_cast<std::int64_t>(std::floor(centre + kLobes * scale));
  const std::int64_t first = std::clamp<std::int64_t>(from, 0, last_input);
  const std::int64_t last = std::clamp<std::int64_t>(to, 0, last_input);
  const std::size_t begin = weights_.size();
  weights_.resize(begin + static_cast<std::size_t>(last - first + 1));
  const std::span weights = std::span(weights_).subspan(begin);
  double sum = 0;
  for (std::int64_t i = from; i <= to; ++i) {
    const double weight = lanczos((static_cast<double>(i) - centre) / scale);
    sum += weight;
    const auto at = static_cast<std::size_t>(std::clamp(i, first, last) - first);
    weights[at] += static_cast<float>(weight);
  }
  for (float& weight : weights) weight /= static_cast<float>(sum);
  taps_.push_back({static_cast<std::size_t>(first), weights});
}

std::size_t AxisPlan::taps_max() const {
  std::size_t most = 0;
  for (const Taps& taps : taps_) most = std::max(most, taps.weights.size());
  return most;
}

void Resampler::begin(PixelSize size, PixelModel model) {
  size_ = size;
  model_ = model;
  channels_ = channels_of(model);
  plans_.emplace_back(size.width, wanted_.width);
  plans_.emplace_back(size.height, wanted_.height);
  wide_.resize(size.width * channels_);
  if (plans_[1].box() > 1) sums_.resize(wide_.size());
  const std::size_t input_samples = plans_[0].inputs() * channels_;
  kept_.assign(plans_[1].taps_max(), std::vector<float>(input_samples));
  blended_.resize(input_samples + kRowSlack);
  shrunk_.resize(wanted_.width * channels_ + kRowSlack);
  made_.resize(wanted_.width * channels_);
  sink_.begin(wanted_, model);
}

void Resampler::row(const std::uint8_t* samples) {
  ++rows_seen_;
  const bool averaged = plans_[0].box() > 1 || plans_[1].box() > 1;
  if (!averaged) {
    widen(samples, kept_row(inputs_seen_));
  } else {
    widen(samples, wide_.data());
    ++rows_in_box_;
    if (plans_[1].box() > 1) add_samples(wide_.data(), wide_.size(), sums_.data());
    if (rows_in_box_ < plans_[1].box() && rows_seen_ < size_.height) return;
    average(kept_row(inputs_seen_));
  }
  ++inputs_seen_;
  emit_rows();
}

void Resampler::widen(const std::uint8_t* samples, float* out) const {
  widen_samples(samples, size_.width * channels_, out);
  if (has_alpha(model_)) multiply_alpha(out, size_.width, channels_);
}

void Resampler::average(float* out) {
  const float* row = sums_.empty() ? wide_.data() : sums_.data();
  const std::uint32_t box = plans_[0].box();
  for (std::uint32_t x = 0; x < size_.width; x += box) {
    const std::uint32_t count = std::min(box, size_.width - x);
    const float factor = 1.0F / static_cast<float>(count * rows_in_box_);
    for (std::size_t c = 0; c < channels_; ++c) {
      float sum = 0;
      for (std::uint32_t i = 0; i < count; ++i) sum += row[(x + i) * channels_ + c];
      *out++ = sum * factor;
    }
  }
  std::ranges::fill(sums_, 0.0F);
  rows_in_box_ = 0;
}

// Every row of the result for which the last input has come.
void Resampler::emit_rows() {
  std::vector<const float*> rows;
  while (rows_made_ < wanted_.height) {
    const Taps& taps = plans_[1].taps()[rows_made_];
    if (taps.first + taps.weights.size() > inputs_seen_) return;
    rows.clear();
    for (std::size_t k = 0; k < taps.weights.size(); ++k) rows.push_back(kept_row(taps.first + k));
    blend_rows(rows, taps.weights, blended_.size() - kRowSlack, blended_.data());
    blend_pixels(blended_.data(), channels_, plans_[0].taps(), shrunk_.data());
    narrow(shrunk_.data(), made_.data());
    sink_.row(made_.data());
    ++rows_made_;
  }
}

void Resampler::narrow(float* pixels, std::uint8_t* out) const {
  if (has_alpha(model_)) divide_alpha(pixels, wanted_.width, channels_);
  narrow_samples(pixels, wanted_.width * channels_, out);
}

}  // namespace imgmill::codec_worker
