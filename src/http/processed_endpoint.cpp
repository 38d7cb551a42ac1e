#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "http/byte_range.h"
#include "http/endpoints.h"
#include "http/http_date.h"
#include "http/site.h"
#include "model/recipe.h"

namespace imgmill {
namespace {

constexpr std::size_t kBlockBytes = 256 << 10;

Result<void> read_exactly(ObjectReader& reader, ByteRange range, std::string& out) {
  out.resize(range.count);
  const auto bytes = std::as_writable_bytes(std::span(out));
  TRY(const std::size_t got, reader.read(range.first, bytes));
  if (got == out.size()) return {};
  return fail(ErrorCode::kCorrupt, "a stored image is shorter than it was");
}

class ObjectSource final : public BodySource {
 public:
  ObjectSource(std::unique_ptr<ObjectReader> reader, ByteRange range)
      : reader_(std::move(reader)), rest_(range) {}

  Result<void> next_block(std::string& out) override {
    const std::uint64_t count = std::min<std::uint64_t>(rest_.count, kBlockBytes);
    TRY_VOID(read_exactly(*reader_, {rest_.first, count}, out));
    rest_.first += count;
    rest_.count -= count;
    return {};
  }

 private:
  std::unique_ptr<ObjectReader> reader_;
  ByteRange rest_;
};

std::string_view mime_type_of(std::string_view key) {
  const std::string_view extension = key.substr(key.rfind('.') + 1);
  for (const FormatNames& names : kFormats) {
    if (names.extension == extension) return names.mime_type;
  }
  return "application/octet-stream";
}

// What is left of the request when the work moves to the pool. The views are the request's own.
struct Wanted {
  std::string key;
  Conditions conditions;
  bool whole_only = false;  // HEAD: ranges are for GET alone
};

Wanted wanted_by(const Request& request) {
  return {.key = "processed/" + request.variable,
          .conditions = {.if_none_match = request.header("If-None-Match"),
                         .if_modified_since = request.header("If-Modified-Since"),
                         .if_range = request.header("If-Range"),
                         .range = request.header("Range")},
          .whole_only = request.method() == Method::kHead};
}

Reply unsatisfiable(std::uint64_t size) {
  Reply reply = reply_of({.status = 416,
                          .error = "Range not satisfiable",
                          .detail = fmt::format("the image has {} bytes", size)});
  reply.headers.push_back({"Content-Range", fmt::format("bytes */{}", size)});
  return reply;
}

// Small images, which are most, are read here and now: it saves a hop.
Reply with_body(Reply reply, std::unique_ptr<ObjectReader> reader, ByteRange range,
                bool head_only) {
  if (!head_only && range.count <= kBlockBytes) {
    const auto read = read_exactly(*reader, range, reply.body);
    return read ? std::move(reply) : reply_of(problem_of(read.error()));
  }
  reply.source = std::make_unique<ObjectSource>(std::move(reader), range);
  reply.length = range.count;
  return reply;
}

Reply answer_object(std::unique_ptr<ObjectReader> reader, const Wanted& wanted) {
  const std::uint64_t size = reader->size();
  const std::string etag = fmt::format("\"{:x}-{:x}\"", size, to_us(reader->modified_at()));
  const ObjectFacts object{size, reader->modified_at(), etag};
  Reply reply{.headers = {{"ETag", etag},
                          {"Last-Modified", format_http_date(object.modified_at)},
                          {"Cache-Control", "public, max-age=31536000, immutable"}}};
  if (is_not_modified(wanted.conditions, object)) {
    reply.status = 304;
    return reply;
  }
  reply.content_type = mime_type_of(wanted.key);
  reply.headers.push_back({"Accept-Ranges", "bytes"});
  const auto chosen = choose_range(wanted.conditions, object);
  if (wanted.whole_only || std::holds_alternative<WholeObject>(chosen)) {
    return with_body(std::move(reply), std::move(reader), {0, size}, wanted.whole_only);
  }
  if (std::holds_alternative<Unsatisfiable>(chosen)) return unsatisfiable(size);
  const auto range = std::get<ByteRange>(chosen);
  reply.status = 206;
  reply.headers.push_back({"Content-Range", fmt::format("bytes {}-{}/{}", range.first,
                                                        range.first + range.count - 1, size)});
  return with_body(std::move(reply), std::move(reader), range, false);
}

}  // namespace

Task<Reply> get_processed(Site& site, Request& request) {
  const Wanted wanted = wanted_by(request);
  if (!is_object_key(wanted.key)) co_return reply_of(not_found());
  auto answer = [&site, &wanted]() -> Reply {
    auto reader = site.parts.objects.open(wanted.key);
    if (reader) return answer_object(*std::move(reader), wanted);
    if (reader.error().code == ErrorCode::kNotFound) return reply_of(not_found());
    return reply_of(problem_of(reader.error()));
  };
  co_return co_await run_on(site.parts.blocking, std::move(answer));
}

}  // namespace imgmill
