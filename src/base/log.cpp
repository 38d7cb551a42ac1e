#include "base/log.h"

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
    auto made = std::make_shared<spdlog::logger>(
        "imgmill", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarn: return "warn";
    case Level::kError: return "error";
  }
  return "error";
}

// JSON string escapes; good for text too, where it keeps one event on one line.
void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
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
    const bool plain = !value.empty() && value.find_first_of(" \"\\\t\r\n=") == value.npos;
    if (plain) {
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
