// Asks a pool of hostile-codec children (hostile_render.cpp) and waits for the answer.
#pragma once

#include <charconv>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "codec/pool.h"

namespace imgmill {

// 1 MiB of source; hostile_render.cpp's scribble() knows this figure. Deadlines are generous: only
// tests of the deadline wait for one.
inline CodecPoolOptions hostile_options() {
  return {.worker = HOSTILE_CODEC,
          .children = 1,
          .source_bytes_max = 1 << 20,
          .source_pixels_max = 10'000,
          .deadline = std::chrono::seconds(60)};
}

inline std::unique_ptr<CodecPool> hostile_pool(CodecPoolOptions options = hostile_options()) {
  auto pool = CodecPool::create(std::move(options));
  return pool ? *std::move(pool) : nullptr;
}

inline Spool spool_of(std::string_view text) {
  Spool spool(std::filesystem::temp_directory_path());
  CHECK(spool.append(std::as_bytes(std::span(text))));
  return spool;
}

inline std::future<CodecOutcome> ask_later(CodecPool& pool, std::string_view command,
                                           const Recipe& recipe = {}) {
  auto promise = std::make_shared<std::promise<CodecOutcome>>();
  auto future = promise->get_future();
  pool.render(spool_of(command), recipe,
              [promise](CodecOutcome outcome) { promise->set_value(std::move(outcome)); });
  return future;
}

inline CodecOutcome ask(CodecPool& pool, std::string_view command, const Recipe& recipe = {}) {
  return ask_later(pool, command, recipe).get();
}

inline int number_of(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The fault's word, or "rendition".
inline std::string word_of(const CodecOutcome& outcome) {
  return outcome.fault ? code_word(*outcome.fault) : "rendition";
}

inline std::string message_of(const CodecOutcome& outcome) {
  return outcome.fault ? outcome.fault->message : "";
}

}  // namespace imgmill
