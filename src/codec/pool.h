// The Codec that runs in sandboxed children: one long-lived child and one thread for each slot, a
// queue in order of arrival before them (bounded by the callers: it holds what render() was given
// and not more). A child is replaced when it crashed, hung, lied or has done enough; what that
// means for the image in its hands:
//
//   crashed or lied      tried on one more child, then decoder_crashed
//   over the deadline    decoder_timeout, at once
//   out of memory        too_many_pixels, at once: it would be again
//
// While no child can be started, waiting images fail with decoder_crashed within some seconds of
// it, and starting is tried again with growing pauses.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/limits.h"
#include "codec/codec.h"

namespace imgmill {

struct CodecPoolOptions {
  std::filesystem::path worker;  // the program imgmill-codec
  int children = 1;              // 1..limits::kCodecChildrenMax
  std::uint64_t source_bytes_max = 0;
  std::uint64_t source_pixels_max = 0;
  std::chrono::milliseconds deadline = limits::kCodecDeadline;
  bool sandbox = true;  // false: children only have resource limits; the operator asked for it

  // What tests make small.
  std::uint64_t memory_bytes_max = limits::kCodecMemoryBytes;
  int images_per_life = limits::kCodecImagesPerLife;
  std::chrono::seconds work_per_life = limits::kCodecWorkPerLife;
};

class CodecPool final : public Codec {
 public:
  // Returns when every child is ready. kUnavailable when a child cannot be started or its sandbox
  // cannot be set up (the text names the step), kInvalid for options out of range.
  [[nodiscard]] static Result<std::unique_ptr<CodecPool>> create(CodecPoolOptions options);
  ~CodecPool() override;  // stop()

  // A source over source_bytes_max is too_large. After stop(), `done` is called at once, in here.
  void render(Spool source, Recipe recipe, Callback<CodecOutcome> done) override;

  // Kills the children and waits for the threads. What was queued or under way is answered with
  // FaultCode::kCancelled: nothing is known of the image, give its lease back. Idempotent; not to
  // be called from a callback.
  void stop();

 private:
  class Impl;
  explicit CodecPool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace imgmill
