// What the bytes are, told from the bytes: never from a name or a header of the transport.
#pragma once

#include "codec_worker/formats/bytes.h"
#include "codec_worker/formats/outcome.h"
#include "model/recipe.h"

namespace imgmill::codec_worker {

// kEmptyBody for no bytes; kUnsupportedFormat, with its name, for a picture we do not take;
// kNotAnImage, saying what it looks like, for everything else.
[[nodiscard]] Outcome<PictureFormat> sniff(Bytes source);

}  // namespace imgmill::codec_worker
