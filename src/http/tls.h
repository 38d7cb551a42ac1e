// TLS for those who have no proxy in front: the certificate that new connections are shown, and one
// connection's encryption over a socket that belongs to its Wire. TLS 1.2 and 1.3, forward secrecy
// only, HTTP/1.1 by ALPN. OpenSSL stays behind this header.
//
// TlsCertificate is thread-safe; TlsStream lives on its connection's strand.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include "base/async.h"
#include "base/error.h"
#include "http/edge.h"
#include "http/socket.h"

// OpenSSL's own names for SSL_CTX and SSL.
struct ssl_ctx_st;
struct ssl_st;

namespace imgmill {

class TlsCertificate {
 public:
  // kInvalid, naming the setting, when a file cannot be read or they do not belong together.
  [[nodiscard]] static Result<std::unique_ptr<TlsCertificate>> load(TlsFiles files);

  // Reads the files anew, for connections from now on; those that are open keep what they have.
  // After an error nothing has changed.
  [[nodiscard]] Result<void> reload();

  [[nodiscard]] std::shared_ptr<ssl_ctx_st> current() const;

 private:
  explicit TlsCertificate(TlsFiles files) : files_(std::move(files)) {}

  const TlsFiles files_;
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
};

// One operation at a time. Each ends with operation_aborted when the socket's are cancelled, and a
// peer that ends without saying so is eof like any other: HTTP knows how long its messages are.
class TlsStream {
 public:
  TlsStream(Socket& socket, const TlsCertificate& certificate);

  enum class Handshake { kDone, kPlainHttp, kFailed };
  // kPlainHttp: the peer speaks HTTP without TLS; it can be answered so.
  [[nodiscard]] Task<Handshake> shake_hands();

  // At least one byte, or an error.
  [[nodiscard]] Task<std::size_t> read_some(std::span<char> out, boost::system::error_code& error);
  [[nodiscard]] Task<std::size_t> write_some(std::string_view bytes,
                                             boost::system::error_code& error);
  // Whether read_some() has something without waiting for the socket.
  [[nodiscard]] bool has_pending() const;
  // Says that nothing more follows, if the socket takes it at once.
  void say_end();

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };

  [[nodiscard]] Task<void> wait_for(int ssl_error, boost::system::error_code& error);

  Socket& socket_;
  std::unique_ptr<ssl_st, Free> ssl_;
};

}  // namespace imgmill
