#include "cli/save_csv.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/say.h"

namespace imgmill::cli {
namespace {

namespace fs = std::filesystem;

using File = std::unique_ptr<std::FILE, decltype([](std::FILE* file) { std::fclose(file); })>;

constexpr int kOk = 200;
constexpr std::string_view kCsvType = "text/csv";

// The link is the shell's redirection, which may append.
bool is_stdout(const std::string& output) { return output == kStdout || output == "/dev/stdout"; }

// No ordinary file, such as /dev/null or a FIFO.
bool is_device(const std::string& output) {
  std::error_code error;
  return fs::exists(output, error) && !fs::is_regular_file(output, error);
}

// Where a chain of links leads, also when nothing is there yet.
fs::path end_of_links(fs::path place) {
  constexpr int kLinksMax = 40;  // as the kernel
  std::error_code error;
  for (int links = 0; links < kLinksMax && fs::is_symlink(place, error); ++links) {
    place = place.parent_path() / fs::read_symlink(place, error);
  }
  return place;
}

std::unexpected<Error> cannot_write(const std::string& file) {
  return fail_errno(errno, fmt::format("{} cannot be written", file));
}

struct Stream {
  std::FILE* file;
  std::string name;
  bool begun = false;
};

Result<ApiReply> receive(ApiClient& api, const std::string& target, Stream& stream) {
  bool reader_is_gone = false;
  const auto take = [&](std::span<const std::byte> block) -> Result<void> {
    stream.begun = true;
    if (std::fwrite(block.data(), 1, block.size(), stream.file) == block.size()) return {};
    reader_is_gone = errno == EPIPE;
    return cannot_write(stream.name);
  };
  auto reply = api.download(target, kCsvType, take);
  // What any write to a pipe without a reader does; libcurl keeps the signal away meanwhile.
  if (reader_is_gone) std::raise(SIGPIPE);
  if (!reply) return reply;
  if (reply->status == kOk && !reply->has_type(kCsvType)) {
    return fail(ErrorCode::kCorrupt, "the server's answer is no CSV: is it an imgmill?");
  }
  if (std::fflush(stream.file) != 0) return cannot_write(stream.name);
  return reply;
}

// It cannot begin again once a part of it is out.
Result<ApiReply> receive_once(ApiClient& api, const std::string& target, Stream stream) {
  auto reply = receive(api, target, stream);
  if (!reply && stream.begun) reply.error().code = ErrorCode::kIo;
  return reply;
}

Result<ApiReply> receive_file(ApiClient& api, const std::string& target, const fs::path& place) {
  File file(std::fopen(place.c_str(), "wbe"));
  if (!file) return cannot_write(place.string());
  Stream stream{.file = file.get(), .name = place.string()};
  auto reply = receive(api, target, stream);
  if (std::fclose(file.release()) != 0 && reply) return cannot_write(place.string());
  return reply;
}

}  // namespace

Result<void> check_output(const std::string& output) {
  if (is_stdout(output)) return {};
  std::error_code error;
  if (output.empty() || fs::is_directory(output, error)) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("-o: {}: name a file", output.empty() ? "empty" : output + " is a folder"));
  }
  const bool as_it_is = is_device(output);
  const fs::path place = as_it_is ? fs::path(output) : end_of_links(output);
  // A file is written beside its place.
  const fs::path folder = place.has_parent_path() ? place.parent_path() / "." : ".";
  if (::access((as_it_is ? place : folder).c_str(), as_it_is ? W_OK : W_OK | X_OK) == 0) return {};
  return fail(ErrorCode::kInvalid, fmt::format("{} cannot be written", output),
              fail_errno(errno, {}).error().detail);
}

Result<ApiReply> receive_csv(ApiClient& api, const std::string& target, const std::string& output) {
  if (is_stdout(output)) return receive_once(api, target, {.file = stdout, .name = "stdout"});
  if (is_device(output)) {
    const File file(std::fopen(output.c_str(), "wbe"));
    if (!file) return cannot_write(output);
    return receive_once(api, target, {.file = file.get(), .name = output});
  }
  const fs::path place = end_of_links(output);
  const fs::path unfinished = place.string() + ".part";
  auto reply = receive_file(api, target, unfinished);
  std::error_code error;
  if (reply && reply->status == kOk) {
    fs::rename(unfinished, place, error);
    if (!error) return reply;
    reply = fail_errno(error.value(), fmt::format("{} cannot be written", output));
  }
  fs::remove(unfinished, error);
  return reply;
}

Result<void> save_csv(Remote& remote, const std::string& target, const std::string& output) {
  TRY_VOID(check_output(output));
  TRY_VOID(remote.body_of(receive_csv(remote.api(), target, output)));
  return {};
}

}  // namespace imgmill::cli
