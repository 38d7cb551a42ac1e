#include <fstream>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "http/tls.h"

namespace imgmill {
namespace {

constexpr std::string_view kCertificateSetting = "--tls-cert (IMGMILL_TLS_CERT)";
constexpr std::string_view kKeySetting = "--tls-key (IMGMILL_TLS_KEY)";
// For TLS 1.2; 1.3 has no others.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::string reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return text == nullptr ? "no reason given" : text;
}

std::unexpected<Error> refuse(std::string_view setting, const std::filesystem::path& file,
                              std::string_view why) {
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: \"{}\" {} ({})", setting, file.string(), why, reason()));
}

// OpenSSL would say only that the system said no.
Result<void> check_readable(std::string_view setting, const std::filesystem::path& file) {
  std::error_code error;
  std::ifstream in;
  if (std::filesystem::is_regular_file(file, error)) in.open(file, std::ios::binary);
  if (in.peek() != std::ifstream::traits_type::eof()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: \"{}\" cannot be read or is empty", setting, file.string()));
}

int refuse_password(char*, int, int, void*) { return 0; }  // instead of asking at the terminal

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length,
                    const unsigned char* offered, unsigned int offered_length, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int result =
      SSL_select_next_proto(&found, length, kHttp11, sizeof kHttp11 - 1, offered, offered_length);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_up(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kCiphers);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Sessions are resumed by tickets, which the client keeps.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, refuse_password);
}

Result<std::shared_ptr<SSL_CTX>> read_files(const TlsFiles& files) {
  TRY_VOID(check_readable(kCertificateSetting, files.certificate));
  TRY_VOID(check_readable(kKeySetting, files.key));
  ERR_clear_error();
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return fail(ErrorCode::kInternal, "TLS cannot be set up", reason());
  set_up(context.get());
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return refuse(kCertificateSetting, files.certificate, "is no PEM file of certificates");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    // It is looked at beside the certificate.
    const bool other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    return refuse(kKeySetting, files.key,
                  other ? "is not the key of --tls-cert's certificate"
                        : "is no PEM file of a private key without a password");
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return refuse(kKeySetting, files.key, "is not the key of --tls-cert's certificate");
  }
  return context;
}

}  // namespace

Result<std::unique_ptr<TlsCertificate>> TlsCertificate::load(TlsFiles files) {
  std::unique_ptr<TlsCertificate> certificate(new TlsCertificate(std::move(files)));
  TRY_VOID(certificate->reload());
  return certificate;
}

Result<void> TlsCertificate::reload() {
  TRY(std::shared_ptr<SSL_CTX> context, read_files(files_));
  const std::lock_guard lock(mutex_);
  context_ = std::move(context);
  return {};
}

std::shared_ptr<SSL_CTX> TlsCertificate::current() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

}  // namespace imgmill
