// encode_vips OUT PASSES SUFFIX FILE…: as encode_pillow.py, with libvips on one thread. SUFFIX is
// libvips's own way to name format and options: ".jpg[Q=50]"; "1000:.jpg[Q=50]" shrinks to 1000
// pixels with its thumbnail operation first.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <vips/vips.h>

namespace {

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

VipsImage* open(const std::string& source, int box) {
  if (box == 0) return vips_image_new_from_buffer(source.data(), source.size(), "", nullptr);
  VipsImage* shrunk = nullptr;
  auto* bytes = const_cast<char*>(source.data());  // libvips only reads it
  vips_thumbnail_buffer(bytes, source.size(), &shrunk, box, "height", box, "size", VIPS_SIZE_DOWN,
                        nullptr);
  return shrunk;
}

std::string encode(const std::string& source, int box, const std::string& suffix) {
  VipsImage* image = open(source, box);
  if (image == nullptr) vips_error_exit(nullptr);
  void* bytes = nullptr;
  std::size_t size = 0;
  if (vips_image_write_to_buffer(image, suffix.c_str(), &bytes, &size, nullptr) != 0) {
    vips_error_exit(nullptr);
  }
  std::string result(static_cast<char*>(bytes), size);
  g_free(bytes);
  g_object_unref(image);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || VIPS_INIT(argv[0]) != 0) return 2;
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  const std::filesystem::path out = argv[1];
  const int passes = std::atoi(argv[2]);
  const std::string how = argv[3];
  const std::size_t colon = how.find(':');
  const int box = colon == how.npos ? 0 : std::atoi(how.c_str());
  const std::string suffix = colon == how.npos ? how : how.substr(colon + 1);
  std::vector<std::pair<std::filesystem::path, std::string>> sources;
  for (int i = 4; i < argc; ++i) sources.emplace_back(argv[i], read(argv[i]));
  for (int pass = 1; pass <= passes; ++pass) {
    for (const auto& [file, source] : sources) {
      const std::string result = encode(source, box, suffix);
      if (pass == passes) std::ofstream(out / file.filename(), std::ios::binary) << result;
    }
  }
}
