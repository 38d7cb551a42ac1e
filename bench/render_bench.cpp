// What the picture work alone costs: render_bench FILE [REPEATS [FORMAT [MAX_WIDTH]]] renders one
// file again and again in this process, without child, wire and sandbox, and prints CPU (user +
// system) milliseconds an image.
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "codec_worker/render.h"

namespace imgmill::codec_worker {
namespace {

double cpu_ms() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e3 + static_cast<double>(spent.tv_nsec) / 1e6;
}

int bench(const char* file, int repeats, const Recipe& recipe) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> source((std::istreambuf_iterator<char>(in)),
                                 std::istreambuf_iterator<char>());
  const auto bytes = std::as_bytes(std::span(source));
  warm_up();
  const auto first = render(bytes, recipe, {});
  if (!first) {
    fmt::print(stderr, "{}: {}\n", file, first.error().message);
    return 1;
  }
  const double begun = cpu_ms();
  for (int i = 0; i < repeats; ++i) {
    if (!render(bytes, recipe, {})) return 1;
  }
  fmt::print("{} bytes in, {} out, {}x{}: {:.3f} ms CPU an image\n", source.size(),
             first->bytes.size(), first->width, first->height, (cpu_ms() - begun) / repeats);
  return 0;
}

}  // namespace
}  // namespace imgmill::codec_worker

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "render_bench FILE [REPEATS [FORMAT [MAX_WIDTH]]]\n");
    return 2;
  }
  imgmill::Recipe recipe;
  if (argc > 3) recipe.format = imgmill::format_named(argv[3]);
  if (argc > 4) recipe.max_width = static_cast<std::uint32_t>(std::atoi(argv[4]));
  return imgmill::codec_worker::bench(argv[1], argc > 2 ? std::atoi(argv[2]) : 100, recipe);
}
