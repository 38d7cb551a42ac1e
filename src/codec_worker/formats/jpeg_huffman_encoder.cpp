#include "codec_worker/formats/jpeg_huffman_encoder.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace imgmill::codec_worker {
namespace {

constexpr int kLengthMax = 16;
constexpr int kReserved = 256;  // takes the code that is all ones, and is not written

struct Leaf {
  std::uint64_t count = 0;
  int symbol = 0;
};

std::vector<Leaf> leaves_of(const JpegSymbolCounts& counts, int table) {
  std::vector<Leaf> leaves;
  for (int symbol = 0; symbol < 256; ++symbol) {
    const std::uint64_t count = counts.of(table, symbol);
    if (count > 0) leaves.push_back({count, symbol});
  }
  if (leaves.empty()) leaves.push_back({1, 0});
  leaves.push_back({0, kReserved});
  // Rarest first; of equals the higher symbol, so that the reserved one is the very first.
  std::ranges::sort(leaves, [](const Leaf& a, const Leaf& b) {
    return a.count != b.count ? a.count < b.count : a.symbol > b.symbol;
  });
  return leaves;
}

// How deep each leaf hangs in Huffman's tree, in the order of `leaves`. The trees that are joined
// come out in rising order by themselves, so that two queues do instead of a heap.
std::vector<int> depths_of(const std::vector<Leaf>& leaves) {
  const std::size_t count = leaves.size();
  std::vector<std::uint64_t> weights;
  for (const Leaf& leaf : leaves) weights.push_back(leaf.count);
  std::vector<std::size_t> parents(2 * count - 1);
  std::size_t next_leaf = 0;
  std::size_t next_tree = count;
  const auto lightest = [&] {
    const bool leaf = next_leaf < count &&
                      (next_tree >= weights.size() || weights[next_leaf] <= weights[next_tree]);
    return leaf ? next_leaf++ : next_tree++;
  };
  while (weights.size() < 2 * count - 1) {
    const std::size_t a = lightest();
    const std::size_t b = lightest();
    parents[a] = parents[b] = weights.size();
    weights.push_back(weights[a] + weights[b]);
  }
  std::vector<int> depths(weights.size());
  for (std::size_t i = weights.size() - 1; i-- > 0;) depths[i] = depths[parents[i]] + 1;
  depths.resize(count);
  return depths;
}

// How many codes there are of each length, none longer than 16 bits: a pair of leaves that hang too
// deep goes up, one in the place of their parent, the other beside a leaf higher up (T.81, K.2).
std::array<int, kLengthMax + 1> limited_lengths(const std::vector<int>& depths) {
  std::vector<int> counts(std::max<std::size_t>(kLengthMax, depths.size()) + 1);
  for (const int depth : depths) ++counts[static_cast<std::size_t>(depth)];
  for (std::size_t length = counts.size() - 1; length > kLengthMax; --length) {
    while (counts[length] > 0) {
      std::size_t shorter = length - 2;
      while (counts[shorter] == 0) --shorter;
      counts[length] -= 2;
      ++counts[length - 1];
      --counts[shorter];
      counts[shorter + 1] += 2;
    }
  }
  std::array<int, kLengthMax + 1> out{};
  std::copy_n(counts.begin(), out.size(), out.begin());
  return out;
}

}  // namespace

JpegHuffmanCodes best_jpeg_codes(const JpegSymbolCounts& counts, int table) {
  const std::vector<Leaf> leaves = leaves_of(counts, table);
  auto lengths = limited_lengths(depths_of(leaves));
  // The reserved symbol has one of the longest codes, the last of which is all ones.
  --*std::ranges::find_if(lengths.rbegin(), lengths.rend(), [](int count) { return count > 0; });
  JpegHuffmanCodes codes;
  codes.defined = true;
  std::copy(lengths.begin() + 1, lengths.end(), codes.counts.begin());
  for (auto leaf = leaves.rbegin(); leaf != leaves.rend() - 1; ++leaf) {
    codes.symbols[static_cast<std::size_t>(codes.symbol_count++)] =
        static_cast<std::uint8_t>(leaf->symbol);
  }
  return codes;
}

JpegCodeBook::JpegCodeBook(const JpegSymbolCounts& counts) {
  for (int table = 0; table < kJpegCodeTables; ++table) {
    const JpegHuffmanCodes codes = best_jpeg_codes(counts, table);
    codes_[static_cast<std::size_t>(table)] = codes;
    std::uint32_t code = 0;
    std::size_t at = 0;
    for (std::uint32_t length = 1; length <= kLengthMax; ++length, code <<= 1) {
      for (int i = 0; i < codes.counts[length - 1]; ++i, ++code) {
        const std::uint8_t symbol = codes.symbols[at++];
        const std::uint32_t value_bits = symbol & 15;
        const JpegCodeWord word{code << value_bits, length + value_bits};
        words_[static_cast<std::size_t>(table * 256 + symbol)] = word;
        coded_bits_ += counts.of(table, symbol) * word.length;
      }
    }
  }
}

}  // namespace imgmill::codec_worker
