// Frames of an animation, whole and composed, on their way from one format to another: each as
// large as the canvas, whatever rectangles and blendings its file is made of.
//
// One thread. Readers keep a view of the source.
#pragma once

#include <memory>
#include <optional>

#include "codec_worker/formats/outcome.h"
#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

struct AnimationFrame {
  Pixmap picture;  // RGBA
  int delay_ms = 0;
};

class AnimationReader {
 public:
  virtual ~AnimationReader() = default;
  // nullopt behind the last. kCorruptImage.
  [[nodiscard]] virtual Outcome<std::optional<AnimationFrame>> next() = 0;
  // How often it plays; 0: for ever.
  [[nodiscard]] virtual int plays() const = 0;
  // Empty for none.
  [[nodiscard]] virtual Buffer icc() const = 0;
};

class AnimationWriter {
 public:
  virtual ~AnimationWriter() = default;
  // Frames of one size.
  [[nodiscard]] virtual Outcome<void> add(AnimationFrame frame) = 0;
  [[nodiscard]] virtual Outcome<Buffer> finish() = 0;
};

using NewAnimationReader = Outcome<std::unique_ptr<AnimationReader>>;

// For a target without animation. Returns the ICC profile.
[[nodiscard]] inline Outcome<Buffer> send_first_frame(NewAnimationReader reader, RowSink& sink) {
  if (!reader) return std::unexpected(reader.error());
  auto frame = (*reader)->next();
  if (!frame) return std::unexpected(frame.error());
  if (!*frame) return corrupt("the animation has no frame");
  sink.take(std::move((*frame)->picture));
  return (*reader)->icc();
}

}  // namespace imgmill::codec_worker
