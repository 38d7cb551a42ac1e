#include "batch/admission.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/test_point.h"
#include "base/unique_fd.h"
#include "intake/url_index.h"

namespace imgmill {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;
constexpr std::size_t kBlockPlacements = 4'000;  // a transaction: some 600 KB of the WAL

// How many places a row has in the results: those of its list; an invalid row without any has one.
std::size_t places_of(const SheetRow& row) {
  return row.faults.empty() ? row.urls.size() : std::max<std::size_t>(row.urls.size(), 1);
}

// The front of a UTF-8 text, without half a character at its end.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  const auto goes_on = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; };
  while (bytes_max > 0 && goes_on(text[bytes_max])) --bytes_max;
  return text.substr(0, bytes_max);
}

// Rows on their way into the database, a block at a time.
class Appender final : public SheetSink {
 public:
  Appender(Db& db, BatchKey batch) : db_(db), batch_(batch) {}

  Result<void> on_header(const SheetHeader&) override { return {}; }

  Result<void> on_row(const SheetRow& row) override {
    if (row.faults.empty()) {
      for (std::uint32_t i = 0; i < row.urls.size(); ++i) add_place(row, i + 1, row.urls[i]);
    } else {
      for (std::uint32_t i = 0; i < places_of(row); ++i) add_invalid(row, i);
    }
    return placements_.size() < kBlockPlacements ? Result<void>() : flush();
  }

  Result<void> flush() {
    if (placements_.empty()) return {};
    view_texts();
    TRY_VOID(db_.append_images(batch_, images_, placements_));
    TEST_POINT("admission.appended");
    images_.clear();
    placements_.clear();
    texts_.clear();
    ends_.clear();
    return {};
  }

 private:
  void add_place(const SheetRow& row, std::uint32_t position, std::string_view url) {
    const std::uint32_t image = index_.find_or_add(url, next_image_);
    if (image == next_image_) add_image(url, std::nullopt);
    add_placement(row, position, image);
  }

  void add_invalid(const SheetRow& row, std::uint32_t at) {
    const std::string_view piece = at < row.urls.size() ? row.urls[at] : std::string_view();
    add_placement(row, at + 1, next_image_);
    add_image(cut(piece, limits::kUrlBytesMax),
              ImageFault{FaultCode::kInvalidUrl, row.faults.front().message});
  }

  void add_image(std::string_view url, std::optional<ImageFault> fault) {
    keep(url);
    images_.push_back({.url = {}, .fault = std::move(fault)});
    image_texts_.push_back(ends_.size() - 1);
    ++next_image_;
  }

  void add_placement(const SheetRow& row, std::uint32_t position, std::uint32_t image) {
    keep(row.serial_number);
    keep(row.product_name);
    placement_texts_.push_back(ends_.size() - 2);
    placements_.push_back({.row = row.row,
                           .position = position,
                           .image = image,
                           .serial_number = {},
                           .product_name = {}});
  }

  // The row's views die with on_row: their texts stand in one string until the block is written.
  void keep(std::string_view text) {
    texts_ += text;
    ends_.push_back(texts_.size());
  }

  std::string_view text(std::size_t number) const {
    const std::size_t begin = number == 0 ? 0 : ends_[number - 1];
    return std::string_view(texts_).substr(begin, ends_[number] - begin);
  }

  void view_texts() {
    for (std::size_t i = 0; i < images_.size(); ++i) images_[i].url = text(image_texts_[i]);
    for (std::size_t i = 0; i < placements_.size(); ++i) {
      placements_[i].serial_number = text(placement_texts_[i]);
      placements_[i].product_name = text(placement_texts_[i] + 1);
    }
    image_texts_.clear();
    placement_texts_.clear();
  }

  Db& db_;
  const BatchKey batch_;
  UrlIndex index_;
  std::uint32_t next_image_ = 0;
  std::vector<NewImage> images_;
  std::vector<NewPlacement> placements_;
  std::string texts_;
  std::vector<std::size_t> ends_;         // of each kept text in texts_
  std::vector<std::size_t> image_texts_;  // which text is an image's URL
  std::vector<std::size_t>
      placement_texts_;  // which is a placement's serial number; its name follows
};

Result<void> feed_file(int fd, SheetReader& reader) {
  std::vector<std::byte> buffer(kReadBytes);
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "the uploaded file could not be read back");
    if (got == 0) return reader.finish();
    TRY_VOID(reader.feed(std::span(buffer).first(static_cast<std::size_t>(got))));
  }
}

// After a failure: what was begun is taken back as far as the database and store allow; what they
// do not allow now is done at the next start by discard_unsealed.
void take_back(Db& db, ObjectStore& objects, BatchKey batch, const std::string& csv_key) {
  const auto removed = objects.remove(csv_key);
  if (!removed) log::warn("upload not removed", {{"error", describe(removed.error())}});
  const auto discarded = db.discard_batch(batch);
  if (!discarded) log::warn("batch not discarded", {{"error", describe(discarded.error())}});
}

Result<void> fill_and_seal(const Admission& admission, const std::string& csv_key, BatchKey batch,
                           Db& db, ObjectStore& objects, const Clock& clock) {
  UniqueFd csv(::open(admission.csv.c_str(), O_RDONLY | O_CLOEXEC));
  if (!csv) return fail_errno(errno, "the uploaded file could not be opened again");
  Appender appender(db, batch);
  SheetReader reader(admission.rules, appender);
  TRY_VOID(feed_file(csv.get(), reader));
  TRY_VOID(appender.flush());
  TRY_VOID(objects.put_file(csv_key, admission.csv));
  TEST_POINT("admission.stored");
  TRY_VOID(db.seal_batch(batch, clock.now()));
  TEST_POINT("admission.sealed");
  return {};
}

}  // namespace

class SheetCheck::Counter final : public SheetSink {
 public:
  Result<void> on_header(const SheetHeader&) override { return {}; }

  Result<void> on_row(const SheetRow& row) override {
    ++report.rows;
    report.placements += places_of(row);
    if (!row.faults.empty()) ++report.rows_invalid;
    for (const RowFault& fault : row.faults) {
      ++report.faults_total;
      if (report.faults.size() < limits::kReportedRowErrorsMax) report.faults.push_back(fault);
    }
    if (report.placements > limits::kBatchPlacementsMax) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("more than {} images in one file: split it and upload the parts",
                              limits::kBatchPlacementsMax));
    }
    return {};
  }

  SheetReport report;
};

SheetCheck::SheetCheck(SheetRules rules)
    : counter_(std::make_unique<Counter>()), reader_(rules, *counter_) {}

SheetCheck::~SheetCheck() = default;

Result<void> SheetCheck::feed(std::span<const std::byte> bytes) { return reader_.feed(bytes); }

Result<SheetReport> SheetCheck::finish() {
  TRY_VOID(reader_.finish());
  return std::move(counter_->report);
}

Result<std::string> admit_batch(const Admission& admission, Db& db, ObjectStore& objects,
                                const Clock& clock) {
  std::string request_id = random_uuid();
  const std::string csv_key = fmt::format("{}{}.csv", admission.folder, request_id);
  const NewBatch batch{.request_id = request_id,
                       .recipe = admission.recipe,
                       .webhook_url = admission.webhook_url,
                       .csv_key = csv_key,
                       .owner = admission.owner,
                       .mark = admission.mark};
  TRY(const BatchKey key, db.open_batch(batch, clock.now()));
  const auto sealed = fill_and_seal(admission, csv_key, key, db, objects, clock);
  if (!sealed) {
    take_back(db, objects, key, csv_key);
    return std::unexpected(sealed.error());
  }
  return request_id;
}

Result<void> discard_unsealed(Db& db, ObjectStore& objects, Time opened_before) {
  TRY(const std::vector<Batch> left, db.find_receiving(opened_before));
  for (const Batch& batch : left) {
    TRY_VOID(objects.remove(batch.csv_key));
    TRY_VOID(db.discard_batch(batch.key));
    log::info("unfinished upload discarded", {{"request_id", batch.request_id}});
  }
  return {};
}

}  // namespace imgmill
