// A seeded CSV of a million rows on disk, then what intake does with it, pass by pass: check it,
// check and number its distinct URLs, check and write the results. Prints rows a second, CPU
// seconds and the process's peak memory after each pass. Run: csv_bench [ROWS]
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

#include <fmt/format.h>

#include "intake/sheet_reader.h"
#include "intake/sheet_writer.h"
#include "intake/url_index.h"

namespace imgmill {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::uint32_t kSeed = 20'230'115;

// Rows of about 100 bytes, one in four with two URLs.
void write_sheet(const std::string& path, std::uint64_t rows) {
  std::ofstream file(path, std::ios::binary);
  std::mt19937 random(kSeed);
  file << "S. No.,Product Name,Input Image Urls\r\n";
  for (std::uint64_t row = 1; row <= rows; ++row) {
    const std::string url = fmt::format("https://cdn{}.shop.example/catalog/{:08x}/photo-{}.jpg",
                                        random() % 16, random(), row);
    const std::string list = row % 4 == 0 ? fmt::format("\"{},{}?w=2\"", url, url) : url;
    file << fmt::format("{},Product number {},{}\r\n", row, random() % 100'000, list);
  }
}

class CountingSink : public SheetSink {
 public:
  Result<void> on_header(const SheetHeader&) override { return {}; }
  Result<void> on_row(const SheetRow& row) override {
    ++rows;
    faults += row.faults.size();
    return {};
  }
  std::uint64_t rows = 0;
  std::uint64_t faults = 0;
};

class NumberingSink final : public CountingSink {
 public:
  Result<void> on_row(const SheetRow& row) override {
    for (const std::string_view url : row.urls) {
      if (index_.find_or_add(url, next_image_) == next_image_) ++next_image_;
    }
    return CountingSink::on_row(row);
  }

 private:
  UrlIndex index_;
  std::uint32_t next_image_ = 0;
};

class WritingSink final : public CountingSink {
 public:
  Result<void> on_header(const SheetHeader& header) override {
    writer_.emplace(header);
    writer_->write_header(out_);
    return {};
  }
  Result<void> on_row(const SheetRow& row) override {
    outputs_.assign(row.urls.size(), "http://localhost:5000/processed/0123456789abcdef/photo.jpg");
    writer_->write_row(row, outputs_, out_);
    if (out_.size() >= kReadBytes) out_.clear();
    return CountingSink::on_row(row);
  }

 private:
  std::optional<SheetWriter> writer_;
  std::vector<std::string> outputs_;
  std::string out_;
};

double cpu_seconds(const rusage& usage) {
  const auto seconds = [](timeval time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

rusage usage_now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

bool read_file(const std::string& path, SheetSink& sink) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(kReadBytes);
  SheetReader reader({}, sink);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const std::span<const char> read(buffer.data(), static_cast<std::size_t>(file.gcount()));
    if (auto fed = reader.feed(std::as_bytes(read)); !fed) {
      fmt::print(stderr, "{}\n", fed.error().text);
      return false;
    }
  }
  return reader.finish().has_value();
}

bool measure(std::string_view name, const std::string& path, CountingSink& sink) {
  const rusage before = usage_now();
  const auto start = std::chrono::steady_clock::now();
  if (!read_file(path, sink)) return false;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const rusage after = usage_now();
  const double cpu = cpu_seconds(after) - cpu_seconds(before);
  const auto rows = static_cast<double>(sink.rows);
  fmt::print(
      "{:<18} {:>9} rows {:>6} faults {:>10.0f} rows/s {:>6.3f} s CPU {:>10.0f} rows/CPU-s "
      "{:>6.1f} MiB peak\n",
      name, sink.rows, sink.faults, rows / wall.count(), cpu, rows / cpu,
      static_cast<double>(after.ru_maxrss) / 1024);
  return true;
}

int run(std::uint64_t rows) {
  const char* folder = std::getenv("TMPDIR");
  const std::string path = fmt::format("{}/csv_bench.{}.csv", folder == nullptr ? "/tmp" : folder,
                                       std::random_device()());
  write_sheet(path, rows);
  CountingSink checking;
  WritingSink writing;
  NumberingSink numbering;
  const bool done = measure("check", path, checking) && measure("check + write", path, writing) &&
                    measure("check + url index", path, numbering);
  std::remove(path.c_str());
  return done ? 0 : 1;
}

}  // namespace
}  // namespace imgmill

int main(int argc, char** argv) {
  return imgmill::run(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000);
}
