// GIF. The indices of every frame are packed anew, in busy areas with colours near the source's;
// palettes, rectangles, delays, disposal, transparency and loop stay as they are.
//
// One thread; nothing is kept between calls. Bytes are from outside.
#pragma once

#include "codec_worker/formats/animation.h"

namespace imgmill::codec_worker {

// From the block structure. kCorruptImage when it ends early.
[[nodiscard]] Outcome<PictureInfo> inspect_gif(Bytes source);

// A GIF at `quality` (1..100; from 98 on nothing changes but the packing) without comments and
// foreign application blocks. kCorruptImage.
[[nodiscard]] Outcome<Buffer> compress_gif(Bytes source, int quality);

// The source's own packed frames, as clean. kCorruptImage.
[[nodiscard]] Outcome<Buffer> strip_gif(Bytes source);

// How far a colour may move for the sake of packing: 15 of 255 levels at quality 50, none from 98
// on.
[[nodiscard]] int gif_distance(int quality);

// For a change of format or size: the first frame, RGBA. A GIF says nothing about its colours.
// kCorruptImage.
[[nodiscard]] Outcome<Buffer> decode_gif(Bytes source, PixelSize wanted, RowSink& sink);

// One frame. Grey, RGB, with and without alpha, of which a GIF has one step.
[[nodiscard]] Outcome<Coded> encode_gif(Pixmap picture, Bytes icc, int quality);

// Whether there are several frames; then each, composed.
[[nodiscard]] bool is_animated_gif(Bytes source);
[[nodiscard]] NewAnimationReader read_gif_animation(Bytes source);
// Each frame gets its own colours, and holds only what changed.
[[nodiscard]] Outcome<std::unique_ptr<AnimationWriter>> write_gif_animation(PixelSize size,
                                                                            int plays, int quality);

}  // namespace imgmill::codec_worker
