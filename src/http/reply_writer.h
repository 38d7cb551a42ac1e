// Answers on their way out: a body that stands in the reply, comes in blocks from the pool, or as
// things happen. On the session's strand; a peer that takes nothing for long is given up.
#pragma once

#include <string>
#include <string_view>

#include <boost/asio/thread_pool.hpp>

#include "http/reply.h"
#include "http/wire.h"

namespace imgmill {

class ReplyWriter {
 public:
  // Both outlive it. What blocks runs on the pool.
  ReplyWriter(Wire& wire, asio::thread_pool& pool) : wire_(wire), pool_(pool) {}

  // Framing and keep_alive of `facts` are told by what the reply is; false for the latter stays.
  // Whether another request may follow.
  [[nodiscard]] Task<bool> write(Reply reply, HeadFacts facts, bool head_only);
  // The last answer went out whole.
  [[nodiscard]] bool has_written() const { return written_; }
  [[nodiscard]] Task<bool> write_bytes(std::string_view bytes);

 private:
  [[nodiscard]] Task<bool> write_source(BodySource& source, BodyFraming framing, std::string out,
                                        std::string block, std::string request_id);
  [[nodiscard]] Task<bool> write_live(LiveSource& live, BodyFraming framing, std::string out);
  [[nodiscard]] Task<Result<std::string>> next_block(BodySource& source);

  Wire& wire_;
  asio::thread_pool& pool_;
  bool written_ = false;
};

}  // namespace imgmill
