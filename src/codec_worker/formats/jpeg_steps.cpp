#include "codec_worker/formats/jpeg_steps.h"

#include <algorithm>

namespace imgmill::codec_worker {
namespace {

using Square = std::array<std::uint8_t, kJpegBlockSize>;

constexpr Square kLuma{16, 11, 10, 16, 24,  40,  51,  61,   //
                       12, 12, 14, 19, 26,  58,  60,  55,   //
                       14, 13, 16, 24, 40,  57,  69,  56,   //
                       14, 17, 22, 29, 51,  87,  80,  62,   //
                       18, 22, 37, 56, 68,  109, 103, 77,   //
                       24, 35, 55, 64, 81,  104, 113, 92,   //
                       49, 64, 78, 87, 103, 121, 120, 101,  //
                       72, 92, 95, 98, 112, 100, 103, 99};

constexpr Square kChroma{17, 18, 24, 47, 99, 99, 99, 99,  //
                         18, 21, 26, 66, 99, 99, 99, 99,  //
                         24, 26, 56, 99, 99, 99, 99, 99,  //
                         47, 66, 99, 99, 99, 99, 99, 99,  //
                         99, 99, 99, 99, 99, 99, 99, 99,  //
                         99, 99, 99, 99, 99, 99, 99, 99,  //
                         99, 99, 99, 99, 99, 99, 99, 99,  //
                         99, 99, 99, 99, 99, 99, 99, 99};

}  // namespace

JpegSteps standard_jpeg_steps(bool chroma, int quality) {
  const Square& square = chroma ? kChroma : kLuma;
  const int percent = quality < 50 ? 5'000 / quality : 200 - 2 * quality;
  JpegSteps steps{};
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const int step = (square[kJpegZigzag[k]] * percent + 50) / 100;
    steps[k] = static_cast<std::uint16_t>(std::clamp(step, 1, 255));
  }
  return steps;
}

JpegSteps coarser_jpeg_steps(const JpegSteps& source, const JpegSteps& target) {
  JpegSteps steps{};
  std::ranges::transform(source, target, steps.begin(),
                         [](auto a, auto b) { return std::max(a, b); });
  return steps;
}

bool is_jpeg_chroma(JpegColours colours, int component) {
  const bool has_chroma = colours == JpegColours::kYcc || colours == JpegColours::kYcck;
  return has_chroma && (component == 1 || component == 2);
}

}  // namespace imgmill::codec_worker
