#include "codec_worker/choose/quality_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace imgmill::codec_worker {
namespace {

// Beside the steps: keeps the scale from running away where they become fine.
constexpr double kFloorPercent = 40;

// About the logarithm of how fine steps are when they are scaled as libjpeg scales them: over it
// the logarithm of a file's bytes, and what is seen of the loss, are nearly straight lines, those
// of other coders too.
double fineness_of(int quality) {
  const double percent = quality < 50 ? 5'000.0 / quality : 200.0 - 2.0 * quality;
  return -std::log(percent + kFloorPercent);
}

double quality_of(double fineness) {
  const double percent = std::max(std::exp(-fineness) - kFloorPercent, 0.0);
  return percent > 100 ? 5'000 / percent : (200 - percent) / 2;
}

}  // namespace

void QualitySearch::tried(int quality, double value) {
  const bool is_above = value >= border_;
  std::optional<Try>& side = is_above ? above_ : below_;
  same_side_ = (below_ || above_) && is_above == newest_is_above_ ? same_side_ + 1 : 0;
  newest_is_above_ = is_above;
  before_ = std::exchange(side, Try{quality, fineness_of(quality), value});
}

// Where the border should be, as a fineness.
double QualitySearch::guess() const {
  const Try& newest = newest_is_above_ ? *above_ : *below_;
  const std::optional<Try>& other = newest_is_above_ ? below_ : above_;
  const double missing = border_ - newest.value;
  if (other) {
    // A curve keeps a straight line on one side of its border for ever: the other end counts less
    // with each try that it outlives.
    const double beyond = (other->value - border_) * std::pow(0.5, same_side_);
    return newest.fineness + missing * (other->fineness - newest.fineness) / (missing + beyond);
  }
  const double end = fineness_of(newest_is_above_ ? range_.lowest : range_.highest);
  const double rise =
      !before_ ? rise_ : (newest.value - before_->value) / (newest.fineness - before_->fineness);
  // On a flat: half the way to the end, and if that is as flat the end tells whether there is a
  // border at all.
  if (rise <= 0) return same_side_ > 1 ? end : (newest.fineness + end) / 2;
  const double straight = newest.fineness + missing / rise;
  return same_side_ > 1 ? (straight + end) / 2 : straight;
}

std::optional<int> QualitySearch::next(int start) const {
  const int least = below_ ? below_->quality + 1 : range_.lowest;
  const int most = above_ ? above_->quality - 1 : range_.highest;
  if (least > most) return std::nullopt;
  if (!below_ && !above_) return std::clamp(start, least, most);
  return static_cast<int>(std::clamp(std::floor(quality_of(guess())), double(least), double(most)));
}

std::optional<int> QualitySearch::below() const {
  return below_.transform([](const Try& one) { return one.quality; });
}

std::optional<int> QualitySearch::above() const {
  return above_.transform([](const Try& one) { return one.quality; });
}

}  // namespace imgmill::codec_worker
