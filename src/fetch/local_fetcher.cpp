#include "fetch/local_fetcher.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <expected>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "base/unique_fd.h"

namespace imgmill {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileScheme = "file:";
constexpr std::size_t kReadBytes = 64 << 10;

bool is_local(std::string_view url) {
  return starts_with_ignoring_case(url, kFileScheme) || url.find("://") == url.npos;
}

std::unexpected<ImageFault> fault(FaultCode code, std::string message) {
  return std::unexpected(ImageFault{code, std::move(message)});
}

// nullopt for a % without two hex digits, and for a NUL.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const char* digits = text.data() + i + 1;
    unsigned char value = 0;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2 ||
        value == 0) {
      return std::nullopt;
    }
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

// RFC 8089: file:/path, file:///path and file://localhost/path.
std::expected<fs::path, ImageFault> path_of_file_url(std::string_view url) {
  std::string_view rest = url.substr(kFileScheme.size());
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (starts_with_ignoring_case(rest, "localhost/")) rest.remove_prefix(9);
  }
  const auto path = percent_decoded(rest.substr(0, rest.find_first_of("?#")));
  if (!path || !path->starts_with('/')) {
    return fault(FaultCode::kInvalidUrl,
                 "a file URL is file:///folder/name, with % only before two hex digits");
  }
  return fs::path(*path);
}

std::expected<fs::path, ImageFault> path_of(const std::string& url, const fs::path& base_folder) {
  if (starts_with_ignoring_case(url, kFileScheme)) return path_of_file_url(url);
  if (url.empty() || url.find('\0') != url.npos) {
    return fault(FaultCode::kInvalidUrl, "it is neither a URL nor a path");
  }
  return base_folder / url;
}

std::unexpected<ImageFault> open_fault(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return fault(FaultCode::kInvalidUrl, "there is no file of this name");
    case EACCES:
    case EPERM:
      return fault(FaultCode::kInvalidUrl, "the file may not be read; check its permissions");
    case ELOOP:
    case ENAMETOOLONG:
      return fault(FaultCode::kInvalidUrl, "the path cannot be followed to a file");
    default:
      return fault(FaultCode::kStorageFailed, "the file could not be opened");
  }
}

std::expected<UniqueFd, ImageFault> open_file(const fs::path& path, std::uint64_t bytes_max) {
  struct stat info{};
  // Asked first: opening a FIFO waits, and opening a device may do anything. O_NONBLOCK is for the
  // file that has become a FIFO meanwhile.
  if (::stat(path.c_str(), &info) != 0) return open_fault(errno);
  if (!S_ISREG(info.st_mode)) {
    return fault(FaultCode::kInvalidUrl,
                 S_ISDIR(info.st_mode) ? "it is a folder, not a file" : "it is not a regular file");
  }
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return open_fault(errno);
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fault(FaultCode::kInvalidUrl, "it is not a regular file");
  }
  if (static_cast<std::uint64_t>(info.st_size) > bytes_max) {
    return fault(FaultCode::kTooLarge, "the source has more bytes than the limit for one image");
  }
  return file;
}

std::expected<Spool, ImageFault> read_file(int file, const fs::path& spool_folder,
                                           std::uint64_t bytes_max) {
  Spool spool(spool_folder);
  std::array<std::byte, kReadBytes> buffer;
  while (true) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fault(FaultCode::kStorageFailed, "the file could not be read");
    if (got == 0) break;
    const auto bytes = std::span(buffer).first(static_cast<std::size_t>(got));
    if (spool.size() + bytes.size() > bytes_max) {
      return fault(FaultCode::kTooLarge, "the source has more bytes than the limit for one image");
    }
    if (!spool.append(bytes)) {
      return fault(FaultCode::kStorageFailed, "the source could not be kept on disk");
    }
  }
  if (spool.size() == 0) return fault(FaultCode::kEmptyBody, "the file is empty");
  return spool;
}

std::expected<Spool, ImageFault> load(const std::string& url, const fs::path& base_folder,
                                      const fs::path& spool_folder, std::uint64_t bytes_max) {
  TRY(const fs::path path, path_of(url, base_folder));
  TRY(const UniqueFd file, open_file(path, bytes_max));
  return read_file(file.get(), spool_folder, bytes_max);
}

}  // namespace

LocalFetcher::LocalFetcher(fs::path base_folder, fs::path spool_folder,
                           std::uint64_t source_bytes_max, Fetcher& remote, asio::thread_pool& pool)
    : base_folder_(std::move(base_folder)),
      spool_folder_(std::move(spool_folder)),
      source_bytes_max_(source_bytes_max),
      remote_(remote),
      pool_(pool) {}

void LocalFetcher::get(std::string url, std::int64_t batch, Callback<FetchOutcome> done) {
  if (!is_local(url)) {
    remote_.get(std::move(url), batch, std::move(done));
    return;
  }
  asio::post(pool_, [url = std::move(url), done = std::move(done), base_folder = base_folder_,
                     spool_folder = spool_folder_, bytes_max = source_bytes_max_]() mutable {
    auto body = load(url, base_folder, spool_folder, bytes_max);
    if (body) {
      done({*std::move(body), std::nullopt});
    } else {
      done({std::nullopt, FetchFault{std::move(body).error(), false, std::nullopt}});
    }
  });
}

// Files are read at once: there is nothing of them to break off.
void LocalFetcher::drop(std::int64_t batch) { remote_.drop(batch); }

void LocalFetcher::post(Post post, Callback<PostOutcome> done) {
  remote_.post(std::move(post), std::move(done));
}

}  // namespace imgmill
