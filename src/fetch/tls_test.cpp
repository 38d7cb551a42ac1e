// A certificate that nobody trusts ends the download: the one thing that must never be switched
// off.
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "fetch/fetcher_fixture.h"

namespace imgmill {
namespace {

template <auto kFree>
using Freed = decltype([](auto* thing) { kFree(thing); });
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

constexpr long kDay_s = 86'400;

Certificate self_signed(EVP_PKEY* key) {
  Certificate certificate(X509_new());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kDay_s);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>("127.0.0.1");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  EXPECT_GT(X509_sign(certificate.get(), key, EVP_sha256()), 0);
  return certificate;
}

// Shakes one hand and notes whether it was taken.
class TlsOrigin {
 public:
  TlsOrigin() : context_(SSL_CTX_new(TLS_server_method())) {
    const Key key(EVP_EC_gen("P-256"));
    SSL_CTX_use_PrivateKey(context_.get(), key.get());
    SSL_CTX_use_certificate(context_.get(), self_signed(key.get()).get());
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    port_ = ntohs(name.sin_port);
    thread_ = std::thread([this] { shake_hands(); });
  }
  ~TlsOrigin() { thread_.join(); }

  [[nodiscard]] int port() const { return port_; }

 private:
  void shake_hands() {
    const UniqueFd connection(::accept(listener_.get(), nullptr, nullptr));
    const std::unique_ptr<SSL, Freed<SSL_free>> tls(SSL_new(context_.get()));
    SSL_set_fd(tls.get(), connection.get());
    if (SSL_accept(tls.get()) != 1) return;
    char request[1];
    EXPECT_LE(SSL_read(tls.get(), request, sizeof request), 0) << "a request reached it";
  }

  Context context_;
  UniqueFd listener_;
  int port_ = 0;
  std::thread thread_;
};

class TlsTest : public FetcherTest {};

TEST_F(TlsTest, ACertificateThatNobodyTrustsIsATlsFailure) {
  const TlsOrigin origin;
  const FetchOutcome outcome = get(fmt::format("https://127.0.0.1:{}/a", origin.port())).get();
  EXPECT_EQ(word_of(outcome), "tls_failed");
  EXPECT_FALSE(outcome.fault->retryable);
}

}  // namespace
}  // namespace imgmill
