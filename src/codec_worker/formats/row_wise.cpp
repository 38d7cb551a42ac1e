#include "codec_worker/formats/row_writer.h"

namespace imgmill::codec_worker {

bool is_row_wise(std::uint64_t pixels) { return pixels >= kRowWisePixels; }

}  // namespace imgmill::codec_worker
