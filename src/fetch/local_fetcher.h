// The Fetcher of `imgmill run`, where a CSV may name local files: file:// URLs and plain paths are
// read here, everything else and all webhooks go on to the remote Fetcher. Only regular files are
// read; a directory, a FIFO or a device is refused before it is opened.
//
// Thread-safe. What is local is read, and answered, on the pool.
#pragma once

#include <cstdint>
#include <filesystem>

#include <boost/asio/thread_pool.hpp>

#include "fetch/fetcher.h"

namespace imgmill {

class LocalFetcher final : public Fetcher {
 public:
  // Relative paths start at `base_folder`. `remote` and `pool` outlive the fetcher.
  LocalFetcher(std::filesystem::path base_folder, std::filesystem::path spool_folder,
               std::uint64_t source_bytes_max, Fetcher& remote, asio::thread_pool& pool);

  // Faults of files are final: invalid_url (not there, not a file, not readable), too_large,
  // empty_body, storage_failed.
  void get(std::string url, std::int64_t batch, Callback<FetchOutcome> done) override;
  void drop(std::int64_t batch) override;
  void post(Post post, Callback<PostOutcome> done) override;

 private:
  std::filesystem::path base_folder_;
  std::filesystem::path spool_folder_;
  std::uint64_t source_bytes_max_;
  Fetcher& remote_;
  asio::thread_pool& pool_;
};

}  // namespace imgmill
