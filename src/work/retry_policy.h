// Again or not, and when: the table for faults of images (CONTRACT section 4). Three tries in all;
// the pauses grow and are jittered, so that a thousand images of one origin do not come back at
// once; the origin's Retry-After is obeyed up to limits::kRetryAfterMax. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "fetch/fetcher.h"
#include "model/image_fault.h"

namespace imgmill {

// How long to wait before try number `tries` + 1; nullopt: the fault is final. `random` is any
// number.
[[nodiscard]] std::optional<Micros> pause_after(const FetchFault& fault, std::uint32_t tries,
                                                std::uint64_t random);

// A rendition that could not be stored: a full disk may have room again.
[[nodiscard]] FetchFault storage_fault(const Error& error);

}  // namespace imgmill
