// Colour chunks of PNG that hold or become an ICC profile.
#pragma once

#include <optional>

#include "codec_worker/formats/bytes.h"

namespace imgmill::codec_worker {

// The data of the first chunk of that type among whole chunks.
[[nodiscard]] std::optional<Bytes> find_png_chunk(Bytes chunks, std::uint32_t type);

// The profile that colour chunks name (iCCP) or describe (cICP); empty for none and for a broken
// one.
[[nodiscard]] Buffer png_icc(Bytes colour_chunks);

// Whether the data of an iCCP chunk hold a sound profile; they are unpacked no further than one may
// be long.
[[nodiscard]] bool is_sound_iccp(Bytes iccp);

// An iCCP chunk; nothing for an empty profile.
void append_png_icc(Buffer& out, Bytes icc);

}  // namespace imgmill::codec_worker
