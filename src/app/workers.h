// Everything below the edge, built and joined: database, store, fetcher, codec children, engine and
// courier, each on its thread. `serve` puts the edge on top of it, `run` a progress bar.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/settings.h"
#include "base/async.h"
#include "base/clock.h"
#include "base/error.h"
#include "db/db.h"
#include "http/url_sample.h"
#include "objects/object_store.h"
#include "work/engine.h"

namespace imgmill {

// imgmill-codec, which stands beside this program.
[[nodiscard]] std::filesystem::path codec_program();

struct WorkersOptions {
  std::filesystem::path database_file;
  std::filesystem::path objects;
  std::filesystem::path spool;
  std::function<RenditionPlace(const std::string& request_id)> place_of;
  std::optional<std::filesystem::path>
      local_sources;                            // `run`: paths are taken, relative to this folder
  std::optional<std::string> webhook_base_url;  // nullopt: no webhooks (`run`)
};

class Workers {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Workers>> create(const Settings& settings,
                                                               WorkersOptions options);
  ~Workers();

  void start();
  // There is a new batch, or something to be done in one again. Any thread.
  void nudge();
  // The batch was cancelled: what is begun of it is broken off. Any thread.
  void drop(BatchKey batch);
  // Leases no more, lets what is in hand finish for `grace`, then breaks downloads off; gives
  // leases back. Blocks.
  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] Db& db();
  [[nodiscard]] ObjectStore& objects();
  [[nodiscard]] const Clock& clock() const;
  // What is wrong with a webhook URL's address.
  [[nodiscard]] std::optional<std::string> webhook_url_fault(std::string_view url) const;
  // EdgeParts::look and end_looking. Any thread.
  void look(std::string_view url, std::int64_t round, Callback<UrlSample> done);
  void end_looking(std::int64_t round);

 private:
  class Impl;
  explicit Workers(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace imgmill
