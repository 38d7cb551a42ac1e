#include "app/workers.h"

#include <algorithm>
#include <future>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "app/remover.h"
#include "app/url_samples.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/version.h"
#include "batch/admission.h"
#include "codec/pool.h"
#include "db/sqlite/sqlite_db.h"
#include "fetch/address_guard.h"
#include "fetch/curl_fetcher.h"
#include "fetch/local_fetcher.h"
#include "intake/url.h"
#include "notify/courier.h"
#include "objects/local_dir.h"
#include "work/engine.h"

namespace imgmill {
namespace {

// Leases' owner: a data folder has one process at a time.
constexpr const char* kOwner = "local";
// SQLite has one writer; the rest of the pool hashes and stores.
constexpr std::size_t kBlockingThreads = 4;
// What is fetched already gets this long to become a rendition when the process stops.
constexpr auto kCodecGrace = std::chrono::seconds(3);
// Enough waits behind the downloads for the codecs never to stand still, and for slow origins not
// to hold the places of fast ones.
constexpr std::uint32_t kImagesInHandPerTransfer = 4;

CodecPoolOptions codec_options(const Settings& settings) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return {.worker = codec_program(),
          .children = settings.codecs > 0 ? settings.codecs : cores,
          .source_bytes_max = settings.max_source_bytes,
          .source_pixels_max = settings.max_source_pixels,
          .deadline = limits::kCodecDeadline,
          .sandbox = !settings.insecure_codec_no_sandbox};
}

FetchOptions fetch_options(const Settings& settings, const std::filesystem::path& spool) {
  return {.concurrency = settings.fetch_concurrency,
          .per_host = settings.fetch_per_host,
          .timeout = settings.fetch_timeout,
          .source_bytes_max = settings.max_source_bytes,
          .spool_folder = spool,
          .ca_file = settings.ca_file,
          .user_agent = "imgmill/" IMGMILL_VERSION};
}

}  // namespace

std::filesystem::path codec_program() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return self.parent_path() / "imgmill-codec";
}

class Workers::Impl {
 public:
  Impl(const Settings& settings, WorkersOptions options, AddressGuard guard)
      : settings_(settings), options_(std::move(options)), guard_(std::move(guard)) {}

  Result<void> build() {
    TRY(db_, SqliteDb::open({.file = options_.database_file}, clock_));
    TRY(objects_, LocalDir::create(options_.objects));
    TRY_VOID(discard_unsealed(*db_, *objects_, clock_.now()));
    TRY_VOID(db_->release_leases(kOwner));  // of a life before this one
    TRY(codec_, CodecPool::create(codec_options(settings_)));
    TRY(remote_, CurlFetcher::create(fetch_options(settings_, options_.spool), guard_, clock_));
    if (options_.local_sources) {
      local_ = std::make_unique<LocalFetcher>(*options_.local_sources, options_.spool,
                                              settings_.max_source_bytes, *remote_, blocking_);
    }
    build_courier();
    build_engine();
    remover_ = std::make_unique<Remover>(RemoverParts{*db_, *objects_, clock_, blocking_},
                                         settings_.retention, context_.get_executor());
    return {};
  }

  void start() {
    spawn(engine_->run());
    if (courier_) spawn(courier_->run());
    spawn(remover_->run());
    thread_ = std::thread([this] { context_.run(); });
  }

  void nudge() { engine_->nudge(); }
  void drop(BatchKey batch) { engine_->drop(batch); }

  void stop(std::chrono::milliseconds grace) {
    asio::post(context_, [this] {
      engine_->stop();
      if (courier_) courier_->stop();
      remover_->stop();
    });
    std::future<void> finished = std::async(std::launch::async, [this] { thread_.join(); });
    if (finished.wait_for(grace) == std::future_status::timeout) {
      log::warn("downloads broken off, their images are handed back");
      remote_->stop();
    }
    if (finished.wait_for(kCodecGrace) == std::future_status::timeout) {
      log::warn("picture work broken off, its images are handed back");
      codec_->stop();
    }
    finished.get();
    remote_->stop();
    codec_->stop();
    blocking_.join();
  }

  void look(std::string_view url, std::int64_t round, Callback<UrlSample> done) {
    remote_->peek(fetchable_url(url), round,
                  [done = std::move(done)](Peeked peeked) mutable { done(url_sample_of(peeked)); });
  }
  void end_looking(std::int64_t round) { remote_->drop_peeks(round); }

  Db& db() { return *db_; }
  ObjectStore& objects() { return *objects_; }
  const Clock& clock() const { return clock_; }
  const AddressGuard& guard() const { return guard_; }

 private:
  void build_courier() {
    if (!options_.webhook_base_url) return;
    CourierOptions options{.owner = kOwner,
                           .base_url = *options_.webhook_base_url,
                           .secrets = settings_.webhook_secrets,
                           .schedule = settings_.webhook_schedule};
    courier_ = std::make_unique<Courier>(std::move(options), *db_, *remote_, clock_,
                                         context_.get_executor(), blocking_);
  }

  void build_engine() {
    const auto transfers = static_cast<std::uint32_t>(settings_.fetch_concurrency);
    EngineOptions options{
        .owner = kOwner,
        .images_in_hand = std::max(kImagesInHandPerTransfer * transfers, 2 * limits::kChunkImages),
        .place_of = options_.place_of,
        .batch_became_final = [this] {
          if (courier_) courier_->nudge();
        }};
    Fetcher& fetcher = local_ ? static_cast<Fetcher&>(*local_) : *remote_;
    engine_ = std::make_unique<Engine>(
        std::move(options), EngineParts{*db_, fetcher, *codec_, *objects_, clock_, blocking_},
        context_.get_executor());
  }

  void spawn(Task<void> task) {
    asio::co_spawn(context_, std::move(task), [](const std::exception_ptr& bug) { CHECK(!bug); });
  }

  const Settings settings_;
  const WorkersOptions options_;
  const AddressGuard guard_;
  SystemClock clock_;
  asio::io_context context_{1};  // the engine's one thread
  asio::thread_pool blocking_{kBlockingThreads};
  std::unique_ptr<SqliteDb> db_;
  std::unique_ptr<LocalDir> objects_;
  std::unique_ptr<CodecPool> codec_;
  std::unique_ptr<CurlFetcher> remote_;
  std::unique_ptr<LocalFetcher> local_;
  std::unique_ptr<Courier> courier_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Remover> remover_;
  std::thread thread_;
};

Workers::Workers(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Workers::~Workers() = default;

Result<std::unique_ptr<Workers>> Workers::create(const Settings& settings, WorkersOptions options) {
  auto guard = AddressGuard::create(settings.allow_nets);
  if (!guard) {
    return fail(ErrorCode::kInvalid, "--allow-nets (IMGMILL_ALLOW_NETS): " + guard.error().text);
  }
  auto impl = std::make_unique<Impl>(settings, std::move(options), *std::move(guard));
  TRY_VOID(impl->build());
  return std::unique_ptr<Workers>(new Workers(std::move(impl)));
}

void Workers::start() { impl_->start(); }
void Workers::nudge() { impl_->nudge(); }
void Workers::drop(BatchKey batch) { impl_->drop(batch); }
void Workers::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }
Db& Workers::db() { return impl_->db(); }
ObjectStore& Workers::objects() { return impl_->objects(); }
const Clock& Workers::clock() const { return impl_->clock(); }
void Workers::look(std::string_view url, std::int64_t round, Callback<UrlSample> done) {
  impl_->look(url, round, std::move(done));
}
void Workers::end_looking(std::int64_t round) { impl_->end_looking(round); }
std::optional<std::string> Workers::webhook_url_fault(std::string_view url) const {
  // Its host as resolvers get it: "１２７.０.０.１" is an address too.
  return impl_->guard().url_fault(fetchable_url(url));
}

}  // namespace imgmill
