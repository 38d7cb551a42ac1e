// One line an event, on stderr, as text or JSON. An event is a short fixed sentence with fields:
//   log::info("batch sealed", {{"request_id", id}, {"images", "24"}});
// Values are escaped; secrets and user:password parts of URLs are never passed in.
//
// Thread-safe. spdlog stays behind this header.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace imgmill::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kText, kJson };

using Field = std::pair<std::string_view, std::string>;
using Fields = std::initializer_list<Field>;

// Once, at start, before other threads exist. Without it: text, info.
void init(Level level, Format format);

void write(Level level, std::string_view event, Fields fields);

inline void debug(std::string_view event, Fields fields = {}) {
  write(Level::kDebug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) { write(Level::kInfo, event, fields); }
inline void warn(std::string_view event, Fields fields = {}) { write(Level::kWarn, event, fields); }
inline void error(std::string_view event, Fields fields = {}) {
  write(Level::kError, event, fields);
}

}  // namespace imgmill::log
