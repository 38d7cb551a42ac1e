// Animated WebP, frame by frame, through libwebp's own composer and assembler.
#include <algorithm>
#include <cstdlib>
#include <new>

#include <webp/demux.h>
#include <webp/mux.h>

#include "codec_worker/formats/webp.h"
#include "codec_worker/formats/webp_chunks.h"
#include "codec_worker/formats/webp_coder.h"

namespace imgmill::codec_worker {
namespace {

WebPData data_of(Bytes bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

template <class T, auto Free>
struct Freed {
  void operator()(T* object) const { Free(object); }
};
using Decoder = std::unique_ptr<WebPAnimDecoder, Freed<WebPAnimDecoder, WebPAnimDecoderDelete>>;
using Encoder = std::unique_ptr<WebPAnimEncoder, Freed<WebPAnimEncoder, WebPAnimEncoderDelete>>;

class Reader final : public AnimationReader {
 public:
  Reader(Decoder decoder, PixelSize size, Bytes animation, Bytes icc)
      : decoder_(std::move(decoder)), size_(size), icc_(icc.begin(), icc.end()) {
    ByteReader reader(animation);
    reader.skip(4);  // the background, which viewers ignore
    plays_ = static_cast<int>(reader.le16());
  }

  Outcome<std::optional<AnimationFrame>> next() override {
    if (WebPAnimDecoderHasMoreFrames(decoder_.get()) == 0) return std::nullopt;
    std::uint8_t* canvas = nullptr;
    int end_ms = 0;
    if (WebPAnimDecoderGetNext(decoder_.get(), &canvas, &end_ms) == 0) {
      return corrupt("a frame of the WebP is cut off or damaged");
    }
    AnimationFrame frame{Pixmap(size_, PixelModel::kRgba), end_ms - begun_ms_};
    std::memcpy(frame.picture.samples.data(), canvas, frame.picture.samples.size());
    begun_ms_ = end_ms;
    return frame;
  }
  [[nodiscard]] int plays() const override { return plays_; }
  [[nodiscard]] Buffer icc() const override { return icc_; }

 private:
  Decoder decoder_;
  PixelSize size_;
  Buffer icc_;
  int plays_ = 0;
  int begun_ms_ = 0;
};

class Writer final : public AnimationWriter {
 public:
  Writer(Encoder encoder, Buffer icc, int quality)
      : encoder_(std::move(encoder)), icc_(std::move(icc)), config_(lossy_webp(quality)) {}

  Outcome<void> add(AnimationFrame frame) override {
    WebpCoder coder;
    WebPPicture& picture = coder.picture();
    picture.use_argb = 1;
    picture.width = static_cast<int>(frame.picture.size.width);
    picture.height = static_cast<int>(frame.picture.size.height);
    if (WebPPictureImportRGBA(&picture, frame.picture.samples.data(),
                              static_cast<int>(frame.picture.row_samples())) == 0) {
      throw std::bad_alloc();
    }
    if (WebPAnimEncoderAdd(encoder_.get(), &picture, at_ms_, &config_) == 0) return failed();
    at_ms_ += frame.delay_ms;
    return {};
  }

  Outcome<Buffer> finish() override {
    if (WebPAnimEncoderAdd(encoder_.get(), nullptr, at_ms_, nullptr) == 0) return failed();
    WebPData data{};
    if (WebPAnimEncoderAssemble(encoder_.get(), &data) == 0) return failed();
    Buffer out(reinterpret_cast<const std::byte*>(data.bytes),
               reinterpret_cast<const std::byte*>(data.bytes) + data.size);
    WebPDataClear(&data);
    if (icc_.empty()) return out;
    auto file = parse_webp(out);
    if (!file) return std::unexpected(file.error());
    file->icc = icc_;
    return write_webp(*file);
  }

 private:
  static std::unexpected<ImageFault> failed() {
    return corrupt("the animation cannot be coded as WebP");
  }

  Encoder encoder_;
  Buffer icc_;
  WebPConfig config_;
  int at_ms_ = 0;
};

}  // namespace

bool is_animated_webp(Bytes source) {
  const auto file = parse_webp(source);
  return file && file->animated();
}

NewAnimationReader read_webp_animation(Bytes source) {
  const auto file = parse_webp(source);
  if (!file) return std::unexpected(file.error());
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0) std::abort();
  options.color_mode = MODE_RGBA;
  options.use_threads = 0;
  const WebPData data = data_of(source);
  Decoder decoder(WebPAnimDecoderNew(&data, &options));
  if (!decoder) return corrupt("the WebP's animation is cut off or damaged");
  return std::make_unique<Reader>(std::move(decoder), PixelSize{file->width, file->height},
                                  file->animation, file->icc);
}

Outcome<std::unique_ptr<AnimationWriter>> write_webp_animation(PixelSize size, int plays,
                                                               Buffer icc, int quality) {
  if (std::max(size.width, size.height) > kWebpSideMax) return webp_too_large();
  WebPAnimEncoderOptions options;
  if (WebPAnimEncoderOptionsInit(&options) == 0) std::abort();
  options.anim_params.loop_count = plays;
  options.allow_mixed = 1;  // each frame lossy or lossless, whichever is smaller
  Encoder encoder(
      WebPAnimEncoderNew(static_cast<int>(size.width), static_cast<int>(size.height), &options));
  if (!encoder) throw std::bad_alloc();
  return std::make_unique<Writer>(std::move(encoder), std::move(icc), quality);
}

}  // namespace imgmill::codec_worker
