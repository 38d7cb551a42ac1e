// Source bytes + recipe → rendition, in sandboxed children (DESIGN 7). This is the parent's side: a
// pool of children, the wire to them, deadlines. This process never decodes a pixel.
//
// Thread-safe. Callbacks are called once each, from one of the pool's threads, and may take a while
// (hashing, copying). A child that dies, hangs or answers nonsense is replaced; the image is tried
// on a second child and then fails with decoder_crashed (decoder_timeout: at once).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/async.h"
#include "base/spool.h"
#include "model/image_fault.h"
#include "model/recipe.h"

namespace imgmill {

struct Rendition {
  std::vector<std::byte> bytes;
  PictureFormat format = PictureFormat::kJpeg;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  RenderMethod method = RenderMethod::kSourceKept;
  int quality = 0;                 // it was coded at; 0: the source's own picture data
  std::uint32_t codec_cpu_us = 0;  // what the child spent on it, for the bench and the metrics
};

struct CodecOutcome {
  // Exactly one of the two.
  std::optional<Rendition> rendition;
  std::optional<ImageFault> fault;
  // Of its time, what it stood in the queue.
  std::chrono::steady_clock::duration waited{0};
};

class Codec {
 public:
  virtual ~Codec() = default;
  virtual void render(Spool source, Recipe recipe, Callback<CodecOutcome> done) = 0;
};

}  // namespace imgmill
