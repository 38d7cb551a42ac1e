#include "codec_worker/formats/jpeg_coded_data.h"

#include <algorithm>

#include "codec_worker/formats/jpeg_stuffing.h"

namespace imgmill::codec_worker {
namespace {

constexpr std::size_t kWindowBytes = 32 << 10;
static_assert(kWindowBytes > 2 * JpegCodedData::kBytesAtOnceMax);
// One MCU may read on when the data have ended; the reader looks 8 bytes ahead.
constexpr std::size_t kZeroBytes = kJpegBlocksPerMcuMax * kJpegBlockBytesMax + 16;
static_assert(kZeroBytes >= kJpegStuffingSlack);

constexpr int kRestart0 = 0xd0;
constexpr int kFirstFrameHeader = 0xc0;
constexpr int kNoMarker = 0xd9;  // the end of the source counts as EOI

std::span<const std::uint8_t> octets(Bytes bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

JpegCodedData::JpegCodedData(Bytes coded)
    : source_(coded), window_(std::min(coded.size(), kWindowBytes) + kZeroBytes) {
  begin_segment(0);
}

JpegCodedData::JpegCodedData(const JpegCodedData& other)
    : source_(other.source_),
      source_at_(other.source_at_),
      at_marker_(other.at_marker_),
      starved_(other.starved_),
      next_restart_(other.next_restart_),
      window_(other.window_),
      end_(other.end_),
      bits_(other.bits_) {
  bits_.next = window_.data() + (other.bits_.next - other.window_.data());
}

void JpegCodedData::begin_segment(std::size_t source_at) {
  source_at_ = source_at;
  at_marker_ = false;
  end_ = 0;
  bits_ = {.buffer = 0, .count = 0, .next = window_.data()};
}

bool JpegCodedData::empty() {
  top_up();
  return end_ == 0;
}

bool JpegCodedData::holds(std::size_t bytes) { return ahead(bytes) >= bytes; }

std::size_t JpegCodedData::ahead(std::size_t wanted) {
  // The reader is up to 8 bytes ahead of what it has given out, and looks 8 further.
  const auto left = [this] {
    return static_cast<std::size_t>(
        std::max<std::ptrdiff_t>(0, window_.data() + end_ - bits_.next - 8));
  };
  if (left() < wanted && !at_marker_) top_up();
  return left();
}

// Moves what is not read yet to the front and fills the window up.
void JpegCodedData::top_up() {
  const auto read = static_cast<std::size_t>(bits_.next - window_.data());
  const std::size_t kept = end_ - read;
  std::copy_n(window_.begin() + static_cast<std::ptrdiff_t>(read), kept, window_.begin());
  bits_.next = window_.data();
  const std::size_t room = window_.size() - kZeroBytes - kept;
  const JpegUnstuffed more =
      unstuff_jpeg(octets(source_.subspan(source_at_)), window_.data() + kept, room);
  source_at_ += more.read;
  end_ = kept + more.written;
  at_marker_ = more.marker || source_at_ == source_.size();
  std::fill_n(window_.begin() + static_cast<std::ptrdiff_t>(end_), kZeroBytes, std::uint8_t{0});
}

bool JpegCodedData::overrun() const {
  const auto read_bits = (bits_.next - window_.data()) * 8 - bits_.count;
  return read_bits > static_cast<std::ptrdiff_t>(end_) * 8;
}

bool JpegCodedData::at_end() const {
  // restart() goes over what is no marker at all.
  const int found = marker();
  return starved_ && at_marker_ && found >= kFirstFrameHeader &&
         (found < kRestart0 || found > kRestart0 + 7);
}

std::size_t JpegCodedData::end() {
  skip_to_marker();
  return source_at_;
}

int JpegCodedData::marker() const {
  std::size_t at = source_at_;
  while (at < source_.size() && source_[at] == std::byte{0xff}) ++at;
  return at < source_.size() ? std::to_integer<int>(source_[at]) : kNoMarker;
}

void JpegCodedData::skip_to_marker() {
  while (!at_marker_) {
    bits_.next = window_.data() + end_;
    top_up();
  }
}

void JpegCodedData::restart() {
  skip_to_marker();
  const int due = kRestart0 + next_restart_;
  next_restart_ = (next_restart_ + 1) % 8;
  while (true) {
    const int found = marker();
    const auto behind = [this] {
      while (source_[source_at_] == std::byte{0xff}) ++source_at_;
      return source_at_ + 1;
    };
    const bool is_restart = found >= kRestart0 && found < kRestart0 + 8;
    const int ahead = (found - due + 8) % 8;
    if (found < kFirstFrameHeader || (is_restart && ahead >= 6)) {
      // Nonsense, or one of the two restarts before: what follows it is not wanted.
      begin_segment(behind());
      skip_to_marker();
      continue;
    }
    if (is_restart && ahead != 1 && ahead != 2) {
      begin_segment(behind());
      starved_ = false;
      return;
    }
    // Another marker, or one of the two restarts to come: the segment that is due is missing.
    bits_ = {.buffer = 0, .count = 0, .next = window_.data() + end_};
    return;
  }
}

}  // namespace imgmill::codec_worker
