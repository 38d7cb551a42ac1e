// Finds where something that rises with the quality passes a border (bytes, likeness), with few
// tries: each is a picture coded. Interpolates where the border should be from what was measured,
// on the scale on which both are nearly straight lines.
//
// Pure. Measures that do not rise everywhere only cost more tries: what it ends with was measured.
#pragma once

#include <optional>

namespace imgmill::codec_worker {

class QualitySearch {
 public:
  struct Range {
    int lowest = 1;
    int highest = 100;
  };
  // `rise`: how much the value is expected to grow while quantisation steps become finer by a
  // factor of e; for the first guess only.
  QualitySearch(Range range, double border, double rise)
      : range_(range), border_(border), rise_(rise) {}

  void tried(int quality, double value);
  // What to try next, from `start` when nothing was tried; nullopt when the border is found.
  [[nodiscard]] std::optional<int> next(int start) const;

  // The highest that was below the border, the lowest that was not; nullopt for none yet.
  [[nodiscard]] std::optional<int> below() const;
  [[nodiscard]] std::optional<int> above() const;

 private:
  struct Try {
    int quality = 0;
    double fineness = 0;
    double value = 0;
  };
  [[nodiscard]] double guess() const;

  Range range_;
  double border_;
  double rise_;
  std::optional<Try> below_;
  std::optional<Try> above_;
  std::optional<Try> before_;  // the try that the newest one replaced on its side
  int same_side_ = 0;          // tries in a row that ended on the side of the newest one
  bool newest_is_above_ = false;
};

}  // namespace imgmill::codec_worker
