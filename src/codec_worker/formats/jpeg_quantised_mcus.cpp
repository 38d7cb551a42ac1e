#include "codec_worker/formats/jpeg_quantised_mcus.h"

#include <algorithm>

#include "base/check.h"

namespace imgmill::codec_worker {
namespace {

using Requantisations = std::array<JpegRequantisation, kJpegComponentsMax>;

constexpr std::size_t kBlocksAtOnce = kJpegMcusAtOnce * kJpegBlocksPerMcuMax;

JpegRequantisation requantisation_of(const JpegRequantPlan& plan, int component) {
  const auto at = static_cast<std::size_t>(component);
  return JpegRequantisation::make(plan.source[at], plan.target[at], plan.rounding[at]);
}

class SameSampling final : public JpegQuantisedMcus {
 public:
  SameSampling(const JpegRequantPlan& plan, std::unique_ptr<JpegMcus> source)
      : source_(std::move(source)) {
    auto requantisations = std::make_shared<Requantisations>();
    for (int i = 0; i < plan.frame.component_count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const auto& component = plan.frame.components[at];
      (*requantisations)[at] = requantisation_of(plan, i);
      mcu_.insert(mcu_.end(),
                  static_cast<std::size_t>(component.h) * static_cast<std::size_t>(component.v),
                  &(*requantisations)[at]);
    }
    requantisations_ = std::move(requantisations);
  }
  SameSampling(const SameSampling& other)
      : JpegQuantisedMcus(other),
        source_(other.source_->clone()),
        requantisations_(other.requantisations_),
        mcu_(other.mcu_) {}

  JpegQuantisedBlocks next() override {
    const int mcus = source_->next(kJpegMcusAtOnce, room_.blocks.data());
    requantise_jpeg_blocks(mcu_, mcus, room_.blocks.data(), masks_.data());
    return {.mcus = mcus, .blocks = room_.blocks.data(), .masks = masks_.data()};
  }
  [[nodiscard]] std::unique_ptr<JpegQuantisedMcus> clone() const override {
    return std::make_unique<SameSampling>(*this);
  }

 private:
  std::unique_ptr<JpegMcus> source_;
  std::shared_ptr<const Requantisations> requantisations_;
  std::vector<const JpegRequantisation*> mcu_;
  JpegMcuRoom room_;
  std::array<std::uint64_t, kBlocksAtOnce> masks_{};
};

// A row of blocks of one component.
struct BlockRow {
  explicit BlockRow(int count)
      : blocks(static_cast<std::size_t>(count) * kJpegBlockSize),
        masks(static_cast<std::size_t>(count)) {}
  [[nodiscard]] JpegCoefficient* block(int x) { return blocks.data() + x * kJpegBlockSize; }

  std::vector<JpegCoefficient> blocks;
  std::vector<std::uint64_t> masks;
};

class HalvedChroma final : public JpegQuantisedMcus {
 public:
  HalvedChroma(const JpegRequantPlan& plan, std::unique_ptr<JpegMcus> source)
      : source_(std::move(source)),
        across_(plan.frame.mcus_across()),
        down_(plan.frame.mcus_down()),
        luma_(requantisation_of(plan, 0)),
        chroma_{JpegChromaHalving::make(plan.source[1], plan.target[1]),
                JpegChromaHalving::make(plan.source[2], plan.target[2])},
        rows_(6, BlockRow(2 * halved_across())),
        halved_(2, BlockRow(halved_across())) {}
  HalvedChroma(const HalvedChroma& other)
      : JpegQuantisedMcus(other),
        source_(other.source_->clone()),
        across_(other.across_),
        down_(other.down_),
        luma_(other.luma_),
        chroma_(other.chroma_),
        rows_(other.rows_),
        halved_(other.halved_),
        x_(other.x_),
        y_(other.y_) {}

  JpegQuantisedBlocks next() override;
  [[nodiscard]] std::unique_ptr<JpegQuantisedMcus> clone() const override {
    return std::make_unique<HalvedChroma>(*this);
  }

 private:
  [[nodiscard]] int halved_across() const { return (across_ + 1) / 2; }
  // Upper (0) or lower (1) of the two rows that are halved together.
  [[nodiscard]] BlockRow& row(int component, int lower) {
    return rows_[2 * static_cast<std::size_t>(component) + static_cast<std::size_t>(lower)];
  }
  void load_rows();
  void load_row(int lower);
  void repeat_upper_row();
  void gather(std::size_t mcu);

  std::unique_ptr<JpegMcus> source_;
  int across_;
  int down_;
  JpegRequantisation luma_;
  std::array<JpegChromaHalving, 2> chroma_;
  std::vector<BlockRow> rows_;
  std::vector<BlockRow> halved_;
  int x_ = 0;  // of the next MCU to give out; 0: its row is not loaded
  int y_ = 0;  // of the next source row
  JpegMcuRoom room_;
  std::array<std::uint64_t, kBlocksAtOnce> masks_{};
};

// What lies behind the picture's edge is flat, of the average of the block at the edge.
void extend(const JpegCoefficient* edge, JpegCoefficient* block) {
  std::fill_n(block, kJpegBlockSize, JpegCoefficient{0});
  block[0] = edge[0];
}

void HalvedChroma::load_row(int lower) {
  for (int x = 0; x < across_;) {
    const int mcus = source_->next(std::min(kJpegMcusAtOnce, across_ - x), room_.blocks.data());
    CHECK(mcus > 0);  // a source has as many rows as its frame says
    const JpegCoefficient* from = room_.blocks.data();
    for (const int end = x + mcus; x < end; ++x) {
      for (int component = 0; component < 3; ++component, from += kJpegBlockSize) {
        std::copy_n(from, kJpegBlockSize, row(component, lower).block(x));
      }
    }
  }
  if (across_ % 2 == 0) return;
  for (int component = 0; component < 3; ++component) {
    BlockRow& blocks = row(component, lower);
    extend(blocks.block(across_ - 1), blocks.block(across_));
  }
}

void HalvedChroma::repeat_upper_row() {
  for (int component = 0; component < 3; ++component) {
    for (int x = 0; x < 2 * halved_across(); ++x) {
      extend(row(component, 0).block(x), row(component, 1).block(x));
    }
  }
}

void HalvedChroma::load_rows() {
  load_row(0);
  if (++y_ < down_) {
    load_row(1);
    ++y_;
  } else {
    repeat_upper_row();
  }
  for (int i = 0; i < 2; ++i) {
    const auto at = static_cast<std::size_t>(i);
    halve_jpeg_chroma(chroma_[at], row(i + 1, 0).block(0), row(i + 1, 1).block(0), halved_across(),
                      halved_[at].block(0), halved_[at].masks.data());
    const std::array<const JpegRequantisation*, 1> luma{&luma_};
    requantise_jpeg_blocks(luma, 2 * halved_across(), row(0, i).block(0), row(0, i).masks.data());
  }
}

void HalvedChroma::gather(std::size_t mcu) {
  JpegCoefficient* to = room_.blocks.data() + mcu * 6 * kJpegBlockSize;
  std::uint64_t* masks = masks_.data() + mcu * 6;
  const auto give = [&](BlockRow& from, int x) {
    std::copy_n(from.block(x), kJpegBlockSize, to);
    to += kJpegBlockSize;
    *masks++ = from.masks[static_cast<std::size_t>(x)];
  };
  for (int lower = 0; lower < 2; ++lower) {
    give(row(0, lower), 2 * x_);
    give(row(0, lower), 2 * x_ + 1);
  }
  give(halved_[0], x_);
  give(halved_[1], x_);
}

JpegQuantisedBlocks HalvedChroma::next() {
  if (x_ == 0) {
    if (y_ >= down_) return {};
    load_rows();
  }
  int mcus = 0;
  for (; mcus < kJpegMcusAtOnce && x_ < halved_across(); ++mcus, ++x_) {
    gather(static_cast<std::size_t>(mcus));
  }
  if (x_ == halved_across()) x_ = 0;
  return {.mcus = mcus, .blocks = room_.blocks.data(), .masks = masks_.data()};
}

}  // namespace

std::unique_ptr<JpegQuantisedMcus> quantised_jpeg_mcus(const JpegRequantPlan& plan,
                                                       std::unique_ptr<JpegMcus> source) {
  return std::make_unique<SameSampling>(plan, std::move(source));
}

std::unique_ptr<JpegQuantisedMcus> halved_jpeg_mcus(const JpegRequantPlan& plan,
                                                    std::unique_ptr<JpegMcus> source) {
  return std::make_unique<HalvedChroma>(plan, std::move(source));
}

}  // namespace imgmill::codec_worker
