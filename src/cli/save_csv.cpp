#include "cli/save_csv.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "cli/say.h"

namespace imgmill::cli {
namespace {

namespace fs = std::filesystem;

using File = std::unique_ptr<std::FILE, decltype([](std::FILE* file) { std::fclose(file); })>;

std::unexpected<Error> cannot_write(const std::string& file) {
  return fail_errno(errno, fmt::format("{} cannot be written", file));
}

Result<void> receive(Remote& remote, const std::string& target, std::FILE* file,
                     const std::string& name) {
  const auto take = [&](std::span<const std::byte> block) -> Result<void> {
    if (std::fwrite(block.data(), 1, block.size(), file) == block.size()) return {};
    return cannot_write(name);
  };
  TRY_VOID(remote.body_of(remote.api().download(target, take)));
  if (std::fflush(file) != 0) return cannot_write(name);
  return {};
}

Result<void> receive_file(Remote& remote, const std::string& target, const std::string& output) {
  File file(std::fopen(output.c_str(), "wbe"));
  if (!file) return cannot_write(output);
  TRY_VOID(receive(remote, target, file.get(), output));
  if (std::fclose(file.release()) != 0) return cannot_write(output);
  return {};
}

}  // namespace

Result<void> save_csv(Remote& remote, const std::string& target, const std::string& output) {
  if (output == kStdout) return receive(remote, target, stdout, "stdout");
  std::error_code error;
  if (fs::is_directory(output, error)) {
    return fail(ErrorCode::kInvalid, fmt::format("{} is a folder: name a file", output));
  }
  // What is no ordinary file, such as /dev/null, is written as it is.
  if (fs::exists(output, error) && !fs::is_regular_file(output, error)) {
    return receive_file(remote, target, output);
  }
  const std::string unfinished = output + ".part";
  auto received = receive_file(remote, target, unfinished);
  if (received) {
    fs::rename(unfinished, output, error);
    if (error) received = fail_errno(error.value(), fmt::format("{} cannot be written", output));
  }
  if (!received) fs::remove(unfinished, error);
  return received;
}

}  // namespace imgmill::cli
