#include "codec_worker/formats/lzw.h"

#include <cstdlib>
#include <utility>

namespace imgmill::codec_worker {
namespace {

constexpr int kWidthMax = 12;
constexpr std::uint32_t kCodes = 1U << kWidthMax;
constexpr std::uint16_t kNone = 0xffff;

// Codes from bytes, low bits first.
class CodeReader {
 public:
  explicit CodeReader(Bytes bytes) : bytes_(bytes) {}
  // nullopt when fewer than `width` bits are left.
  std::optional<std::uint32_t> read(int width) {
    while (held_ < width && at_ < bytes_.size()) {
      bits_ |= std::to_integer<std::uint32_t>(bytes_[at_++]) << held_;
      held_ += 8;
    }
    if (held_ < width) return std::nullopt;
    const std::uint32_t code = bits_ & ((1U << width) - 1);
    bits_ >>= width;
    held_ -= width;
    return code;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
  std::uint32_t bits_ = 0;
  int held_ = 0;
};

class CodeWriter {
 public:
  void write(std::uint32_t code, int width) {
    bits_ |= code << held_;
    held_ += width;
    for (; held_ >= 8; held_ -= 8, bits_ >>= 8) append_u8(out_, bits_);
  }
  [[nodiscard]] Buffer finish() {
    if (held_ > 0) append_u8(out_, bits_);
    return std::move(out_);
  }

 private:
  Buffer out_;
  std::uint32_t bits_ = 0;
  int held_ = 0;
};

// A decoder's dictionary: each code is an earlier one and one index more.
class Unpacker {
 public:
  Unpacker(int code_bits, std::size_t count) : clear_(1U << code_bits), code_bits_(code_bits) {
    out_.indices.reserve(count);
    count_ = count;
    reset();
  }

  LzwIndices run(Bytes packed) {
    CodeReader reader(packed);
    while (out_.indices.size() < count_) {
      const auto code = reader.read(width_);
      if (!code || *code == clear_ + 1) return finish(LzwEnd::kShort);
      if (*code == clear_) {
        reset();
        continue;
      }
      if (!emit(*code)) return finish(LzwEnd::kBroken);
    }
    return finish(LzwEnd::kComplete);
  }

 private:
  void reset() {
    width_ = code_bits_ + 1;
    next_ = clear_ + 2;
    before_ = kNone;
  }

  LzwIndices finish(LzwEnd end) {
    out_.end = end;
    return std::move(out_);
  }

  // Where in the output the run of a code began, and how long it is: runs are copied from there.
  bool emit(std::uint32_t code) {
    const std::size_t start = out_.indices.size();
    if (code < clear_) {
      out_.indices.push_back(static_cast<std::byte>(code));
    } else if (code < next_) {
      copy(run_start_[code], run_length_[code]);
    } else if (code == next_ && before_ != kNone && next_ < kCodes) {
      copy(before_start_, before_length_);
      copy(before_start_, 1);
    } else {
      return false;
    }
    if (before_ != kNone && next_ < kCodes) {
      // The run before, and the first index of this one, which stands right behind it.
      run_start_[next_] = before_start_;
      run_length_[next_] = before_length_ + 1;
      ++next_;
      if (next_ == (1U << width_) && width_ < kWidthMax) ++width_;
    }
    before_ = static_cast<std::uint16_t>(code);
    before_start_ = start;
    before_length_ = out_.indices.size() - start;
    return true;
  }

  void copy(std::size_t from, std::size_t length) {
    length = std::min(length, count_ - std::min(count_, out_.indices.size()));
    for (std::size_t i = 0; i < length; ++i) out_.indices.push_back(out_.indices[from + i]);
  }

  LzwIndices out_;
  std::size_t count_ = 0;
  std::uint32_t clear_;
  int code_bits_;
  int width_ = 0;
  std::uint32_t next_ = 0;
  std::uint16_t before_ = kNone;
  std::size_t before_start_ = 0;
  std::size_t before_length_ = 0;
  std::array<std::size_t, kCodes> run_start_{};
  std::array<std::size_t, kCodes> run_length_{};
};

// An encoder's dictionary as a tree: a node's children are the runs that are one index longer.
class Packer {
 public:
  Packer(Bytes indices, int code_bits, const LzwTolerance& tolerance)
      : indices_(indices), tolerance_(tolerance), clear_(1U << code_bits), code_bits_(code_bits) {}

  Buffer run() {
    reset();
    writer_.write(clear_, width_);
    for (std::size_t at = 0; at < indices_.size();) {
      const Match match = longest_match(at);
      writer_.write(match.code, width_);
      at += match.length;
      if (at < indices_.size()) extend(match.code, index(at));
    }
    // A reader has entered the last run but one by now, and its width may have grown with that.
    if (next_ == (1U << width_) && width_ < kWidthMax) ++width_;
    writer_.write(clear_ + 1, width_);
    return writer_.finish();
  }

 private:
  struct Match {
    std::uint16_t code = 0;
    std::size_t length = 0;
    int r = 0, g = 0, b = 0;  // how far the run's colours have drifted, summed
  };
  struct Node {
    std::uint16_t first_child = kNone;
    std::uint16_t sibling = kNone;
    std::uint8_t index = 0;
  };
  // How much searching for near runs one code may cost.
  static constexpr int kVisitsMax = 400;
  static constexpr int kDriftMax = 2;  // times the tolerated distance

  [[nodiscard]] std::uint8_t index(std::size_t at) const {
    return std::to_integer<std::uint8_t>(indices_[at]);
  }

  void reset() {
    width_ = code_bits_ + 1;
    next_ = clear_ + 2;
    for (std::uint32_t code = 0; code < clear_; ++code) {
      nodes_[code] = {kNone, kNone, static_cast<std::uint8_t>(code)};
    }
  }

  // Adds the run of `code` and one index more, or starts over when the dictionary is full. The
  // width grows one code later than a reader's, which lags behind by one entry.
  void extend(std::uint16_t code, std::uint8_t longer_by) {
    if (next_ == kCodes) {
      writer_.write(clear_, width_);
      reset();
      return;
    }
    nodes_[next_] = {kNone, nodes_[code].first_child, longer_by};
    nodes_[code].first_child = static_cast<std::uint16_t>(next_);
    if (next_ == (1U << width_)) ++width_;
    ++next_;
  }

  Match longest_match(std::size_t at) {
    best_ = {index(at), 1};
    while (const auto longer = exact_child(best_, at)) best_ = *longer;
    if (tolerance_.distance() == 0) return best_;
    visits_ = 0;
    search({index(at), 1}, at);
    return best_;
  }

  [[nodiscard]] std::optional<Match> exact_child(const Match& match, std::size_t at) const {
    if (at + match.length >= indices_.size()) return std::nullopt;
    const std::uint8_t wanted = index(at + match.length);
    for (auto child = nodes_[match.code].first_child; child != kNone;
         child = nodes_[child].sibling) {
      if (nodes_[child].index == wanted) return Match{child, match.length + 1};
    }
    return std::nullopt;
  }

  // Depth first through the runs near the indices at `at`; the longest wins.
  void search(const Match& from, std::size_t at) {
    if (from.length > best_.length) best_ = from;
    if (at + from.length >= indices_.size()) return;
    const std::uint8_t wanted = index(at + from.length);
    for (auto child = nodes_[from.code].first_child; child != kNone;
         child = nodes_[child].sibling) {
      if (++visits_ > kVisitsMax) return;
      if (const auto longer = near_child(from, child, wanted)) search(*longer, at);
    }
  }

  // `from` longer by `child` in place of the index `wanted`; nullopt when that is too far, alone or
  // together with the run's drift: a run of small errors to one side would show as a streak.
  [[nodiscard]] std::optional<Match> near_child(const Match& from, std::uint16_t child,
                                                std::uint8_t wanted) const {
    Match longer{child, from.length + 1, from.r, from.g, from.b};
    if (nodes_[child].index == wanted) return longer;
    const LzwTolerance::Color& here = tolerance_.color(wanted);
    const LzwTolerance::Color& there = tolerance_.color(nodes_[child].index);
    const int distance = tolerance_.distance();
    const int r = there.r - here.r;
    const int g = there.g - here.g;
    const int b = there.b - here.b;
    if (!here.replaceable || !there.replaceable) return std::nullopt;
    if (r * r + g * g + b * b > distance * distance) return std::nullopt;
    longer.r += r;
    longer.g += g;
    longer.b += b;
    const int drift = std::max({std::abs(longer.r), std::abs(longer.g), std::abs(longer.b)});
    return drift > kDriftMax * distance ? std::nullopt : std::optional(longer);
  }

  Bytes indices_;
  const LzwTolerance& tolerance_;
  std::uint32_t clear_;
  int code_bits_;
  int width_ = 0;
  std::uint32_t next_ = 0;
  std::array<Node, kCodes> nodes_{};
  CodeWriter writer_;
  Match best_;
  int visits_ = 0;
};

}  // namespace

LzwTolerance::LzwTolerance(Bytes palette, std::optional<std::uint8_t> transparent, int distance)
    : distance_(distance) {
  ByteReader reader(palette);
  for (std::size_t i = 0; i < colors_.size() && reader.left() >= 3; ++i) {
    Color& color = colors_[i];
    color.r = static_cast<int>(reader.u8());
    color.g = static_cast<int>(reader.u8());
    color.b = static_cast<int>(reader.u8());
    color.replaceable = !transparent || i != *transparent;
  }
}

LzwIndices unpack_lzw(Bytes packed, int code_bits, std::size_t count) {
  return Unpacker(code_bits, count).run(packed);
}

Buffer pack_lzw(Bytes indices, int code_bits, const LzwTolerance& tolerance) {
  return Packer(indices, code_bits, tolerance).run();
}

}  // namespace imgmill::codec_worker
