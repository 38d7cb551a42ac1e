#include "db/contract_suite.h"

#include <algorithm>

namespace imgmill {

BatchKey DbContract::open(std::string_view id, std::optional<std::string> webhook_url) {
  NewBatch batch;
  batch.request_id = id;
  batch.recipe = kRecipe;
  batch.webhook_url = std::move(webhook_url);
  batch.csv_key = "uploads/" + batch.request_id + ".csv";
  const Result<BatchKey> key = db().open_batch(batch, now());
  EXPECT_TRUE(key);
  return key.value_or(0);
}

void DbContract::append(BatchKey batch, std::uint32_t first, std::uint32_t images) {
  std::vector<std::string> urls;
  std::vector<NewImage> new_images;
  std::vector<NewPlacement> placements;
  for (std::uint32_t i = 0; i < images; ++i) urls.push_back(url_of(first + i));
  for (std::uint32_t i = 0; i < images; ++i) {
    new_images.push_back({urls[i], std::nullopt});
    placements.push_back({.row = first + i + 1,
                          .position = 1,
                          .image = first + i,
                          .serial_number = "1",
                          .product_name = "Chair"});
  }
  EXPECT_TRUE(db().append_images(batch, new_images, placements));
}

BatchKey DbContract::seal(std::string_view id, std::uint32_t images,
                          std::optional<std::string> webhook_url) {
  const BatchKey batch = open(id, std::move(webhook_url));
  append(batch, 0, images);
  EXPECT_TRUE(db().seal_batch(batch, now()));
  return batch;
}

Batch DbContract::find(std::string_view id) {
  const Result<std::optional<Batch>> found = db().find_batch(id);
  EXPECT_TRUE(found && *found) << id;
  return found && *found ? **found : Batch{};
}

std::vector<Lease> DbContract::lease(std::uint32_t images_max, std::vector<BatchKey> skip,
                                     std::string_view owner) {
  Result<std::vector<Lease>> leases =
      db().lease_images(owner, images_max, skip, now(), now() + kLease);
  EXPECT_TRUE(leases);
  return leases ? *std::move(leases) : std::vector<Lease>{};
}

FinishReport DbContract::finish(const std::vector<Outcome>& outcomes) {
  Result<FinishReport> report = db().finish_images(outcomes, now());
  EXPECT_TRUE(report);
  return report ? *std::move(report) : FinishReport{};
}

void DbContract::apply(const std::vector<Outcome>& outcomes) {
  EXPECT_EQ(finish(outcomes).applied, outcomes.size());
}

void DbContract::work_off(std::vector<std::uint32_t> failing) {
  for (auto leases = lease(100); !leases.empty(); leases = lease(100)) {
    std::vector<Outcome> outcomes;
    for (const Lease& lease : leases) {
      for (const LeasedImage& image : lease.images) {
        const bool fails = std::ranges::count(failing, image.image) > 0;
        outcomes.push_back(fails ? failed(lease, image.image) : done(lease, image.image));
      }
    }
    EXPECT_EQ(finish(outcomes).fenced_off, 0U);
  }
}

void DbContract::finish_batch(std::string_view id) {
  seal(id, 2, std::string(kWebhook));
  work_off({1});
}

std::vector<Delivery> DbContract::lease_deliveries(std::uint32_t limit) {
  Result<std::vector<Delivery>> leased = db().lease_deliveries("one", limit, now(), now() + kLease);
  EXPECT_TRUE(leased);
  return leased ? *std::move(leased) : std::vector<Delivery>{};
}

void DbContract::answer(const Delivery& delivery, int http_status, DeliveryVerdict verdict,
                        std::optional<Time> again_at) {
  const DeliveryAttempt attempt{now(), http_status, std::chrono::milliseconds(12),
                                http_status == 200 ? "" : "no luck"};
  EXPECT_TRUE(db().finish_delivery(delivery, attempt, verdict, again_at, now()));
}

std::string url_of(std::uint32_t image) {
  return "https://origin/" + std::to_string(image) + ".jpg";
}

std::string key_of(std::uint32_t image) { return "processed/b/" + std::to_string(image) + ".jpg"; }

Outcome done(const Lease& lease, std::uint32_t image) {
  return {.lease = lease.id,
          .image = image,
          .tries = 1,
          .rendered = Rendered{key_of(image), PictureFormat::kJpeg, 640, 480, 1000, 400,
                               RenderMethod::kResized, 73},
          .fault = std::nullopt,
          .try_again_at = std::nullopt};
}

Outcome failed(const Lease& lease, std::uint32_t image) {
  return {.lease = lease.id,
          .image = image,
          .tries = 1,
          .rendered = std::nullopt,
          .fault = ImageFault{FaultCode::kHttpStatus, "the server answered 404", 404},
          .try_again_at = std::nullopt};
}

Outcome again(const Lease& lease, std::uint32_t image, std::uint32_t tries, Time at) {
  Outcome outcome = failed(lease, image);
  outcome.tries = tries;
  outcome.try_again_at = at;
  return outcome;
}

std::vector<Outcome> all_done(const std::vector<Lease>& leases) {
  std::vector<Outcome> outcomes;
  for (const Lease& lease : leases) {
    for (const LeasedImage& image : lease.images) outcomes.push_back(done(lease, image.image));
  }
  return outcomes;
}

std::vector<std::uint32_t> images_of(const std::vector<Lease>& leases) {
  std::vector<std::uint32_t> images;
  for (const Lease& lease : leases) {
    for (const LeasedImage& image : lease.images) images.push_back(image.image);
  }
  return images;
}

}  // namespace imgmill
