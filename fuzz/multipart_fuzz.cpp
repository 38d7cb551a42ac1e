// Multipart bodies as an attacker would send them. The first byte chooses the size of the blocks;
// what comes out in blocks must be what comes out at once.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/multipart.h"

namespace imgmill {
namespace {

// Everything the parser said, as one text. Data of a part is joined, however it was cut.
class Transcript final : public MultipartSink {
 public:
  Result<void> on_part(const PartHead& head) override {
    CHECK(!inside_);
    inside_ = true;
    text += "\npart " + head.name + " " + head.file_name.value_or("-") + "\n";
    return {};
  }
  Result<void> on_data(std::string_view bytes) override {
    CHECK(inside_ && !bytes.empty());
    text += bytes;
    return {};
  }
  Result<void> on_part_end() override {
    CHECK(inside_);
    inside_ = false;
    return {};
  }

  std::string text;

 private:
  bool inside_ = false;
};

std::string transcript(std::string_view body, std::size_t block) {
  Transcript sink;
  MultipartParser parser("B", sink);
  for (std::size_t at = 0; at < body.size(); at += block) {
    const auto fed = parser.feed(body.substr(at, block));
    if (!fed) return sink.text + "\nerror " + fed.error().text;
  }
  const auto finished = parser.finish();
  return sink.text + (finished ? "\nend" : "\nerror " + finished.error().text);
}

}  // namespace
}  // namespace imgmill

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  static_cast<void>(imgmill::multipart_boundary(body));
  const std::string whole = imgmill::transcript(body, body.size() + 1);
  CHECK(imgmill::transcript(body, 1 + data[0] % 32U) == whole);
  return 0;
}
