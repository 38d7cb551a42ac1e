// The one place where a sanitizer build of the child differs. Its shadow memory is terabytes of
// address space, and its report is written to stderr, which may be a file, by calls that the
// product's sandbox forbids. So there neither the address space nor the size of files is limited,
// the process stays inspectable, and a forbidden call fails with EPERM instead of ending the
// process. The sandbox of the product is proven with an unsanitized child in every build
// (tests/sandbox).
#pragma once

namespace imgmill::codec_worker {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace imgmill::codec_worker
