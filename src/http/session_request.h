// The request at the front of a connection, read with Beast. Only session.cpp includes this.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "http/request.h"
#include "http/wire.h"

namespace imgmill {

class SessionRequest final : public Request {
 public:
  // Both outlive it. What was read beyond this request stays in `buffer`, for the next one.
  SessionRequest(Wire& wire, boost::beast::flat_buffer& buffer);

  enum class Head { kRead, kRefused, kGone };
  // kRefused: refusal() says why, as an answer. kGone: there is nobody to answer.
  [[nodiscard]] Task<Head> read_head();
  [[nodiscard]] const Problem& refusal() const { return refusal_; }

  [[nodiscard]] Method method() const override;
  [[nodiscard]] std::string_view method_name() const;
  [[nodiscard]] std::string_view target() const;
  [[nodiscard]] std::string_view header(std::string_view name) const override;
  [[nodiscard]] std::size_t header_count(std::string_view name) const override;
  [[nodiscard]] std::optional<std::uint64_t> content_length() const override;
  [[nodiscard]] Task<Answer<std::size_t>> read_body(std::span<char> out) override;

  [[nodiscard]] bool is_http_1_0() const { return parser_.get().version() == 10; }
  // Whether it was read to its end.
  [[nodiscard]] bool is_whole() const { return parser_.is_done(); }
  [[nodiscard]] bool may_be_followed() const { return is_whole() && parser_.keep_alive(); }

 private:
  [[nodiscard]] Head refuse(boost::system::error_code error);
  [[nodiscard]] Head check_head();
  [[nodiscard]] Task<boost::system::error_code> send_continue();
  [[nodiscard]] Task<boost::system::error_code> read_some();
  [[nodiscard]] Task<boost::system::error_code> parse_some(std::size_t& parsed);
  [[nodiscard]] boost::system::error_code parse(std::size_t& parsed);

  Wire& wire_;
  boost::beast::flat_buffer& buffer_;
  boost::beast::http::request_parser<boost::beast::http::buffer_body> parser_;
  Pace pace_;
  bool continue_sent_ = false;
  Problem refusal_;
};

}  // namespace imgmill
