#include "app/url_samples.h"

#include <vector>

#include "codec_worker/formats/sniff.h"

namespace imgmill {
namespace {

using codec_worker::SourceFormat;

struct Format {
  std::string_view name;
  std::string_view mime_type;
};

Format format_of(SourceFormat format) {
  if (const auto rendition = codec_worker::as_rendition(format)) {
    return {names_of(*rendition).name, names_of(*rendition).mime_type};
  }
  return format == SourceFormat::kBmp ? Format{"bmp", "image/bmp"} : Format{"heic", "image/heic"};
}

}  // namespace

UrlSample url_sample_of(const Peeked& peeked) {
  UrlSample sample{.http_status = peeked.http_status, .bytes = peeked.whole_bytes};
  if (peeked.outcome.fault) {
    sample.fault = peeked.outcome.fault->fault;
    return sample;
  }
  std::vector<std::byte> front(peeked.outcome.body->size());
  if (!peeked.outcome.body->copy_to(front)) {
    sample.fault = ImageFault{FaultCode::kStorageFailed, "its bytes could not be kept"};
    return sample;
  }
  const auto format = codec_worker::sniff(front);
  if (format) {
    sample.format = format_of(*format).name;
    sample.mime_type = format_of(*format).mime_type;
  } else {
    sample.fault = format.error();
  }
  return sample;
}

}  // namespace imgmill
