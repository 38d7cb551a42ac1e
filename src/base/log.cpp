#include "base/log.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"

namespace imgmill::log {
namespace {

std::atomic<Level> g_level{Level::kInfo};
std::atomic<Format> g_format{Format::kText};

spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("imgmill",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

// How many bytes the UTF-8 character at the front of `text` has; 0 when it is none (RFC 3629).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xC2 ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                                         : 4;
  if (size == 0 || lead > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool beyond = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || beyond ? 0 : size;
}

// A JSON string (RFC 8259); good for text too, where it keeps one event on one line and what an
// origin sent away from the operator's terminal. Bytes that are no UTF-8 become U+FFFD.
void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  while (!value.empty()) {
    const auto byte = static_cast<unsigned char>(value.front());
    const std::size_t size = character_bytes(value);
    if (size == 0) {
      out += "\xEF\xBF\xBD";
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += value.front();
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else if (byte == 0xC2 && static_cast<unsigned char>(value[1]) < 0xA0) {  // C1 controls
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(value[1]));
    } else {
      out += value.substr(0, size);
    }
    value.remove_prefix(std::max<std::size_t>(size, 1));
  }
  out += '"';
}

// Printable ASCII that needs no quotes.
bool is_plain(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '=';
  });
}

std::string json_line(std::string_view time, Level level, std::string_view event, Fields fields) {
  std::string line = fmt::format(R"({{"time":"{}Z","level":"{}","event":)", time, name_of(level));
  append_quoted(line, event);
  for (const auto& [key, value] : fields) {
    fmt::format_to(std::back_inserter(line), R"(,"{}":)", key);
    append_quoted(line, value);
  }
  line += '}';
  return line;
}

std::string text_line(std::string_view time, Level level, std::string_view event, Fields fields) {
  std::string line = fmt::format("{}Z {:5} {}", time, name_of(level), event);
  for (const auto& [key, value] : fields) {
    fmt::format_to(std::back_inserter(line), " {}=", key);
    if (is_plain(value)) {
      line += value;
    } else {
      append_quoted(line, value);
    }
  }
  return line;
}

}  // namespace

void init(Level level, Format format) {
  g_level = level;
  g_format = format;
  sink();
}

void write(Level level, std::string_view event, Fields fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  const std::string time = format_time(SystemClock().now());
  sink().info(g_format.load() == Format::kJson ? json_line(time, level, event, fields)
                                               : text_line(time, level, event, fields));
}

}  // namespace imgmill::log
