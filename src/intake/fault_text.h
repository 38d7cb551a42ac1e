// What breaks a file as a whole, as sentences that say how to mend it. `place` is "the header" or
// "data row 17". Private to intake. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "intake/csv_tokenizer.h"
#include "intake/text_decoder.h"

namespace imgmill {

[[nodiscard]] std::string text_of(CsvFault fault, std::string_view place);
[[nodiscard]] std::string text_of(TextFault fault, std::string_view place);

// The sentence for a file that is no text at all, judged by its first bytes; nullopt when unknown.
[[nodiscard]] std::optional<std::string> text_of_foreign_file(std::string_view first_bytes);
inline constexpr std::size_t kForeignMarkBytes = 4;

}  // namespace imgmill
