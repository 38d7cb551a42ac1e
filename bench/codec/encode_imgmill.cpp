// encode_imgmill OUT PASSES QUALITY[,FORMAT[,BOX]] FILE…: as encode_pillow.py, with the picture
// work of imgmill-codec in this process, without child and sandbox. QUALITY may be "auto"; each
// file's quality goes to stdout. Pictures are shrunk to fit into BOX × BOX pixels.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "codec_worker/render.h"

namespace imgmill::codec_worker {
namespace {

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write(const std::filesystem::path& file, std::span<const std::byte> bytes) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

Recipe recipe_of(const std::string& text) {
  std::istringstream parts(text);
  std::string quality, format, box;
  std::getline(parts, quality, ',');
  std::getline(parts, format, ',');
  std::getline(parts, box, ',');
  Recipe recipe{.quality = quality == kQualityAutoWord ? kQualityAuto : std::stoi(quality)};
  if (!format.empty()) recipe.format = format_named(format);
  if (!box.empty()) recipe.max_width = recipe.max_height = std::stoi(box);
  return recipe;
}

int encode(int argc, char** argv) {
  const std::filesystem::path out = argv[1];
  const int passes = std::atoi(argv[2]);
  const Recipe recipe = recipe_of(argv[3]);
  std::vector<std::pair<std::filesystem::path, std::string>> sources;
  for (int i = 4; i < argc; ++i) sources.emplace_back(argv[i], read(argv[i]));
  warm_up();
  for (int pass = 1; pass <= passes; ++pass) {
    for (const auto& [file, source] : sources) {
      const auto picture = render(std::as_bytes(std::span(source)), recipe, {});
      if (!picture) {
        fmt::print(stderr, "{}: {}\n", file.string(), picture.error().message);
        return 1;
      }
      if (pass < passes) continue;
      write(out / file.filename(), picture->bytes);
      fmt::print("{} {} {}\n", file.string(), picture->quality, picture->bytes.size());
    }
  }
  return 0;
}

}  // namespace
}  // namespace imgmill::codec_worker

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "encode_imgmill OUT PASSES QUALITY[,FORMAT[,BOX]] FILE…\n");
    return 2;
  }
  return imgmill::codec_worker::encode(argc, argv);
}
