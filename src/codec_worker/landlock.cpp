#include "codec_worker/landlock.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <sys/syscall.h>

#include <unistd.h>

namespace imgmill::codec_worker {
namespace {

// As <linux/landlock.h> of Linux 6.12 has it; Debian 12's headers end at ABI 2.
struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // ABI 4
  std::uint64_t scoped;              // ABI 6
};

constexpr std::uint32_t kAskVersion = 1;

constexpr std::uint64_t first_bits(int count) { return (std::uint64_t{1} << count) - 1; }

// Every right of the first ABI, then what ABI 2 (refer), 3 (truncate) and 5 (device ioctl) added.
std::uint64_t file_rights(long abi) {
  if (abi >= 5) return first_bits(16);
  if (abi >= 3) return first_bits(15);
  return abi >= 2 ? first_bits(14) : first_bits(13);
}

std::size_t attributes_size(long abi) {
  if (abi >= 6) return sizeof(RulesetAttributes);
  return abi >= 4 ? offsetof(RulesetAttributes, scoped)
                  : offsetof(RulesetAttributes, handled_access_net);
}

}  // namespace

std::expected<bool, int> deny_by_landlock() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  if (abi < 0) {
    if (errno == ENOSYS || errno == EOPNOTSUPP) return false;
    return std::unexpected(errno);
  }
  const RulesetAttributes attributes{.handled_access_fs = file_rights(abi),
                                     .handled_access_net = abi >= 4 ? first_bits(2) : 0,
                                     .scoped = abi >= 6 ? first_bits(2) : 0};
  const long ruleset = ::syscall(SYS_landlock_create_ruleset, &attributes, attributes_size(abi), 0);
  if (ruleset < 0) return std::unexpected(errno);
  const long result = ::syscall(SYS_landlock_restrict_self, ruleset, 0);
  const int error = errno;
  ::close(static_cast<int>(ruleset));
  if (result != 0) return std::unexpected(error);
  return true;
}

}  // namespace imgmill::codec_worker
