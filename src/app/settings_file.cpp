// imgmill.toml, read strictly: toml++ takes or refuses the text as a whole, and each value must be
// of its setting's type. What is wrong is one sentence with file, line and setting; it never shows
// a piece of the file, in which a secret may stand.
#include <algorithm>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/settings.h"
#include "base/text.h"

namespace imgmill {
namespace {

// Where something stands, as "imgmill.toml line 3: quality".
struct Place {
  std::string file;
  std::uint32_t line = 0;
  std::string key{};

  [[nodiscard]] std::unexpected<Error> fault(std::string_view what) const {
    const std::string_view colon = key.empty() ? "" : ": ";
    return fail(ErrorCode::kInvalid,
                fmt::format("{} line {}{}{}: {}", file, line, colon, key, what));
  }
};

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

// The key of the line, or of the last one above that has one; only if a setting is called so, since
// the text is broken and anything may stand there.
Place place_in_broken(const std::string& file, std::string_view text, std::uint32_t line) {
  Place place{.file = file, .line = line};
  for (std::uint32_t number = 1; number <= line && !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view content = trimmed(text.substr(0, end));
    const auto key_end = std::ranges::find_if_not(content, is_key_character);
    const std::string_view key(content.begin(), key_end);
    const bool assigns = trimmed({key_end, content.end()}).starts_with('=');
    if (assigns && find_setting(key) != nullptr) place.key = key;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return place;
}

// A key may be written in quotes, with line breaks even.
std::string one_line(std::string_view key) {
  std::string shown(key);
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return shown;
}

std::string_view wanted(SettingKind kind) {
  switch (kind) {
    case SettingKind::kNumber:
      return "a whole number is expected, without quotes";
    case SettingKind::kSize:
      return "a size is expected: a whole number of bytes, or a text such as \"64MiB\"";
    case SettingKind::kQuality:
      return "a whole number without quotes is expected, or \"auto\"";
    case SettingKind::kSwitch:
      return "true or false is expected, without quotes";
    case SettingKind::kList:
      return "a list is expected, such as [\"a\", \"b\"], or one text with commas";
    case SettingKind::kText:
      break;
  }
  return "a text in quotes is expected";
}

// nullopt when it is of another type.
std::optional<std::string> scalar_text(const toml::node& node, SettingKind kind) {
  if (kind == SettingKind::kQuality && node.value<std::string>() == kQualityAutoWord) {
    return std::string(kQualityAutoWord);
  }
  const bool takes_text =
      kind != SettingKind::kNumber && kind != SettingKind::kQuality && kind != SettingKind::kSwitch;
  const bool takes_number = kind != SettingKind::kText && kind != SettingKind::kSwitch;
  if (const auto* text = node.as_string(); text != nullptr && takes_text) return text->get();
  if (const auto* number = node.as_integer(); number != nullptr && takes_number) {
    return fmt::to_string(number->get());
  }
  if (const auto* flag = node.as_boolean(); flag != nullptr && kind == SettingKind::kSwitch) {
    return flag->get() ? "true" : "false";
  }
  return std::nullopt;
}

// The pieces joined by commas, as a flag has them.
Result<std::string> list_text(const toml::array& array, const Place& place) {
  std::string joined;
  for (const toml::node& node : array) {
    const auto piece = scalar_text(node, SettingKind::kList);
    if (!piece || trimmed(*piece).empty()) return place.fault(wanted(SettingKind::kList));
    if (piece->contains(',')) return place.fault("a piece of the list has a comma in it");
    joined += (joined.empty() ? "" : ",") + *piece;
  }
  return joined;
}

Result<std::string> value_text(const toml::node& node, const SettingRow& row, const Place& place) {
  const auto* array = node.as_array();
  if (array != nullptr && row.kind == SettingKind::kList) return list_text(*array, place);
  if (auto text = scalar_text(node, row.kind)) return *std::move(text);
  return place.fault(node.is_table() ? "sections are not taken: write key = value"
                                     : wanted(row.kind));
}

Result<SettingTexts> texts_of(const toml::table& table, const std::string& file) {
  SettingTexts texts;
  for (const auto& [name, node] : table) {
    const Place place{.file = file, .line = name.source().begin.line, .key = one_line(name)};
    const SettingRow* row = find_setting(name.str());
    if (row == nullptr) return place.fault("there is no such setting (imgmill serve --help)");
    TRY(std::string text, value_text(node, *row, place));
    Settings scratch;
    const auto applied = row->apply(scratch, text);
    if (!applied) return place.fault(applied.error().text);
    if (!texts.emplace(row->key, std::move(text)).second) {
      return place.fault("it is given twice, with a dash and with an underline");
    }
  }
  return texts;
}

Result<std::string> read_file(const std::filesystem::path& file) {
  constexpr std::uintmax_t kFileBytesMax = 1 << 20;
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);  // fails for what is no regular file
  std::ifstream in(file, std::ios::binary);
  if (error || !in || size > kFileBytesMax) {
    return fail(ErrorCode::kNotFound,
                fmt::format("{}: it cannot be read as a file of settings", file.string()));
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

Result<SettingTexts> settings_from_file(const std::filesystem::path& file) {
  TRY(const std::string text, read_file(file));
  try {
    return texts_of(toml::parse(text), file.string());
  } catch (const toml::parse_error& error) {
    return place_in_broken(file.string(), text, error.source().begin.line)
        .fault("this is not TOML: write key = value, texts in quotes, each key once");
  }
}

}  // namespace imgmill
