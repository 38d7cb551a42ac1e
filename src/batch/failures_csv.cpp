#include "batch/failures_csv.h"

#include <optional>
#include <utility>
#include <vector>

#include "batch/read_out.h"
#include "intake/failure_writer.h"

namespace imgmill {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::uint32_t kFailuresPage = 500;

// A batch's failures in CSV order, page by page.
class FailureCursor {
 public:
  FailureCursor(Db& db, BatchKey batch) : db_(db), batch_(batch) {}

  // nullptr behind the last one.
  Result<const PlacementDetail*> peek() {
    while (at_ == page_.placements.size() && page_.next) {
      TRY(page_, db_.list_placements(batch_, ImageStatus::kFailed, *page_.next, kFailuresPage));
      at_ = 0;
    }
    return at_ < page_.placements.size() ? &page_.placements[at_] : nullptr;
  }
  void advance() { ++at_; }

 private:
  Db& db_;
  const BatchKey batch_;
  PlacementPage page_{.placements = {}, .next = 0};
  std::size_t at_ = 0;
};

}  // namespace

class FailuresCsv::Impl final : public SheetSink {
 public:
  Impl(Batch batch, std::unique_ptr<ObjectReader> csv, SheetRules rules, Db& db)
      : batch_(std::move(batch)),
        csv_(std::move(csv)),
        reader_(rules, *this),
        db_(db),
        cursor_(db, batch_.key),
        buffer_(kReadBytes) {}

  Result<void> next_block(std::string& out) {
    out.clear();
    out_ = &out;
    while (out.empty() && !ended_) TRY_VOID(read_some());
    return {};
  }

  Result<void> on_header(const SheetHeader& header) override {
    writer_.emplace(header);
    writer_->write_header(*out_);
    return {};
  }

  Result<void> on_row(const SheetRow& row) override {
    failures_.clear();
    texts_.clear();
    while (true) {
      TRY(const PlacementDetail* failed, cursor_.peek());
      if (failed == nullptr || failed->row != row.row) break;
      add(row, *failed);
      cursor_.advance();
    }
    if (failures_.empty()) return {};
    for (std::size_t i = 0; i < failures_.size(); ++i) failures_[i].message = texts_[i];
    writer_->write_row(row, failures_, *out_);
    return {};
  }

 private:
  void add(const SheetRow& row, const PlacementDetail& failed) {
    const std::size_t at = failed.position - 1;
    const ImageFault fault = failed.fault.value_or(ImageFault{});
    texts_.push_back(fault.message);
    failures_.push_back({.url = at < row.urls.size() ? row.urls[at] : std::string_view(),
                         .code = code_word(fault),
                         .message = {}});
  }

  Result<void> read_some() {
    TRY(const std::size_t got, csv_->read(offset_, buffer_));
    offset_ += got;
    if (got > 0) return reader_.feed(std::span(buffer_).first(got));
    ended_ = true;
    TRY_VOID(reader_.finish());
    return check_unchanged(batch_, db_);
  }

  const Batch batch_;
  std::unique_ptr<ObjectReader> csv_;
  SheetReader reader_;
  std::optional<FailureWriter> writer_;
  Db& db_;
  FailureCursor cursor_;
  std::vector<std::byte> buffer_;
  std::vector<UrlFailure> failures_;  // of the row
  std::vector<std::string> texts_;    // that their messages view
  std::string* out_ = nullptr;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
};

FailuresCsv::FailuresCsv(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FailuresCsv::~FailuresCsv() = default;

Result<std::unique_ptr<FailuresCsv>> FailuresCsv::open(const Batch& batch, SheetRules rules, Db& db,
                                                       ObjectStore& objects) {
  TRY(std::unique_ptr<ObjectReader> csv, open_stored_csv(batch, db, objects));
  auto impl = std::make_unique<Impl>(batch, std::move(csv), rules, db);
  return std::unique_ptr<FailuresCsv>(new FailuresCsv(std::move(impl)));
}

Result<void> FailuresCsv::next_block(std::string& out) { return impl_->next_block(out); }

}  // namespace imgmill
