// The tokenizer against libcsv on random text that both read by RFC 4180 alone, and record by
// record whatever the cuts. Dialects and faults are told by sheet_reader_test.
#include "intake/csv_tokenizer.h"

#include <random>
#include <string>
#include <vector>

#include <csv.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imgmill {
namespace {

using Records = std::vector<std::vector<std::string>>;

Records tokenized(std::string_view text, std::size_t piece_bytes, CsvFault& fault) {
  CsvTokenizer tokenizer(',');
  Records records;
  const auto keep = [&](CsvTokenizer::Step step) {
    const auto fields = tokenizer.fields();
    const bool record = step == CsvTokenizer::Step::kRecord;
    if (record) records.emplace_back(fields.begin(), fields.end());
    return record;
  };
  for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
    std::string_view piece = text.substr(at, piece_bytes);
    while (keep(tokenizer.next(piece))) {
    }
  }
  keep(tokenizer.finish());
  fault = tokenizer.fault();
  return records;
}

struct LibcsvRecords {
  Records records;
  std::vector<std::string> open;
};

Records by_libcsv(const std::string& text) {
  csv_parser parser{};
  csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
  csv_set_space_func(&parser, [](unsigned char) { return 0; });
  LibcsvRecords read;
  const auto on_field = [](void* field, std::size_t size, void* data) {
    static_cast<LibcsvRecords*>(data)->open.emplace_back(static_cast<char*>(field), size);
  };
  const auto on_record = [](int, void* data) {
    auto& to = *static_cast<LibcsvRecords*>(data);
    to.records.push_back(std::exchange(to.open, {}));
  };
  EXPECT_EQ(csv_parse(&parser, text.data(), text.size(), on_field, on_record, &read), text.size());
  EXPECT_EQ(csv_fini(&parser, on_field, on_record, &read), 0);
  csv_free(&parser);
  return read.records;
}

// RFC 4180 without what libcsv has other views about: blank lines, and spaces around quotes.
std::string random_csv(std::mt19937& random) {
  constexpr std::string_view kInside = "ab \",\n\r;\t\xC3\xA9";
  const auto below = [&random](std::size_t bound) { return random() % bound; };
  std::string text;
  for (std::size_t rows = 1 + below(5); rows > 0; --rows) {
    for (std::size_t fields = 1 + below(4); fields > 0; --fields) {
      const bool quoted = below(2) == 0;
      text += quoted ? "\"" : "x";
      for (std::size_t size = below(6); size > 0; --size) {
        const char c = kInside[below(kInside.size())];
        if (quoted && c == '"') text += '"';
        if (quoted || std::string_view("\",\n\r").find(c) == std::string_view::npos) text += c;
      }
      if (quoted) text += '"';
      if (fields > 1) text += ',';
    }
    text += below(2) == 0 ? "\n" : "\r\n";
  }
  if (below(3) == 0) text.pop_back();
  return text;
}

TEST(CsvTokenizer, ReadsAsLibcsvDoesWhateverTheCuts) {
  std::mt19937 random(4180);
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = random_csv(random);
    const Records expected = by_libcsv(text);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, text.size()}) {
      CsvFault fault = CsvFault::kNone;
      ASSERT_EQ(tokenized(text, piece, fault), expected) << testing::PrintToString(text);
      ASSERT_EQ(fault, CsvFault::kNone);
    }
  }
}

TEST(CsvTokenizer, AnythingAtAllIsReadTheSameWhateverTheCuts) {
  constexpr std::string_view kBytes = "ab \"\",,\n\r;";
  std::mt19937 random(2005);
  for (int i = 0; i < 5'000; ++i) {
    std::string text;
    for (std::size_t size = random() % 40; size > 0; --size)
      text += kBytes[random() % kBytes.size()];
    CsvFault whole_fault = CsvFault::kNone;
    const Records whole = tokenized(text, text.size() + 1, whole_fault);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
      CsvFault fault = CsvFault::kNone;
      ASSERT_EQ(tokenized(text, piece, fault), whole) << testing::PrintToString(text);
      ASSERT_EQ(fault, whole_fault) << testing::PrintToString(text);
    }
  }
}

}  // namespace
}  // namespace imgmill
