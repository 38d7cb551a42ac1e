#include "codec/pool.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "base/metrics.h"
#include "codec/child.h"

namespace imgmill {
namespace {

struct Job {
  Spool source;
  Recipe recipe;
  Callback<CodecOutcome> done;
  std::chrono::steady_clock::time_point queued_at;
};

// Why a child was replaced, as a label says it.
std::string_view word_of(ChildFailure::Kind kind) {
  switch (kind) {
    case ChildFailure::Kind::kCrashed:
      return "crashed";
    case ChildFailure::Kind::kTimedOut:
      return "timed_out";
    case ChildFailure::Kind::kOutOfMemory:
      return "out_of_memory";
    case ChildFailure::Kind::kLied:
      return "lied";
    case ChildFailure::Kind::kStopped:
      return "stopped";
    case ChildFailure::Kind::kSourceUnreadable:
      return "source_unreadable";
  }
  return "other";
}

constexpr std::string_view kWornOut = "worn_out";  // it has done enough
constexpr std::string_view kEnded = "ended";       // or spoke unasked, while idle

struct PoolMetrics {
  PoolMetrics() {
    for (const auto reason : {word_of(ChildFailure::Kind::kCrashed), kWornOut, kEnded}) {
      static_cast<void>(replaced.of({reason}));
    }
    alive.set(0);
    queued.set(0);
  }
  metrics::Gauge alive =
      metrics::gauge({"imgmill_codec_children", "Codec children that are fit to work."});
  metrics::Gauge queued =
      metrics::gauge({"imgmill_codec_queue_images", "Images that wait for a codec child."});
  metrics::Counters replaced{
      {"imgmill_codec_children_replaced_total", "Codec children replaced, and why."}, {"reason"}};
  metrics::Counter not_started = metrics::counter(
      {"imgmill_codec_start_failures_total", "Codec children that could not be started."});
};

CodecOutcome failed(FaultCode code, std::string message) {
  return {.rendition = std::nullopt, .fault = ImageFault{code, std::move(message)}};
}

CodecOutcome cancelled() {
  return failed(FaultCode::kCancelled, "the program stopped before this image was done");
}

CodecOutcome no_decoder() {
  return failed(FaultCode::kDecoderCrashed, "no decoder could be started");
}

Result<void> check_options(const CodecPoolOptions& options) {
  if (options.children < 1 || options.children > limits::kCodecChildrenMax) {
    return fail(ErrorCode::kInvalid, "the number of codec processes is out of range");
  }
  if (options.source_bytes_max == 0 || options.source_pixels_max == 0) {
    return fail(ErrorCode::kInvalid, "a codec needs room for at least one byte and one pixel");
  }
  if (options.deadline <= std::chrono::milliseconds(0) ||
      options.deadline > std::chrono::hours(1)) {
    return fail(ErrorCode::kInvalid, "the codec's deadline is out of range");
  }
  return {};
}

ChildOptions child_options(const CodecPoolOptions& options, int stop_fd) {
  const auto arena = codec_wire::layout_for(options.source_bytes_max);
  // Twice the wall time it can be at work before it is replaced: a decoder may use a second thread.
  const auto wall_max =
      options.work_per_life + std::chrono::ceil<std::chrono::seconds>(options.deadline);
  return {
      .worker = options.worker,
      .arena = arena,
      .memory_bytes_max = options.memory_bytes_max + arena.size(),
      .cpu_max = 2 * wall_max,
      .sandbox = options.sandbox,
      .stop_fd = stop_fd,
  };
}

// What a failed child means for the image in its hands; nullopt: try another child.
std::optional<CodecOutcome> final_outcome(const ChildFailure& failure) {
  using Kind = ChildFailure::Kind;
  switch (failure.kind) {
    case Kind::kTimedOut:
      return failed(FaultCode::kDecoderTimeout, "decoding this image took too long");
    case Kind::kOutOfMemory:
      return failed(FaultCode::kTooManyPixels,
                    "decoding this image takes more memory than is allowed");
    case Kind::kSourceUnreadable:
      return failed(FaultCode::kStorageFailed, "the downloaded image could not be read back");
    case Kind::kStopped:
      return cancelled();
    case Kind::kCrashed:
    case Kind::kLied:
      return std::nullopt;
  }
  return std::nullopt;
}

void log_end(const Child& child, const ChildFailure& failure) {
  if (failure.kind == ChildFailure::Kind::kStopped) return;
  log::warn("codec child replaced", {{"pid", std::to_string(child.pid())},
                                     {"reason", std::string(word_of(failure.kind))},
                                     {"detail", failure.detail}});
}

void log_ready(const CodecPoolOptions& options, const codec_wire::Ready& ready) {
  if (!options.sandbox) {
    log::warn("codec children run without a sandbox: a hostile image can take over this account");
  } else if (!ready.landlock) {
    log::warn("codec children run without Landlock: this kernel has none; seccomp is on");
  }
  log::info("codec children ready",
            {{"children", std::to_string(options.children)},
             {"seccomp", ready.seccomp ? "yes" : "no"},
             {"landlock", ready.landlock ? "yes" : "no"},
             {"network_namespace", ready.network_namespace ? "yes" : "no"}});
}

}  // namespace

// Lock order: mutex_ alone, never held over a callback or a system call that waits.
class CodecPool::Impl {
 public:
  Impl(CodecPoolOptions options, UniqueFd stop_event)
      : options_(std::move(options)),
        stop_event_(std::move(stop_event)),
        child_options_(child_options(options_, stop_event_.get())) {}
  ~Impl() { stop(); }

  Result<void> start();
  void render(Job job);
  void stop();

 private:
  struct Slot {
    std::unique_ptr<Child> child;
    std::thread thread;
  };

  void work(Slot& slot);
  bool first_child(Slot& slot);
  // A child that is fit for the next image; false after kCodecStartsMax failed starts, or on stop.
  bool ensure_child(Slot& slot);
  // As ensure_child, but does not give up; meanwhile, when no slot is fit, waiting images fail.
  void restore_child(Slot& slot);
  Result<void> start_child(Slot& slot);
  void drop_child(Slot& slot, std::string_view reason);
  [[nodiscard]] bool worn_out(const Child& child) const;

  CodecOutcome serve(Slot& slot, const Job& job);
  std::optional<Job> next_job();
  std::deque<Job> take_queue();
  void fail_waiting();
  bool pause(std::chrono::milliseconds time);  // false: stopping
  bool stopping();

  const CodecPoolOptions options_;
  const UniqueFd stop_event_;
  const ChildOptions child_options_;
  const SystemClock clock_;
  const PoolMetrics metrics_;

  std::mutex mutex_;
  std::condition_variable changed_;  // something was queued, or stopping_
  std::condition_variable ending_;   // stopping_; apart, so that a pause never eats a job's wake-up
  std::condition_variable started_;  // a slot's first start came to its end
  std::deque<Job> queue_;
  bool stopping_ = false;
  int first_starts_ = 0;
  int fit_slots_ = 0;
  std::optional<Error> start_error_;
  codec_wire::Ready ready_;

  std::mutex join_mutex_;
  std::vector<Slot> slots_;
};

Result<void> CodecPool::Impl::start() {
  slots_.resize(static_cast<std::size_t>(options_.children));
  for (Slot& slot : slots_) {
    slot.thread = std::thread([this, &slot] { work(slot); });
  }
  std::unique_lock lock(mutex_);
  started_.wait(lock, [this] { return first_starts_ == options_.children; });
  if (start_error_) return std::unexpected(*start_error_);
  log_ready(options_, ready_);
  return {};
}

void CodecPool::Impl::render(Job job) {
  if (job.source.size() > options_.source_bytes_max) {
    return job.done(failed(FaultCode::kTooLarge, "the image is larger than is allowed"));
  }
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      job.queued_at = clock_.steady_now();
      queue_.push_back(std::move(job));
      metrics_.queued.add(1);
      changed_.notify_one();
      return;
    }
  }
  job.done(cancelled());
}

void CodecPool::Impl::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  CHECK(eventfd_write(stop_event_.get(), 1) == 0);
  changed_.notify_all();
  ending_.notify_all();
  const std::lock_guard joining(join_mutex_);
  for (Slot& slot : slots_) {
    CHECK(slot.thread.get_id() != std::this_thread::get_id());
    if (slot.thread.joinable()) slot.thread.join();
  }
}

// The thread of a slot. It starts and ends the slot's children, as ChildProcess wants it.
void CodecPool::Impl::work(Slot& slot) {
  if (first_child(slot)) {
    while (std::optional<Job> job = next_job()) {
      const auto waited = clock_.steady_now() - job->queued_at;
      CodecOutcome outcome = serve(slot, *job);
      outcome.waited = waited;
      job->done(std::move(outcome));
      job.reset();
      restore_child(slot);
    }
  }
  slot.child.reset();
  for (Job& job : take_queue()) job.done(cancelled());
}

bool CodecPool::Impl::first_child(Slot& slot) {
  const Result<void> started = start_child(slot);
  const std::lock_guard lock(mutex_);
  ++first_starts_;
  if (started) {
    ready_ = slot.child->ready();
  } else if (!start_error_) {
    start_error_ = started.error();
  }
  started_.notify_all();
  return started.has_value();
}

CodecOutcome CodecPool::Impl::serve(Slot& slot, const Job& job) {
  const ChildJob child_job{.source = job.source,
                           .recipe = job.recipe,
                           .pixels_max = options_.source_pixels_max,
                           .deadline = options_.deadline};
  for (int tries = 0; tries < limits::kCodecTriesMax; ++tries) {
    if (!ensure_child(slot)) return stopping() ? cancelled() : no_decoder();
    auto outcome = slot.child->run(child_job);
    if (outcome) return *std::move(outcome);
    log_end(*slot.child, outcome.error());
    drop_child(slot, word_of(outcome.error().kind));
    if (auto answer = final_outcome(outcome.error())) return *std::move(answer);
  }
  return failed(FaultCode::kDecoderCrashed, "the decoder crashed on this image, twice");
}

bool CodecPool::Impl::worn_out(const Child& child) const {
  return child.images() >= options_.images_per_life || child.worked() >= options_.work_per_life;
}

Result<void> CodecPool::Impl::start_child(Slot& slot) {
  TRY(slot.child, Child::start(child_options_, clock_));
  const std::lock_guard lock(mutex_);
  ++fit_slots_;
  metrics_.alive.set(fit_slots_);
  return {};
}

void CodecPool::Impl::drop_child(Slot& slot, std::string_view reason) {
  slot.child.reset();
  metrics_.replaced.of({reason}).add();
  const std::lock_guard lock(mutex_);
  --fit_slots_;
  metrics_.alive.set(fit_slots_);
}

bool CodecPool::Impl::ensure_child(Slot& slot) {
  if (slot.child) {
    const bool idle = slot.child->idle();
    if (idle && !worn_out(*slot.child)) return true;
    if (!idle) {
      log::warn("codec child replaced", {{"pid", std::to_string(slot.child->pid())},
                                         {"reason", std::string(kEnded)},
                                         {"detail", "it ended or spoke unasked"}});
    }
    drop_child(slot, idle ? kWornOut : kEnded);
  }
  auto time = limits::kCodecStartPauseMin;
  for (int starts = 1; !stopping(); ++starts, time *= 2) {
    const Result<void> started = start_child(slot);
    if (started) return true;
    if (stopping()) return false;
    metrics_.not_started.add();
    log::error("codec child not started", {{"reason", describe(started.error())}});
    if (starts == limits::kCodecStartsMax || !pause(time)) return false;
  }
  return false;
}

void CodecPool::Impl::restore_child(Slot& slot) {
  std::chrono::milliseconds time = limits::kCodecStartPauseMin;
  while (!ensure_child(slot)) {
    fail_waiting();
    if (!pause(time)) return;
    time = std::min<std::chrono::milliseconds>(2 * time, limits::kCodecStartPauseMax);
  }
}

std::optional<Job> CodecPool::Impl::next_job() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  if (stopping_) return std::nullopt;
  Job job = std::move(queue_.front());
  queue_.pop_front();
  metrics_.queued.add(-1);
  return job;
}

std::deque<Job> CodecPool::Impl::take_queue() {
  const std::lock_guard lock(mutex_);
  metrics_.queued.set(0);
  return std::exchange(queue_, {});
}

// Only when there is no slot left that could serve them.
void CodecPool::Impl::fail_waiting() {
  std::deque<Job> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || fit_slots_ > 0) return;
    waiting = std::exchange(queue_, {});
    metrics_.queued.set(0);
  }
  for (Job& job : waiting) job.done(no_decoder());
}

bool CodecPool::Impl::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !ending_.wait_for(lock, time, [this] { return stopping_; });
}

bool CodecPool::Impl::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

Result<std::unique_ptr<CodecPool>> CodecPool::create(CodecPoolOptions options) {
  TRY_VOID(check_options(options));
  UniqueFd stop_event(::eventfd(0, EFD_CLOEXEC));
  if (!stop_event) return fail_errno(errno, "the codec pool could not be made", "eventfd");
  auto impl = std::make_unique<Impl>(std::move(options), std::move(stop_event));
  TRY_VOID(impl->start());
  return std::unique_ptr<CodecPool>(new CodecPool(std::move(impl)));
}

CodecPool::CodecPool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

CodecPool::~CodecPool() { stop(); }

void CodecPool::render(Spool source, Recipe recipe, Callback<CodecOutcome> done) {
  impl_->render({std::move(source), recipe, std::move(done), {}});
}

void CodecPool::stop() { impl_->stop(); }

}  // namespace imgmill
