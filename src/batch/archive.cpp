#include "batch/archive.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "batch/archive_name.h"
#include "batch/read_out.h"
#include "batch/results_csv.h"
#include "batch/zip_writer.h"

namespace imgmill {
namespace {

constexpr std::string_view kResultsName = "results.csv";
// A rendition no larger has its checksum in front, which pleases every reader.
constexpr std::size_t kBlockBytes = 256 << 10;
constexpr std::uint32_t kPlacementsPage = 500;

// The placements of a batch that have a rendition, page by page.
class OutputCursor {
 public:
  OutputCursor(Db& db, BatchKey batch) : db_(db), batch_(batch) {}

  // nullptr behind the last one.
  Result<const PlacementDetail*> next() {
    while (at_ == page_.size() && next_) {
      TRY(PlacementPage page,
          db_.list_placements(batch_, ImageStatus::kCompleted, *next_, kPlacementsPage));
      page_ = std::move(page.placements);
      next_ = page.next;
      at_ = 0;
    }
    return at_ < page_.size() ? &page_[at_++] : nullptr;
  }

 private:
  Db& db_;
  const BatchKey batch_;
  std::vector<PlacementDetail> page_;
  std::size_t at_ = 0;
  std::optional<std::uint64_t> next_ = 0;
};

// An object from its front to its end.
class ObjectStream {
 public:
  explicit ObjectStream(std::unique_ptr<ObjectReader> reader) : reader_(std::move(reader)) {}

  [[nodiscard]] std::uint64_t size() const { return reader_->size(); }
  [[nodiscard]] Time modified_at() const { return reader_->modified_at(); }
  [[nodiscard]] bool ended() const { return offset_ == size(); }
  Result<void> read(std::string& block) {
    block.resize(std::min<std::uint64_t>(kBlockBytes, size() - offset_));
    TRY(const std::size_t got, reader_->read(offset_, std::as_writable_bytes(std::span(block))));
    if (got < block.size()) return fail(ErrorCode::kCorrupt, "an output is shorter than it was");
    offset_ += got;
    return {};
  }

 private:
  std::unique_ptr<ObjectReader> reader_;
  std::uint64_t offset_ = 0;
};

}  // namespace

class BatchArchive::Impl {
 public:
  Impl(const Batch& batch, std::unique_ptr<ResultsCsv> results, std::filesystem::path spool_folder,
       Db& db, ObjectStore& objects)
      : batch_(batch),
        results_(std::move(results)),
        cursor_(db, batch.key),
        zip_(std::move(spool_folder)),
        db_(db),
        objects_(objects) {}

  Result<void> next_block(std::string& out) {
    out.clear();
    bool more = true;
    while (out.size() < kBlockBytes && more) {
      if (results_) {
        TRY_VOID(write_results(out));
      } else if (!images_done_) {
        TRY_VOID(write_images(out));
      } else {
        const std::size_t before = out.size();
        TRY_VOID(zip_.finish(out));
        more = out.size() > before;
      }
    }
    return {};
  }

 private:
  Result<void> write_results(std::string& out) {
    const Time finished_at = batch_.finished_at.value_or(batch_.updated_at);
    TRY(const bool more, read_results());
    if (!more && !results_begun_) {
      results_.reset();
      return zip_.add(kResultsName, finished_at, block_, out);
    }
    if (!std::exchange(results_begun_, true)) {
      zip_.begin(kResultsName, finished_at, std::nullopt, out);
    }
    zip_.append(block_, out);
    if (more) return {};
    results_.reset();
    return zip_.end(out);
  }

  // A block of them; false with the last.
  Result<bool> read_results() {
    block_.clear();
    std::string piece;
    while (block_.size() < kBlockBytes) {
      TRY_VOID(results_->next_block(piece));
      if (piece.empty()) return false;
      block_ += piece;
    }
    return true;
  }

  // A piece of a large rendition, or the next one.
  Result<void> write_images(std::string& out) {
    if (image_) return write_piece(out);
    TRY(const PlacementDetail* placement, cursor_.next());
    if (placement == nullptr) {
      images_done_ = true;
      return check_unchanged(batch_, db_);
    }
    return write_image(*placement, out);
  }

  Result<void> write_image(const PlacementDetail& placement, std::string& out) {
    const std::string& key = placement.rendered->output_key;
    const std::string name = archive_name(placement.row, placement.position, placement.url,
                                          std::string_view(key).substr(key.rfind('.') + 1));
    auto reader = objects_.open(key);
    if (!reader) {
      return fail(ErrorCode::kCorrupt, "an output of the request cannot be read",
                  describe(reader.error()));
    }
    ObjectStream image(*std::move(reader));
    if (image.size() <= kBlockBytes) {
      TRY_VOID(image.read(block_));
      return zip_.add(name, image.modified_at(), block_, out);
    }
    zip_.begin(name, image.modified_at(), image.size(), out);
    image_ = std::move(image);
    return {};
  }

  Result<void> write_piece(std::string& out) {
    TRY_VOID(image_->read(block_));
    zip_.append(block_, out);
    if (!image_->ended()) return {};
    image_.reset();
    return zip_.end(out);
  }

  const Batch batch_;
  std::unique_ptr<ResultsCsv> results_;  // nullptr: written
  bool results_begun_ = false;           // in pieces
  OutputCursor cursor_;
  std::optional<ObjectStream> image_;  // a large one under way
  bool images_done_ = false;
  std::string block_;
  ZipWriter zip_;
  Db& db_;
  ObjectStore& objects_;
};

BatchArchive::BatchArchive(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BatchArchive::~BatchArchive() = default;

Result<std::unique_ptr<BatchArchive>> BatchArchive::open(const Batch& batch, ArchivePlace place,
                                                         Db& db, ObjectStore& objects) {
  TRY(auto results,
      ResultsCsv::open(batch, SheetRules{}, std::move(place.link_prefix), db, objects));
  auto impl =
      std::make_unique<Impl>(batch, std::move(results), std::move(place.spool_folder), db, objects);
  return std::unique_ptr<BatchArchive>(new BatchArchive(std::move(impl)));
}

Result<void> BatchArchive::next_block(std::string& out) { return impl_->next_block(out); }

}  // namespace imgmill
