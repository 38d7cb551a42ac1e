// The four inner loops of the resampler, in the widest vectors this machine has (Highway chooses at
// run time, by CPUID alone). Results differ between machines by the rounding of float only.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace imgmill::codec_worker {

// What one row or pixel of a result is made of: `weights` for the inputs from `first` on.
struct Taps {
  std::size_t first = 0;
  std::span<const float> weights;
};

// Rows that blend_pixels() reads and writes have room for so many floats more.
inline constexpr std::size_t kRowSlack = 4;

void widen_samples(const std::uint8_t* samples, std::size_t count, float* out);
void add_samples(const float* samples, std::size_t count, float* sums);
// Rounded and clamped to 0..255.
void narrow_samples(const float* samples, std::size_t count, std::uint8_t* out);

// out[i] = sum over k of weights[k] × rows[k][i]. As many rows as weights.
void blend_rows(std::span<const float* const> rows, std::span<const float> weights,
                std::size_t count, float* out);

// One pixel of `out` for each of `taps`, from the pixels of `row`; both have 1..4 channels.
void blend_pixels(const float* row, std::size_t channels, std::span<const Taps> taps, float* out);

}  // namespace imgmill::codec_worker
