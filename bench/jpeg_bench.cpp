// What requantising costs: jpeg_bench FOLDER [PASSES] [QUALITY] [OUT] takes every JPEG of a folder
// through the requantiser, and through its entropy decoder alone, and prints CPU milliseconds an
// image (user and system), bytes, and the ratio of the two. With OUT the renditions are written
// there.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <fmt/format.h>

#include "codec_worker/formats/jpeg_requant.h"
#include "codec_worker/formats/jpeg_source.h"
#include "codec_worker/render.h"

namespace imgmill::codec_worker {
namespace {

struct File {
  std::string name;
  std::vector<char> text;
  [[nodiscard]] Bytes bytes() const { return std::as_bytes(std::span(text)); }
};

std::vector<File> jpegs_of(const std::filesystem::path& folder) {
  std::vector<File> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".jpg") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(),
                     {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}});
  }
  std::ranges::sort(files, {}, &File::name);
  return files;
}

struct Spent {
  double user_ms = 0;
  double system_ms = 0;
};

Spent spent_now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return {ms(usage.ru_utime), ms(usage.ru_stime)};
}

// The median pass of several, an image.
template <class Work>
Spent measured(const std::vector<File>& files, int passes, const Work& work) {
  std::vector<Spent> all;
  for (int pass = 0; pass <= passes; ++pass) {
    const Spent before = spent_now();
    for (const File& file : files) work(file);
    const Spent after = spent_now();
    const auto count = static_cast<double>(files.size());
    const Spent one{(after.user_ms - before.user_ms) / count,
                    (after.system_ms - before.system_ms) / count};
    if (pass > 0) all.push_back(one);  // the first warms up
  }
  std::ranges::sort(all, {}, [](const Spent& spent) { return spent.user_ms + spent.system_ms; });
  return all[all.size() / 2];
}

void decode_only(const File& file) {
  const auto source = JpegSource::open(file.bytes());
  if (source == nullptr) return;
  const auto loaded = source->load();
  if (!loaded || !*loaded || source->several_scans()) return;
  const auto mcus = source->mcus();
  JpegMcuRoom room;
  while (mcus->next(kJpegMcusAtOnce, room.blocks.data()) > 0) {
  }
}

struct Total {
  std::size_t in = 0;
  std::size_t out = 0;
  int refused = 0;
};

Total write_all(const std::vector<File>& files, int quality, const std::string& folder) {
  Total total;
  for (const File& file : files) {
    const auto made = requantise_jpeg(file.bytes(), {.quality = quality});
    const bool refused = !made || !made->has_value();
    total.refused += refused ? 1 : 0;
    total.in += file.text.size();
    if (refused) continue;
    const Buffer& bytes = **made;
    total.out += bytes.size();
    if (folder.empty()) continue;
    std::ofstream out(std::filesystem::path(folder) / file.name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  }
  return total;
}

int bench(const std::string& folder, int passes, int quality, const std::string& out) {
  const std::vector<File> files = jpegs_of(folder);
  if (files.empty() || passes < 1) {
    fmt::print(stderr, "no JPEG in {}\n", folder);
    return 1;
  }
  const Total total = write_all(files, quality, out);
  const Spent all = measured(files, passes, [quality](const File& file) {
    static_cast<void>(requantise_jpeg(file.bytes(), {.quality = quality}));
  });
  const Spent decoding = measured(files, passes, decode_only);
  const auto count = files.size();
  fmt::print("{} files, {} not for the requantiser, {} bytes in, {} out an image ({:.3f})\n", count,
             total.refused, total.in / count, total.out / count,
             static_cast<double>(total.out) / static_cast<double>(total.in));
  fmt::print("requantised to {}: {:.3f} ms user, {:.3f} ms system\n", quality, all.user_ms,
             all.system_ms);
  fmt::print("entropy decode:     {:.3f} ms user, {:.3f} ms system (sources of one scan)\n",
             decoding.user_ms, decoding.system_ms);
  fmt::print("ratio {:.2f}\n",
             (all.user_ms + all.system_ms) / (decoding.user_ms + decoding.system_ms));
  return 0;
}

}  // namespace
}  // namespace imgmill::codec_worker

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "jpeg_bench FOLDER [PASSES] [QUALITY] [OUT]\n");
    return 2;
  }
  imgmill::codec_worker::warm_up();
  const auto number = [&](int at, int otherwise) {
    return argc > at ? std::atoi(argv[at]) : otherwise;
  };
  return imgmill::codec_worker::bench(argv[1], number(2, 5), number(3, 50),
                                      argc > 4 ? argv[4] : "");
}
