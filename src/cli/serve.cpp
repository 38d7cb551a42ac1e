#include <algorithm>
#include <csignal>
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "app/data_folder.h"
#include "app/workers.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/version.h"
#include "cli/entry.h"
#include "cli/say.h"
#include "cli/setting_flags.h"
#include "cli/verbs.h"
#include "http/edge.h"
#include "http/tls.h"

namespace imgmill::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kEdgeBlockingThreads = 4;
constexpr rlim_t kDescriptors = 2 * limits::kHttpConnectionsMax;
// Together below limits::kShutdownDeadline.
constexpr auto kEdgeGrace = 5s;
constexpr auto kWorkGrace = 15s;

// Looked at before anything is started.
Result<void> check_entry(const Settings& settings, const std::filesystem::path& database) {
  std::error_code none;
  Result<DatabaseState> found;  // of a database that is yet to be made
  if (std::filesystem::exists(database, none)) found = inspect_database(database);
  if (!found) {
    return fail(found.error().code,
                fmt::format("{}: {}", database.string(), describe(found.error())));
  }
  const Entry entry = entry_of(settings, *found);
  if (entry == Entry::kNobody) {
    log::warn("every access key was revoked, so nobody gets in: imgmill keys create makes one");
  }
  if (entry != Entry::kRefused) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("--listen {}: without access keys imgmill listens on loopback only: make one "
                  "with \"imgmill keys create NAME\", or put a proxy with access control in front "
                  "and say --no-auth",
                  settings.listen.host));
}

std::string base_url_of(const Settings& settings) {
  if (!settings.base_url.empty()) return settings.base_url;
  const std::string_view scheme = settings.tls_cert.empty() ? "http" : "https";
  return fmt::format("{}://localhost:{}", scheme, settings.listen.port);
}

// Not the request id: it opens the results CSV, and whoever shows one picture to the world must not
// show them all.
RenditionPlace place_of(const std::string& request_id) {
  constexpr std::size_t kHexDigits = 32;
  const std::string token = to_hex(sha256("processed/" + request_id)).substr(0, kHexDigits);
  return {.folder = fmt::format("processed/{}/", token), .secret = request_id};
}

WorkersOptions workers_options(const Settings& settings, const DataFolder& folder) {
  return {.database_file = std::filesystem::absolute(database_of(settings)),
          .objects = std::filesystem::absolute(objects_of(settings)),
          .spool = folder.spool(),
          .place_of = place_of,
          .local_sources = std::nullopt,
          .webhook_base_url = base_url_of(settings)};
}

std::optional<TlsFiles> tls_files(const Settings& settings) {
  if (settings.tls_cert.empty()) return std::nullopt;
  return TlsFiles{.certificate = settings.tls_cert, .key = settings.tls_key};
}

EdgeOptions edge_options(const Settings& settings, const DataFolder& folder) {
  EdgeOptions options;
  options.address = settings.listen.host;
  options.port = settings.listen.port;
  if (settings.metrics_listen) {
    options.metrics.emplace(settings.metrics_listen->host, settings.metrics_listen->port);
  }
  options.tls = tls_files(settings);
  options.base_url = base_url_of(settings);
  options.spool_folder = folder.spool();
  options.upload_bytes_max = settings.max_upload_bytes;
  options.quality_default = settings.quality;
  options.no_auth = settings.no_auth;
  options.rate_limit = settings.rate_limit;
  return options;
}

// Returns at the first SIGTERM or SIGINT; the next one gets the default treatment: an end at once.
// With TLS a SIGHUP says that there is a new certificate; without, it keeps its own meaning.
void wait_for_signal(const Settings& settings, Edge& edge) {
  asio::io_context context(1);
  asio::signal_set ends(context, SIGTERM, SIGINT);
  asio::signal_set hang_ups(context);
  if (!settings.tls_cert.empty()) hang_ups.add(SIGHUP);
  const std::function<void()> await_hang_up = [&] {
    hang_ups.async_wait([&](const boost::system::error_code& error, int) {
      if (error) return;
      edge.reload_certificate();
      await_hang_up();
    });
  };
  await_hang_up();
  ends.async_wait([&](const boost::system::error_code&, int) { hang_ups.cancel(); });
  context.run();
}

// The usual soft limit of 1,024 descriptors is for select(); connections, downloads and objects
// want more.
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, kDescriptors);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < kDescriptors) {
    log::warn("few descriptors: raise the hard limit (ulimit -Hn)",
              {{"limit", std::to_string(limit.rlim_cur)}});
  }
}

Result<void> serve_until_signalled(const Settings& settings) {
  allow_many_descriptors();
  TRY(const DataFolder folder, DataFolder::open(settings.data_dir));
  WorkersOptions options = workers_options(settings, folder);
  TRY_VOID(check_entry(settings, options.database_file));
  if (const auto files = tls_files(settings)) {
    TRY_VOID(TlsCertificate::load(*files));
  }
  TRY(const std::unique_ptr<Workers> workers, Workers::create(settings, std::move(options)));
  asio::thread_pool blocking(kEdgeBlockingThreads);
  const EdgeParts parts{
      .db = workers->db(),
      .objects = workers->objects(),
      .clock = workers->clock(),
      .blocking = blocking,
      .webhook_url_fault = [&](std::string_view url) { return workers->webhook_url_fault(url); },
      .batch_sealed = [&] { workers->nudge(); },
      .batch_cancelled = [&](BatchKey batch) { workers->drop(batch); },
      .look = [&](std::string_view url, std::int64_t round,
                  Callback<UrlSample> done) { workers->look(url, round, std::move(done)); },
      .end_looking = [&](std::int64_t round) { workers->end_looking(round); }};
  TRY(const std::unique_ptr<Edge> edge, Edge::create(edge_options(settings, folder), parts));
  workers->start();
  edge->start();
  log::info("imgmill is ready",
            {{"version", IMGMILL_VERSION},
             {"listen", fmt::format("{}:{}", settings.listen.host, edge->port())},
             {"base_url", base_url_of(settings)},
             {"data_dir", settings.data_dir.string()}});
  wait_for_signal(settings, *edge);
  log::info("stopping: what is under way is finished first");
  edge->drain();  // it goes on answering, uploads with 503, while the work in hand is finished
  workers->stop(kWorkGrace);
  edge->stop(kEdgeGrace);
  blocking.join();
  log::info("stopped");
  return {};
}

int serve(const Settings& settings) {
  log::init(settings.log_level, settings.log_format);
  const auto served = serve_until_signalled(settings);
  return served ? kAllWell : say_error(served.error());
}

}  // namespace

Action define_serve(CLI::App& verb) {
  auto flags = std::make_shared<SettingFlags>(verb);
  return [flags] { return flags->resolved({}, serve); };
}

}  // namespace imgmill::cli
