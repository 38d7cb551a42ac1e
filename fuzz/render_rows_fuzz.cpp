// As render_fuzz.cpp, but small pictures go the way of large ones, row by row.
#include "codec_worker/formats/row_writer.h"

namespace imgmill::codec_worker {

bool is_row_wise(std::uint64_t pixels) { return pixels >= 64; }

}  // namespace imgmill::codec_worker
