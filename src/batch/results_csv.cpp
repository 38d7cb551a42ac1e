#include "batch/results_csv.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "batch/read_out.h"
#include "intake/sheet_writer.h"

namespace imgmill {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::uint32_t kOutputsPage = 2'000;

// A batch's placements in CSV order, page by page.
class OutputCursor {
 public:
  OutputCursor(Db& db, BatchKey batch) : db_(db), batch_(batch) {}

  // nullptr behind the last one.
  Result<const PlacementOutput*> peek() {
    if (at_ == page_.size() && !ended_) {
      TRY(page_, db_.list_outputs(batch_, next_, kOutputsPage));
      at_ = 0;
      next_ += page_.size();
      ended_ = page_.empty();
    }
    return at_ < page_.size() ? &page_[at_] : nullptr;
  }
  void advance() { ++at_; }

 private:
  Db& db_;
  const BatchKey batch_;
  std::vector<PlacementOutput> page_;
  std::size_t at_ = 0;
  std::uint64_t next_ = 0;
  bool ended_ = false;
};

}  // namespace

class ResultsCsv::Impl final : public SheetSink {
 public:
  Impl(std::unique_ptr<ObjectReader> csv, SheetRules rules, std::string link_prefix, Db& db,
       BatchKey batch)
      : csv_(std::move(csv)),
        reader_(rules, *this),
        link_prefix_(std::move(link_prefix)),
        cursor_(db, batch),
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
    outputs_.assign(row.urls.size(), {});
    TRY(const PlacementOutput* first, cursor_.peek());
    // Every row has a place. Better no file than one that looks as if nothing had come of it.
    if (first == nullptr) return fail(ErrorCode::kNotFound, "the request was deleted meanwhile");
    while (true) {
      TRY(const PlacementOutput* output, cursor_.peek());
      if (output == nullptr || output->row != row.row) break;
      if (!output->output_key.empty() && output->position <= outputs_.size()) {
        outputs_[output->position - 1] = link_prefix_ + output->output_key;
      }
      cursor_.advance();
    }
    if (row.ends_with_comma) outputs_.emplace_back();  // as many commas as there were
    writer_->write_row(row, outputs_, *out_);
    return {};
  }

 private:
  Result<void> read_some() {
    TRY(const std::size_t got, csv_->read(offset_, buffer_));
    offset_ += got;
    if (got > 0) return reader_.feed(std::span(buffer_).first(got));
    ended_ = true;
    return reader_.finish();
  }

  std::unique_ptr<ObjectReader> csv_;
  SheetReader reader_;
  std::optional<SheetWriter> writer_;
  const std::string link_prefix_;
  OutputCursor cursor_;
  std::vector<std::byte> buffer_;
  std::vector<std::string> outputs_;
  std::string* out_ = nullptr;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
};

ResultsCsv::ResultsCsv(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ResultsCsv::~ResultsCsv() = default;

Result<std::unique_ptr<ResultsCsv>> ResultsCsv::open(const Batch& batch, SheetRules rules,
                                                     std::string link_prefix, Db& db,
                                                     ObjectStore& objects) {
  TRY(std::unique_ptr<ObjectReader> csv, open_stored_csv(batch, db, objects));
  auto impl = std::make_unique<Impl>(std::move(csv), rules, std::move(link_prefix), db, batch.key);
  return std::unique_ptr<ResultsCsv>(new ResultsCsv(std::move(impl)));
}

Result<void> ResultsCsv::next_block(std::string& out) { return impl_->next_block(out); }

}  // namespace imgmill
