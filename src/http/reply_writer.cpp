#include "http/reply_writer.h"

#include <iterator>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/problem.h"

namespace imgmill {
namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";

void append_framed(std::string_view block, BodyFraming framing, std::string& out) {
  const bool chunked = framing == BodyFraming::kChunked;
  if (chunked) fmt::format_to(std::back_inserter(out), "{:x}\r\n", block.size());
  out += block;
  if (chunked) out += "\r\n";
}

}  // namespace

Task<bool> ReplyWriter::write(Reply reply, HeadFacts facts, bool head_only) {
  std::string block;
  if (reply.source && !head_only) {  // the first block first: its failure can still be told
    Result<std::string> first = co_await next_block(*reply.source);
    if (first) {
      block = *std::move(first);
    } else {
      reply = reply_of(problem_of(first.error()));
    }
  }
  if (reply.live || (reply.source && !reply.length)) {
    facts.framing = head_only || facts.http_1_0 ? BodyFraming::kUntilClose : BodyFraming::kChunked;
  }
  facts.keep_alive = facts.keep_alive && (head_only || facts.framing != BodyFraming::kUntilClose);
  std::string out;
  append_head(reply, facts, out);
  if (reply.live && !head_only) {
    written_ = co_await write_live(*reply.live, facts.framing, std::move(out));
  } else if (reply.source && !head_only) {
    std::string request_id(facts.request_id);
    written_ = co_await write_source(*reply.source, facts.framing, std::move(out), std::move(block),
                                     std::move(request_id));
  } else {
    if (!head_only) out += reply.body;
    written_ = co_await write_bytes(out);
  }
  co_return written_&& facts.keep_alive;
}

Task<bool> ReplyWriter::write_source(BodySource& source, BodyFraming framing, std::string out,
                                     std::string block, std::string request_id) {
  while (!block.empty()) {
    append_framed(block, framing, out);
    if (!co_await write_bytes(out)) co_return false;
    out.clear();
    Result<std::string> next = co_await next_block(source);
    if (!next) {
      log::warn("an answer broke off",
                {{"http_request_id", request_id}, {"error", describe(next.error())}});
      co_return false;
    }
    block = *std::move(next);
  }
  if (framing == BodyFraming::kChunked) out += kLastChunk;
  co_return co_await write_bytes(out);
}

// While there is nothing to send, nothing is held but this frame.
Task<bool> ReplyWriter::write_live(LiveSource& live, BodyFraming framing, std::string out) {
  bool more = true;
  while (more) {
    const auto piece = co_await live.next();
    more = piece != nullptr;
    if (more) append_framed(*piece, framing, out);
    if (!more && framing == BodyFraming::kChunked) out += kLastChunk;
    if (!co_await write_bytes(out)) co_return false;
    out = {};
  }
  co_return true;
}

Task<bool> ReplyWriter::write_bytes(std::string_view bytes) {
  Pace pace(limits::kHttpWriteStallDeadline);
  const boost::system::error_code error = co_await wire_.write(bytes, pace);
  co_return !error;
}

Task<Result<std::string>> ReplyWriter::next_block(BodySource& source) {
  auto read = [&source]() -> Result<std::string> {
    std::string block;
    TRY_VOID(source.next_block(block));
    return block;
  };
  co_return co_await run_on(pool_, std::move(read));
}

}  // namespace imgmill
