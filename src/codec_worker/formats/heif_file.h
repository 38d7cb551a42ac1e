// What AVIF and HEIC share: libheif's objects with owners, and the way into a file.
//
// One thread. Bytes are from outside and stay until the context is gone.
#pragma once

#include <memory>

#include <libheif/heif.h>

#include "codec_worker/formats/outcome.h"

namespace imgmill::codec_worker {

template <class T, auto Free>
struct HeifFreed {
  void operator()(T* object) const { Free(object); }
};
using HeifContext = std::unique_ptr<heif_context, HeifFreed<heif_context, heif_context_free>>;
using HeifHandle =
    std::unique_ptr<heif_image_handle, HeifFreed<heif_image_handle, heif_image_handle_release>>;
using HeifImage = std::unique_ptr<heif_image, HeifFreed<heif_image, heif_image_release>>;

// kCorruptImage for an error. Throws std::bad_alloc when it was that.
[[nodiscard]] Outcome<void> judge_heif(const heif_error& error);

// Decodes in this one thread.
[[nodiscard]] HeifContext new_heif_context();

struct HeifFile {
  HeifContext context;
  HeifHandle primary;
};
// kCorruptImage.
[[nodiscard]] Outcome<HeifFile> open_heif(Bytes source);

// Size as shown. kCorruptImage.
[[nodiscard]] Outcome<PictureInfo> inspect_heif(const HeifFile& file, SourceKind kind);

// Coded by libaom in this one thread; `full_chroma`: 4:4:4.
[[nodiscard]] Outcome<Buffer> encode_av1(heif_image* image, int quality, bool full_chroma);

}  // namespace imgmill::codec_worker
