#include "db/words.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace imgmill {
namespace {

constexpr std::array<std::string_view, 5> kBatchWords{"pending", "processing", "completed",
                                                      "failed", "cancelled"};
constexpr std::array<std::string_view, 4> kImageWords{"pending", "processing", "completed",
                                                      "failed"};

template <class Status, class Words>
std::optional<Status> named(const Words& words, std::string_view word) {
  const auto at = std::ranges::find(words, word);
  if (at == words.end()) return std::nullopt;
  return static_cast<Status>(at - words.begin());
}

}  // namespace

std::string_view word_of(BatchStatus status) { return kBatchWords.at(std::to_underlying(status)); }

std::optional<BatchStatus> batch_status_named(std::string_view word) {
  return named<BatchStatus>(kBatchWords, word);
}

std::string_view word_of_final(BatchState state) {
  CHECK(is_final(state));
  return word_of(status_of(Batch{.state = state}));
}

std::string_view word_of(ImageStatus status) { return kImageWords.at(std::to_underlying(status)); }

std::optional<ImageStatus> image_status_named(std::string_view word) {
  return named<ImageStatus>(kImageWords, word);
}

}  // namespace imgmill
