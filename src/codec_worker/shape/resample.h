// A picture made smaller, row by row as it comes from its decoder: averaged by whole factors until
// it is less than four times too large, then Lanczos 3, in the picture's own gamma, with alpha
// multiplied in meanwhile. This is how libvips makes thumbnails.
//
// Memory: some dozen rows of the source. One thread.
#pragma once

#include <vector>

#include "codec_worker/formats/pixmap.h"
#include "codec_worker/shape/resample_rows.h"

namespace imgmill::codec_worker {

// How the pixels of one side are made: from inputs of which `box` neighbours were averaged.
class AxisPlan {
 public:
  // 1 ≤ wanted ≤ size.
  AxisPlan(std::uint32_t size, std::uint32_t wanted);
  AxisPlan(AxisPlan&&) = default;
  AxisPlan& operator=(AxisPlan&&) = default;
  AxisPlan(const AxisPlan&) = delete;  // the taps point into the weights
  AxisPlan& operator=(const AxisPlan&) = delete;
  ~AxisPlan() = default;

  [[nodiscard]] std::uint32_t box() const { return box_; }
  [[nodiscard]] std::uint32_t inputs() const { return inputs_; }
  [[nodiscard]] std::span<const Taps> taps() const { return taps_; }
  [[nodiscard]] std::size_t taps_max() const;

 private:
  void add_taps(double centre, double scale);

  std::uint32_t box_ = 1;
  std::uint32_t inputs_ = 0;
  std::vector<Taps> taps_;
  std::vector<float> weights_;  // what the taps point into
};

class Resampler final : public RowSink {
 public:
  // The rows that will come make a picture of at least this size; `sink` gets the smaller one's.
  Resampler(PixelSize wanted, RowSink& sink) : wanted_(wanted), sink_(sink) {}

  void begin(PixelSize size, PixelModel model) override;
  void row(const std::uint8_t* samples) override;

 private:
  void widen(const std::uint8_t* samples, float* out) const;
  void average(float* out);
  void emit_rows();
  void narrow(float* pixels, std::uint8_t* out) const;
  [[nodiscard]] float* kept_row(std::size_t number) { return kept_[number % kept_.size()].data(); }

  PixelSize wanted_;
  RowSink& sink_;
  PixelSize size_;
  PixelModel model_ = PixelModel::kRgb;
  std::size_t channels_ = 0;
  std::vector<AxisPlan> plans_;           // across, down
  std::vector<float> sums_;               // of the rows that are averaged into one
  std::vector<float> wide_;               // one row of the source
  std::vector<std::vector<float>> kept_;  // the latest inputs of the second step, in a ring
  std::vector<float> blended_;
  std::vector<float> shrunk_;
  std::uint32_t rows_in_box_ = 0;
  std::uint32_t rows_seen_ = 0;
  std::size_t inputs_seen_ = 0;
  std::size_t rows_made_ = 0;
  std::vector<std::uint8_t> made_;  // one row
};

}  // namespace imgmill::codec_worker
