// Random sheets in every dialect, written by a writer of the test's own and read back: what was put
// in comes out, however the bytes are cut; and the results CSV of it reads back the same.
#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intake/recorded_sheet.h"
#include "intake/sheet_writer.h"

namespace imgmill {
namespace {

using Record = std::vector<std::string>;

enum class Encoding { kUtf8, kUtf8Bom, kUtf16Le, kUtf16Be };

struct RandomSheet {
  char delimiter = ',';
  std::string line_ending;
  Encoding encoding = Encoding::kUtf8;
  std::vector<Record> records;  // the header first
  std::string bytes;
};

class SheetMaker {
 public:
  explicit SheetMaker(std::uint32_t seed) : random_(seed) {}

  RandomSheet make() {
    RandomSheet sheet;
    sheet.delimiter = pick(std::array{',', ';', '\t'});
    sheet.line_ending = pick(std::array{"\n", "\r\n", "\r"});
    sheet.encoding = pick(
        std::array{Encoding::kUtf8, Encoding::kUtf8Bom, Encoding::kUtf16Le, Encoding::kUtf16Be});
    Record header{"S. No.", "Product Name", "Input Image Urls", "Extra 0", "Extra 1"};
    header.resize(3 + below(3));
    std::ranges::shuffle(header, random_);
    sheet.records.push_back(header);
    for (std::size_t rows = 1 + below(6); rows > 0; --rows) sheet.records.push_back(row(header));
    write(sheet);
    return sheet;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  template <class T, std::size_t N>
  T pick(const std::array<T, N>& from) {
    return from[below(N)];
  }

  std::string text() {
    std::string made;
    for (std::size_t size = below(8); size > 0; --size) {
      made += pick(std::array{"a", "B", " ", ",", ";", "\t", "\"", "\n", "\r\n", "\r", "=", "\x01",
                              "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"});
    }
    return made;
  }

  Record row(const Record& header) {
    Record made;
    for (const std::string& name : header) {
      std::string value = text();
      if (name == "S. No.") value = std::to_string(below(1'000));
      if (name == "Product Name") value += "x" + text();
      if (name == "Input Image Urls") value = urls();
      made.push_back(value);
    }
    return made;
  }

  std::string urls() {
    std::string list = "http://h/a";
    for (std::size_t more = below(3); more > 0; --more) {
      list += pick(std::array{",http://h/w_1,h_2", ", https://h/ x", ",http://h/\xC3\xA9"});
    }
    return list;
  }

  // Quotes what must be, and now and then what need not be.
  void write(RandomSheet& sheet) {
    std::string utf8;
    for (const Record& record : sheet.records) {
      for (std::size_t i = 0; i < record.size(); ++i) {
        if (i > 0) utf8 += sheet.delimiter;
        utf8 += field(record[i], sheet.delimiter);
      }
      utf8 += sheet.line_ending;
    }
    sheet.bytes = encoded(utf8, sheet.encoding);
  }

  std::string field(const std::string& value, char delimiter) {
    const bool must = value.find_first_of(std::string("\"\r\n") + delimiter) != std::string::npos;
    if (!must && below(4) > 0) return value;
    std::string quoted = "\"";
    for (const char c : value) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
  }

  static std::string encoded(const std::string& utf8, Encoding encoding) {
    if (encoding == Encoding::kUtf8) return utf8;
    if (encoding == Encoding::kUtf8Bom) return "\xEF\xBB\xBF" + utf8;
    std::string bytes;
    const auto put = [&](std::uint32_t unit) {
      const std::array<char, 2> big{static_cast<char>(unit >> 8), static_cast<char>(unit & 0xFF)};
      const bool little = encoding == Encoding::kUtf16Le;
      bytes += big[little ? 1 : 0];
      bytes += big[little ? 0 : 1];
    };
    put(0xFEFF);
    for (std::size_t i = 0; i < utf8.size();) {
      const auto lead = static_cast<unsigned char>(utf8[i]);
      const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      std::uint32_t code = size == 1 ? lead : lead & (0xFFU >> (size + 1));
      for (std::size_t k = 1; k < size; ++k) code = code << 6 | (utf8[i + k] & 0x3F);
      i += size;
      if (code >= 0x10000) put(0xD800 + ((code - 0x10000) >> 10));
      put(code >= 0x10000 ? 0xDC00 + ((code - 0x10000) & 0x3FF) : code);
    }
    return bytes;
  }

  std::mt19937 random_;
};

void expect_same(const RecordedSheet& read, const RandomSheet& made) {
  ASSERT_EQ(read.failure, "");
  EXPECT_EQ(read.header.delimiter, made.delimiter);
  EXPECT_EQ(read.header.line_ending, made.line_ending);
  EXPECT_EQ(read.header.names, made.records[0]);
  ASSERT_EQ(read.rows.size() + 1, made.records.size());
  for (std::size_t i = 0; i < read.rows.size(); ++i) {
    EXPECT_EQ(read.rows[i].fields, made.records[i + 1]);
    EXPECT_TRUE(read.rows[i].faults.empty()) << read.rows[i].faults[0].message;
  }
}

std::string results_of(const RecordedSheet& sheet) {
  const SheetWriter writer(sheet.header);
  std::string out;
  writer.write_header(out);
  for (const RecordedRow& row : sheet.rows) {
    const std::vector<std::string_view> fields(row.fields.begin(), row.fields.end());
    const std::vector<std::string_view> urls(row.urls.begin(), row.urls.end());
    SheetRow view;
    view.fields = fields;
    view.urls = urls;
    writer.write_row(view, std::vector<std::string>(urls.size(), "o"), out);
  }
  return out;
}

TEST(RoundTrip, RandomSheetsInEveryDialect) {
  for (std::uint32_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE(seed);
    const RandomSheet made = SheetMaker(seed).make();
    const RecordedSheet whole = read_sheet(made.bytes);
    expect_same(whole, made);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{5}}) {
      EXPECT_EQ(read_sheet(made.bytes, piece).rows, whole.rows);
    }
    const RecordedSheet results = read_sheet(results_of(whole));
    ASSERT_EQ(results.rows.size(), whole.rows.size()) << results.failure;
    for (std::size_t i = 0; i < whole.rows.size(); ++i) {
      const RecordedRow& row = results.rows[i];
      EXPECT_EQ(Record(row.fields.begin(), row.fields.end() - 1), whole.rows[i].fields);
      EXPECT_EQ(row.urls, whole.rows[i].urls);
      EXPECT_EQ(std::ranges::count(row.fields.back(), ',') + 1,
                static_cast<std::ptrdiff_t>(row.urls.size()));
    }
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace imgmill
