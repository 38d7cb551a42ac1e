#include "batch/removal.h"

#include <utility>
#include <vector>

#include "base/test_point.h"

namespace imgmill {
namespace {

constexpr std::uint32_t kObjectsAtOnce = 500;

}  // namespace

BatchRemoval::BatchRemoval(Batch batch, Db& db, ObjectStore& objects)
    : batch_(std::move(batch)), db_(db), objects_(objects) {}

Result<bool> BatchRemoval::step() {
  if (objects_gone_) {
    TRY(const bool gone, db_.erase_slice(batch_.key));
    TEST_POINT("removal.erased");
    return gone;
  }
  TRY(objects_gone_, remove_objects());
  return false;
}

Result<bool> BatchRemoval::remove_objects() {
  TRY(const std::vector<StoredRendition> renditions,
      db_.list_renditions(batch_.key, next_image_, kObjectsAtOnce));
  for (const StoredRendition& rendition : renditions) {
    TRY_VOID(objects_.remove(rendition.output_key));
    TEST_POINT("removal.object");
    next_image_ = rendition.image + 1;
  }
  if (!renditions.empty()) return false;
  TRY_VOID(objects_.remove(batch_.csv_key));
  return true;
}

}  // namespace imgmill
