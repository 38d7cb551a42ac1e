// ICC profiles, through Little CMS: whether one says something about a picture, and what the
// picture looks like without it. A profile that is broken, too large or of another kind of picture
// says nothing: such a picture is taken for sRGB, as viewers take it.
//
// One thread; nothing is kept between calls. Profiles are from outside.
#pragma once

#include "codec_worker/formats/pixmap.h"

namespace imgmill::codec_worker {

// Profiles of printing presses have some 2 MB; each is parsed for a single picture.
inline constexpr std::size_t kIccBytesMax = 8 << 20;
inline constexpr std::size_t kIccHeaderBytes = 128;

// Once, before the sandbox closes: Little CMS asks for the date, which loads the time zone.
void warm_up_icc();

// Whether the profile is sound and for samples of this model.
[[nodiscard]] bool icc_describes(Bytes icc, PixelModel model);

// The picture in sRGB (grey stays grey, alpha stays). `icc` may be empty; CMYK without a profile is
// taken for ink on white paper.
[[nodiscard]] Pixmap to_srgb(Pixmap picture, Bytes icc);

// What the code points of ITU-T H.273 say, as a profile: empty for sRGB, for what is not known and
// for HDR, whose brightness no ICC profile tells.
[[nodiscard]] Buffer icc_of_code_points(unsigned primaries, unsigned transfer);

// Whether the bytes begin as a profile does, are as many as it says and not more than any device
// needs. What is not sound is dropped everywhere, also where the picture stays as it is.
[[nodiscard]] bool icc_is_sound(Bytes icc);
// The same of a profile in several parts, by its first one and the bytes of all.
[[nodiscard]] bool icc_begins_soundly(Bytes first, std::size_t bytes);

}  // namespace imgmill::codec_worker
