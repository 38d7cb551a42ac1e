#include "codec_worker/choose/jpeg_likeness.h"

#include <algorithm>

#include "codec_worker/formats/jpeg_requant.h"
#include "codec_worker/formats/jpeg_steps.h"

namespace imgmill::codec_worker {
namespace {

// Enough that another sample gives nearly the same, few enough that a look at each costs no more
// than decoding a megapixel.
constexpr std::uint64_t kBlocksKept = 3'000;

// Spreads what is kept over the picture: every n-th MCU would be a column of some.
bool is_kept(std::uint32_t mcu, std::uint64_t one_in) {
  constexpr std::uint32_t kGolden = 0x9e37'79b9;
  return (std::uint64_t{mcu * kGolden} * one_in) >> 32 == 0;
}

bool is_high(std::size_t k) { return kJpegZigzag[k] % 8 >= 4 || kJpegZigzag[k] / 8 >= 4; }

}  // namespace

JpegLikeness::JpegLikeness(const JpegSource& source)
    : frame_(source.frame()), colours_(source.header().colours()), steps_(source.steps()) {
  for (int i = 0; i < frame_.component_count; ++i) {
    const auto& component = frame_.components[static_cast<std::size_t>(i)];
    places_.insert(places_.end(),
                   static_cast<std::size_t>(component.h) * static_cast<std::size_t>(component.v),
                   i);
  }
}

std::optional<JpegLikeness> JpegLikeness::of(Bytes source) {
  const std::unique_ptr<JpegSource> opened = JpegSource::open(source);
  if (!opened) return std::nullopt;
  const auto loaded = opened->load();
  if (!loaded || !*loaded) return std::nullopt;
  JpegLikeness out(*opened);
  if (!out.read(*opened)) return std::nullopt;
  return out;
}

bool JpegLikeness::read(JpegSource& source) {
  const std::uint64_t mcus =
      std::uint64_t(frame_.mcus_across()) * std::uint64_t(frame_.mcus_down());
  const std::uint64_t one_in = std::max<std::uint64_t>(1, mcus * places_.size() / kBlocksKept);
  const auto reader = source.mcus();
  JpegMcuRoom room;
  std::uint32_t mcu = 0;
  while (true) {
    const int count = reader->next(kJpegMcusAtOnce, room.blocks.data());
    if (count == 0) return source.found_data();  // which the reader knows
    const JpegCoefficient* blocks = room.blocks.data();
    for (const std::uint32_t end = mcu + static_cast<std::uint32_t>(count); mcu < end; ++mcu) {
      if (is_kept(mcu, one_in)) keep(blocks);
      blocks += places_.size() * kJpegBlockSize;
    }
  }
}

void JpegLikeness::keep(const JpegCoefficient* mcu) {
  coefficients_.insert(coefficients_.end(), mcu, mcu + places_.size() * kJpegBlockSize);
  for (const int component : places_) {
    const JpegSteps& steps = steps_[static_cast<std::size_t>(component)];
    BlockCoefficients values{};
    for (std::size_t k = 0; k < values.size(); ++k)
      values[k] = static_cast<float>(mcu[k] * steps[k]);
    blocks_.add(is_jpeg_chroma(colours_, component) ? BlockPlane::kChroma : BlockPlane::kLuma,
                values);
    mcu += kJpegBlockSize;
  }
}

// As the requantiser does it: full chroma loses what only its full resolution can hold.
bool JpegLikeness::is_halved(int component, int quality) const {
  return quality < kFullChromaQuality && colours_ == JpegColours::kYcc && frame_.full_chroma() &&
         is_jpeg_chroma(colours_, component);
}

double JpegLikeness::at(int quality) const {
  std::array<BlockCoefficients, kJpegComponentsMax> scales{};
  std::array<JpegRequantisation, kJpegComponentsMax> requantisations;
  std::vector<const JpegRequantisation*> mcu;
  for (const int component : places_) {
    const auto at = static_cast<std::size_t>(component);
    const bool chroma = is_jpeg_chroma(colours_, component);
    const JpegSteps wanted = standard_jpeg_steps(chroma, quality);
    const JpegSteps target = coarser_jpeg_steps(steps_[at], wanted);
    const bool halved = is_halved(component, quality);
    for (std::size_t k = 0; k < target.size(); ++k) {
      scales[at][k] = halved && is_high(k) ? 0 : static_cast<float>(target[k]);
    }
    requantisations[at] =
        JpegRequantisation::make(steps_[at], target, JpegRequantOptions{}.rounding.of(chroma));
    mcu.push_back(&requantisations[at]);
  }
  std::vector<JpegCoefficient> quantised = coefficients_;
  std::vector<std::uint64_t> masks(blocks_.size());
  requantise_jpeg_blocks(mcu, static_cast<int>(blocks_.size() / places_.size()), quantised.data(),
                         masks.data());
  return blocks_.likeness(kRequantisedLoss, [&](std::size_t i) {
    const auto component = static_cast<std::size_t>(places_[i % places_.size()]);
    const float* scale = scales[component].data();
    const JpegCoefficient* block = quantised.data() + i * kJpegBlockSize;
    BlockCoefficients values;
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = scale[k] * block[k];
    return values;
  });
}

}  // namespace imgmill::codec_worker
