#include <cerrno>
#include <limits>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/check.h"
#include "http/tls.h"

// OpenSSL reads and writes the socket itself, through a BIO of ours: its own would raise SIGPIPE.
// Nothing is buffered in between, so that an idle connection holds no buffers and whether there is
// something to read is the socket's to say.

namespace imgmill {
namespace {

using boost::system::error_code;

int descriptor_of(BIO* bio) { return static_cast<Socket*>(BIO_get_data(bio))->native_handle(); }

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int write_to_socket(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::send(descriptor_of(bio), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0 && would_block()) BIO_set_retry_write(bio);
  *written = count < 0 ? 0 : static_cast<std::size_t>(count);
  return count > 0 ? 1 : 0;
}

int read_from_socket(BIO* bio, char* out, std::size_t size, std::size_t* read) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::recv(descriptor_of(bio), out, size, MSG_DONTWAIT);
  if (count < 0 && would_block()) BIO_set_retry_read(bio);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  *read = count < 0 ? 0 : static_cast<std::size_t>(count);
  return count > 0 ? 1 : 0;
}

long control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_EOF:
      return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    case BIO_CTRL_FLUSH:
      return 1;
    default:
      return 0;
  }
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "asio socket");
    CHECK(made != nullptr);
    BIO_meth_set_write_ex(made, write_to_socket);
    BIO_meth_set_read_ex(made, read_from_socket);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return method;
}

BIO* bio_over(Socket& socket) {
  BIO* bio = BIO_new(socket_method());
  CHECK(bio != nullptr);
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

void TlsStream::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }

TlsStream::TlsStream(Socket& socket, const TlsCertificate& certificate)
    : socket_(socket), ssl_(SSL_new(certificate.current().get())) {
  CHECK(ssl_ != nullptr);
  BIO* bio = bio_over(socket_);
  SSL_set_bio(ssl_.get(), bio, bio);
}

Task<TlsStream::Handshake> TlsStream::shake_hands() {
  error_code error;
  while (!error) {
    ERR_clear_error();
    const int done = SSL_accept(ssl_.get());
    if (done == 1) co_return Handshake::kDone;
    const int why = SSL_get_error(ssl_.get(), done);
    if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST) co_return Handshake::kPlainHttp;
    co_await wait_for(why, error);
  }
  co_return Handshake::kFailed;
}

Task<std::size_t> TlsStream::read_some(std::span<char> out, error_code& error) {
  error.clear();
  while (!error) {
    ERR_clear_error();
    std::size_t count = 0;
    const int done = SSL_read_ex(ssl_.get(), out.data(), out.size(), &count);
    if (done == 1) co_return count;
    co_await wait_for(SSL_get_error(ssl_.get(), done), error);
  }
  co_return 0;
}

Task<std::size_t> TlsStream::write_some(std::string_view bytes, error_code& error) {
  error.clear();
  while (!error) {
    ERR_clear_error();
    std::size_t count = 0;
    const int done = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    if (done == 1) co_return count;
    co_await wait_for(SSL_get_error(ssl_.get(), done), error);
  }
  co_return 0;
}

Task<void> TlsStream::wait_for(int ssl_error, error_code& error) {
  auto token = asio::redirect_error(asio::use_awaitable, error);
  switch (ssl_error) {
    case SSL_ERROR_WANT_READ:
      co_await socket_.async_wait(Socket::wait_read, token);
      break;
    case SSL_ERROR_WANT_WRITE:
      co_await socket_.async_wait(Socket::wait_write, token);
      break;
    case SSL_ERROR_ZERO_RETURN:
      error = asio::error::eof;
      break;
    default:
      error = asio::error::connection_reset;
  }
}

bool TlsStream::has_pending() const { return SSL_has_pending(ssl_.get()) == 1; }

void TlsStream::say_end() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_.get()) == 1) static_cast<void>(SSL_shutdown(ssl_.get()));
  ERR_clear_error();
}

}  // namespace imgmill
