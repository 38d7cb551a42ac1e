#include "cli/input_csv.h"

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace imgmill::cli {

bool InputCsv::is_in(const std::string& file) const {
  struct stat here{};
  struct stat there{};
  return ::fstat(fd.get(), &here) == 0 && ::stat(file.c_str(), &there) == 0 &&
         S_ISREG(here.st_mode) && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

Result<InputCsv> open_input(const std::string& csv) {
  InputCsv input;
  const bool is_stdin = csv == kStdin;
  input.fd.reset(is_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                          : ::open(csv.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about{};
  const bool is_open = input.fd && ::fstat(input.fd.get(), &about) == 0;
  if (is_open && S_ISDIR(about.st_mode)) errno = EISDIR;
  if (!is_open || S_ISDIR(about.st_mode)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} cannot be read", csv.empty() ? "the CSV \"\"" : csv),
                fail_errno(errno, {}).error().detail);
  }
  // Stdin may stand anywhere in its file.
  if (S_ISREG(about.st_mode) && !is_stdin) input.size = static_cast<std::uint64_t>(about.st_size);
  input.name = is_stdin ? "stdin.csv" : std::filesystem::path(csv).filename().string();
  return input;
}

}  // namespace imgmill::cli
