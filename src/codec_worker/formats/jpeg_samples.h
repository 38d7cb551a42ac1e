// For tests: JPEGs of every kind, written by libjpeg from a seed, and their coefficients as libjpeg
// reads them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec_worker/formats/bytes.h"

namespace imgmill::codec_worker::samples {

enum class JpegModel { kGrey, kYcc, kRgb, kCmyk, kYcck };
enum class JpegScans {
  kOne,
  kPerComponent,  // sequential
  kLumaThenChroma,
  kProgressive,      // libjpeg's own script
  kProgressiveBits,  // one bit after the other
  kProgressiveBands,
};

struct JpegKind {
  int width = 40;
  int height = 30;
  JpegModel model = JpegModel::kYcc;
  std::array<std::array<int, 2>, 4> sampling{{{2, 2}, {1, 1}, {1, 1}, {2, 2}}};  // across, down
  JpegScans scans = JpegScans::kOne;
  int quality = 90;
  int restart_interval = 0;  // in MCUs
  bool optimised = false;
  bool arithmetic = false;
  bool jfif = true;  // where the model allows
  unsigned seed = 1;
};
void PrintTo(const JpegKind& kind, std::ostream* out);

[[nodiscard]] Buffer coded(const JpegKind& kind);
// A kind by lot; every model, sampling, script and odd size comes up.
[[nodiscard]] JpegKind random_kind(unsigned seed);

struct JpegComponentData {
  int id = 0;
  int h = 1;
  int v = 1;
  int blocks_across = 0;  // without padding
  int blocks_down = 0;
  std::array<int, 64> steps{};       // by rows
  std::vector<std::int16_t> values;  // 64 a block, by rows
};

struct JpegData {
  int width = 0;
  int height = 0;
  int colour_space = 0;  // libjpeg's
  bool progressive = false;
  long warnings = 0;
  int density_unit = 0;
  int density_x = 0;
  int density_y = 0;
  std::vector<JpegComponentData> components;
};

// As jpeg_read_coefficients() gives them; nullopt when it gives up.
[[nodiscard]] std::optional<JpegData> read_data(Bytes jpeg);

// libjpeg's quantisation table, by rows.
[[nodiscard]] std::array<int, 64> standard_steps(bool chroma, int quality);

}  // namespace imgmill::codec_worker::samples
