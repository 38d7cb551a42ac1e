#include "codec_worker/formats/jpeg_requant.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "codec_worker/formats/jpeg_bit_writer.h"
#include "codec_worker/formats/jpeg_header_writer.h"
#include "codec_worker/formats/jpeg_quantised_mcus.h"
#include "codec_worker/formats/jpeg_source.h"
#include "codec_worker/formats/jpeg_steps.h"
#include "codec_worker/formats/jpeg_symbols.h"

namespace imgmill::codec_worker {
namespace {

// One in 256 bytes is 0xff when they are random; coded data have a few more.
constexpr std::uint64_t kStuffedShare = 64;
constexpr std::size_t kHeadBytesMax = 2'048;  // beside the metadata
// What the bit writer asks for beyond what it fills.
constexpr std::size_t kWriterSlack = 48 << 10;

bool is_halved(const JpegSource& source, const JpegRequantOptions& options) {
  return options.halve_full_chroma && options.quality < kFullChromaQuality &&
         source.header().colours() == JpegColours::kYcc && source.frame().full_chroma();
}

JpegRequantPlan plan_of(const JpegSource& source, const JpegRequantOptions& options) {
  JpegRequantPlan plan{.frame = source.frame(), .source = source.steps()};
  const JpegColours colours = source.header().colours();
  for (int i = 0; i < plan.frame.component_count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool chroma = is_jpeg_chroma(colours, i);
    const JpegSteps wanted = standard_jpeg_steps(chroma, options.quality);
    plan.target[at] = coarser_jpeg_steps(plan.source[at], wanted);
    plan.rounding[at] = options.rounding.of(chroma);
  }
  return plan;
}

// With a code for its average and one for its details, of a bit each, in every block.
std::uint64_t coded_bytes_min(const JpegFrame& frame) {
  const auto mcus = static_cast<std::uint64_t>(frame.mcus_across()) *
                    static_cast<std::uint64_t>(frame.mcus_down());
  return mcus * static_cast<std::uint64_t>(frame.blocks_per_mcu()) * 2 / 8;
}

JpegFrame rendition_frame(const JpegSource& source, bool halved) {
  JpegFrame frame = source.frame();
  if (halved) frame.components[0].h = frame.components[0].v = 2;
  return frame;
}

JpegRenditionHead head_of(const JpegSource& source, const JpegRequantPlan& plan, bool halved) {
  return JpegRenditionHead{.frame = rendition_frame(source, halved),
                           .colours = source.header().colours(),
                           .has_adobe = source.header().has_adobe(),
                           .density = source.header().density(),
                           .metadata = source.metadata(),
                           .steps = plan.target};
}

std::vector<JpegBlockPlace> places_of(const JpegRenditionHead& head) {
  std::vector<JpegBlockPlace> places;
  for (int i = 0; i < head.frame.component_count; ++i) {
    const auto& component = head.frame.components[static_cast<std::size_t>(i)];
    places.insert(places.end(),
                  static_cast<std::size_t>(component.h) * static_cast<std::size_t>(component.v),
                  {.component = i, .chroma = is_jpeg_chroma(head.colours, i)});
  }
  return places;
}

// The back end: counts the symbols of all MCUs, and keeps as many of them as memory is granted for.
// The MCUs behind those are decoded a second time, once the codes are known.
class Coder {
 public:
  Coder(std::vector<JpegBlockPlace> places, std::unique_ptr<JpegQuantisedMcus> mcus)
      : places_(std::move(places)),
        mcus_(std::move(mcus)),
        spare_(std::make_unique_for_overwrite<JpegSymbol[]>(JpegSymbolStore::kAppendMax)) {}

  void count();
  [[nodiscard]] const JpegSymbolCounts& counts() const { return counts_; }
  void write(JpegBitWriter& writer);

 private:
  std::vector<JpegBlockPlace> places_;
  std::unique_ptr<JpegQuantisedMcus> mcus_;
  JpegPredictions predictions_{};
  JpegSymbolStore store_;
  std::unique_ptr<JpegSymbol[]> spare_;
  JpegSymbolCounts counts_;
  // From where on symbols are not kept.
  std::unique_ptr<JpegQuantisedMcus> rest_;
  JpegPredictions rest_predictions_{};
};

void Coder::count() {
  while (true) {
    JpegSymbol* room = rest_ == nullptr ? store_.room() : nullptr;
    if (room == nullptr && rest_ == nullptr) {
      rest_ = mcus_->clone();
      rest_predictions_ = predictions_;
    }
    const JpegQuantisedBlocks some = mcus_->next();
    if (some.mcus == 0) return;
    JpegSymbol* out = room != nullptr ? room : spare_.get();
    const std::size_t coded =
        code_jpeg_blocks(places_, some.mcus, some.blocks, some.masks, predictions_, out);
    counts_.add({out, coded});
    if (room != nullptr) store_.append(coded);
  }
}

void Coder::write(JpegBitWriter& writer) {
  for (std::size_t i = 0; i < store_.piece_count(); ++i) writer.write(store_.piece(i));
  while (rest_ != nullptr) {
    const JpegQuantisedBlocks some = rest_->next();
    if (some.mcus == 0) break;
    const std::size_t coded = code_jpeg_blocks(places_, some.mcus, some.blocks, some.masks,
                                               rest_predictions_, spare_.get());
    writer.write({spare_.get(), coded});
  }
  writer.finish();
}

Buffer write_rendition(const JpegRenditionHead& head, Coder& coder, std::size_t bytes_max) {
  const JpegCodeBook book(coder.counts());
  const std::uint64_t coded_bytes = book.coded_bits() / 8;
  Buffer out;
  if (coded_bytes >= bytes_max) return out;
  out.reserve(coded_bytes + coded_bytes / kStuffedShare + head.metadata.size() + kHeadBytesMax +
              kWriterSlack);
  append_jpeg_head(out, head, book);
  JpegBitWriter writer(book, out);
  coder.write(writer);
  append_jpeg_end(out);
  if (out.size() >= bytes_max) out.clear();
  return out;
}

Outcome<std::optional<Buffer>> no_data() {
  return corrupt("the JPEG ends before its picture data");
}

// A header that claims more than the file can hold is cheap to send: no time for it.
Outcome<std::optional<Buffer>> without_gain(JpegSource& jpeg) {
  const auto taken = jpeg.skim();
  if (!taken) return std::unexpected(taken.error());
  if (!*taken) return std::nullopt;
  if (!jpeg.found_data()) return no_data();
  return Buffer{};
}

}  // namespace

Outcome<std::optional<Buffer>> requantise_jpeg(Bytes source, const JpegRequantOptions& options) {
  const std::unique_ptr<JpegSource> opened = JpegSource::open(source);
  if (opened == nullptr) return std::nullopt;
  JpegSource& jpeg = *opened;
  const bool halved = is_halved(jpeg, options);
  if (coded_bytes_min(rendition_frame(jpeg, halved)) >= source.size()) return without_gain(jpeg);
  const auto loaded = jpeg.load();
  if (!loaded) return std::unexpected(loaded.error());
  if (!*loaded) return std::nullopt;
  const JpegRequantPlan plan = plan_of(jpeg, options);
  const JpegRenditionHead head = head_of(jpeg, plan, halved);
  Coder coder(places_of(head), halved ? halved_jpeg_mcus(plan, jpeg.mcus())
                                      : quantised_jpeg_mcus(plan, jpeg.mcus()));
  coder.count();
  if (!jpeg.found_data()) return no_data();
  return write_rendition(head, coder, source.size());
}

}  // namespace imgmill::codec_worker
