#include <algorithm>
#include <map>
#include <vector>

#include "base/limits.h"
#include "base/test_point.h"
#include "db/sqlite/verbs.h"

namespace imgmill::sqlite {
namespace {

struct Received {
  std::uint64_t images = 0;
  std::uint64_t placements = 0;
  bool any_failed = false;
};

// kNotFound or kConflict when nothing can be added to it.
Result<Received> received_so_far(Connection& db, BatchKey batch) {
  TRY(Statement statement, db.query(Query::receiving_state));
  TRY(const bool row, statement.bind(batch).step());
  if (!row) return fail(ErrorCode::kNotFound, "there is no such request");
  if (statement.text(0) != "receiving") {
    return fail(ErrorCode::kConflict, "the request has been taken in already");
  }
  return Received{statement.integer_as<std::uint64_t>(1), statement.integer_as<std::uint64_t>(2),
                  statement.integer(3) > 0};
}

// One append_images call: what it adds, counted first, then written.
class Append {
 public:
  Append(Connection& db, BatchKey batch, Received before, std::span<const NewImage> images,
         std::span<const NewPlacement> placements)
      : db_(db), batch_(batch), before_(before), images_(images), placements_(placements) {}

  [[nodiscard]] Result<void> run();

 private:
  [[nodiscard]] Result<void> count_places();
  [[nodiscard]] Result<void> add_images();
  [[nodiscard]] Result<void> add_failed();
  [[nodiscard]] Result<void> add_chunks();
  [[nodiscard]] Result<void> add_placements();
  [[nodiscard]] Result<void> add_places();

  Connection& db_;
  const BatchKey batch_;
  const Received before_;
  const std::span<const NewImage> images_;
  const std::span<const NewPlacement> placements_;

  std::vector<std::uint32_t> places_;                   // of each image here
  std::map<std::uint32_t, std::uint32_t> more_places_;  // of images of earlier calls
  std::uint64_t images_left_ = 0;
  std::uint64_t placements_failed_ = 0;
};

Result<void> Append::run() {
  const std::uint64_t images_after = before_.images + images_.size();
  const std::uint64_t placements_after = before_.placements + placements_.size();
  if (images_after > limits::kBatchPlacementsMax ||
      placements_after > limits::kBatchPlacementsMax) {
    return fail(ErrorCode::kTooLarge, "the request has too many images");
  }
  TRY_VOID(count_places());
  TRY_VOID(add_images());
  TRY_VOID(add_failed());
  TRY_VOID(add_chunks());
  TRY_VOID(add_placements());
  TRY_VOID(add_places());
  TRY(Statement count, db_.query(Query::count_received));
  return count.bind(batch_, images_.size(), images_left_, placements_.size(), placements_failed_)
      .run();
}

Result<void> Append::count_places() {
  places_.assign(images_.size(), 0);
  for (const NewPlacement& placement : placements_) {
    if (placement.image < before_.images) {
      ++more_places_[placement.image];
      continue;
    }
    const std::uint64_t index = placement.image - before_.images;
    if (index >= images_.size()) {
      return fail(ErrorCode::kInvalid, "a placement names an image that is not there");
    }
    ++places_[index];
    if (images_[index].fault) ++placements_failed_;
  }
  return {};
}

Result<void> Append::add_images() {
  TRY(Statement add, db_.query(Query::add_image));
  for (std::size_t i = 0; i < images_.size(); ++i) {
    TRY_VOID(add.bind(batch_, before_.images + i, places_[i], images_[i].url).run());
  }
  return {};
}

Result<void> Append::add_failed() {
  TRY(Statement add, db_.query(Query::add_failed));
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (!images_[i].fault) continue;
    const ImageFault& fault = *images_[i].fault;
    const std::string word = code_word(fault);
    TRY_VOID(add.bind(batch_, before_.images + i, word, fault.message).run());
  }
  return {};
}

Result<void> Append::add_chunks() {
  TRY(Statement add, db_.query(Query::add_chunk));
  for (std::size_t i = 0; i < images_.size();) {
    const std::uint64_t number = before_.images + i;
    const std::uint64_t first = number - number % limits::kChunkImages;
    std::uint32_t left = 0;
    for (; i < images_.size() && before_.images + i < first + limits::kChunkImages; ++i) {
      left += images_[i].fault ? 0 : 1;
    }
    if (left > 0) TRY_VOID(add.bind(batch_, first, left).run());
    images_left_ += left;
  }
  return {};
}

Result<void> Append::add_placements() {
  TRY(Statement add, db_.query(Query::add_placement));
  std::uint64_t number = before_.placements;
  for (const NewPlacement& placement : placements_) {
    TRY_VOID(add.bind(batch_, number++, placement.image, placement.row, placement.position,
                      placement.serial_number, placement.product_name)
                 .run());
  }
  return {};
}

Result<void> Append::add_places() {
  TRY(Statement add, db_.query(Query::add_places));
  TRY(Statement look, db_.query(Query::has_outcome));
  for (const auto& [image, places] : more_places_) {
    TRY_VOID(add.bind(batch_, image, places).run());
    if (!before_.any_failed) continue;
    TRY(const bool failed, look.bind(batch_, image).step());
    if (failed) placements_failed_ += places;
    look.reset();
  }
  return {};
}

}  // namespace

Result<BatchKey> open_batch(Connection& db, const NewBatch& batch, Time now) {
  TRY(Statement open, db.query(Query::open_batch));
  const Recipe& recipe = batch.recipe;
  const auto format = recipe.format.transform([](auto kept) { return names_of(kept).name; });
  struct {
    std::optional<std::string_view> key, fingerprint;
  } mark;
  if (batch.mark) mark = {batch.mark->key, batch.mark->fingerprint};
  open.bind(batch.request_id, recipe.quality, batch.csv_key, batch.webhook_url, to_us(now), format,
            recipe.max_width, recipe.max_height, recipe.max_bytes, batch.owner, mark.key,
            mark.fingerprint);
  TRY(const bool opened, open.step());
  if (!opened) return fail(ErrorCode::kConflict, "a request of this id exists already");
  const BatchKey key = open.integer(0);
  TRY_VOID(open.run());
  return key;
}

Result<void> append_images(Connection& db, BatchKey batch, std::span<const NewImage> images,
                           std::span<const NewPlacement> placements) {
  TRY(const Received before, received_so_far(db, batch));
  return Append(db, batch, before, images, placements).run();
}

Result<void> seal_batch(Connection& db, BatchKey batch, Time now) {
  TEST_POINT("db.seal.before");
  TRY_VOID(received_so_far(db, batch));
  TRY(Statement seal, db.query(Query::seal_batch));
  TRY_VOID(seal.bind(batch, to_us(now)).step());
  const bool nothing_to_do = seal.integer(0) == 0;
  const bool has_mark = seal.integer(1) != 0;
  TRY_VOID(seal.run());
  if (has_mark) TRY_VOID(remember_upload(db, batch, now));
  TRY(Statement count, db.query(Query::count_request));
  TRY_VOID(count.bind(batch).run());
  if (nothing_to_do) return add_delivery(db, batch);
  TRY(Statement turn, db.query(Query::add_turn));
  return turn.bind(batch).run();
}

Result<bool> discard_slice(Connection& db, BatchKey batch, std::uint32_t slice) {
  TRY(const Received received, received_so_far(db, batch));
  const std::uint64_t first = std::uint64_t{slice} * kSlice;
  const std::uint64_t last = first + kSlice - 1;
  for (const Query query : {Query::discard_placements, Query::discard_images,
                            Query::discard_outcomes, Query::discard_chunks}) {
    TRY(Statement discard, db.query(query));
    TRY_VOID(discard.bind(batch, first, last).run());
  }
  if (std::max(received.images, received.placements) > last + 1) return false;
  TRY(Statement discard, db.query(Query::discard_batch));
  TRY_VOID(discard.bind(batch).run());
  return true;
}

}  // namespace imgmill::sqlite
