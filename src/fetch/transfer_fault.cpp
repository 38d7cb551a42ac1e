#include "fetch/transfer_fault.h"

#include <fmt/format.h>

#include "base/limits.h"

namespace imgmill {
namespace {

constexpr bool kRetry = true;
constexpr bool kFinal = false;

FetchFault make(FaultCode code, std::string message, bool retryable) {
  return {ImageFault{code, std::move(message)}, retryable, std::nullopt};
}

bool is_retryable_status(int status) {
  return status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 599);
}

bool is_tls_fault(CURLcode code) {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_USE_SSL_FAILED:
      return true;
    default:
      return false;
  }
}

bool is_broken_connection(CURLcode code) {
  switch (code) {
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_SHUTDOWN_FAILED:
      return true;
    default:
      return false;
  }
}

}  // namespace

FetchFault fault_of_stop(Stop stop, const std::string& blocked_sentence) {
  switch (stop) {
    case Stop::kBlocked:
      return make(FaultCode::kBlockedAddress, blocked_sentence, kFinal);
    case Stop::kTooLarge:
      return make(FaultCode::kTooLarge, "the source has more bytes than the limit for one image",
                  kFinal);
    case Stop::kHeadersTooLarge:
      return make(FaultCode::kTooLarge,
                  fmt::format("the headers of the origin's answer are larger than {} KB",
                              limits::kFetchHeaderBytesMax >> 10),
                  kFinal);
    case Stop::kTransferCoding:
      return make(FaultCode::kConnectFailed,
                  "the origin answered in a Transfer-Encoding other than chunked", kFinal);
    case Stop::kSpoolFailed:
      return make(FaultCode::kStorageFailed, "the source could not be kept on disk", kFinal);
    case Stop::kFirstByteLate:
      return make(FaultCode::kTimeout, "the origin took too long to begin its answer", kRetry);
    case Stop::kStalled:
      return make(FaultCode::kTimeout, "the origin sent its answer too slowly", kRetry);
    case Stop::kShutdown:
      return make(FaultCode::kCancelled, "imgmill was stopped during the transfer", kRetry);
    case Stop::kRepeated:
      return fault_of_curl(CURLE_RECV_ERROR);
    case Stop::kUndecodable:
      return fault_of_curl(CURLE_BAD_CONTENT_ENCODING);
    case Stop::kNone:
    case Stop::kDiscarded:
    case Stop::kPeeked:
    case Stop::kTimeUp:
      break;
  }
  return make(FaultCode::kTimeout, "the origin did not finish its answer in time", kRetry);
}

FetchFault fault_of_curl(CURLcode code) {
  if (is_tls_fault(code)) {
    return make(FaultCode::kTlsFailed,
                "no trusted TLS connection to the origin; its certificate may be wrong", kFinal);
  }
  if (is_broken_connection(code)) {
    return make(FaultCode::kConnectFailed, "the connection broke before the answer was complete",
                kRetry);
  }
  switch (code) {
    case CURLE_OUT_OF_MEMORY:  // what libcurl says of one header line over 100 KB
      return fault_of_stop(Stop::kHeadersTooLarge, {});
    case CURLE_URL_MALFORMAT:
      return make(FaultCode::kInvalidUrl, "it is not an http or https URL that can be fetched",
                  kFinal);
    case CURLE_COULDNT_RESOLVE_HOST:
      return make(FaultCode::kDnsFailure, "the host name could not be resolved", kFinal);
    case CURLE_COULDNT_CONNECT:
      return make(FaultCode::kConnectFailed, "the origin did not accept a connection", kRetry);
    case CURLE_OPERATION_TIMEDOUT:
      return make(FaultCode::kTimeout, "the origin could not be reached in time", kRetry);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return make(FaultCode::kConnectFailed, "the origin's answer is not HTTP", kFinal);
    case CURLE_BAD_CONTENT_ENCODING:
      return make(FaultCode::kCorruptImage, "the answer's Content-Encoding is broken", kFinal);
    default:
      return make(FaultCode::kConnectFailed,
                  fmt::format("the transfer failed: {}", curl_easy_strerror(code)), kFinal);
  }
}

FetchFault fault_of_status(int http_status) {
  FetchFault fault =
      make(FaultCode::kHttpStatus, fmt::format("the origin answered {}", http_status),
           is_retryable_status(http_status));
  fault.fault.http_status = http_status;
  return fault;
}

}  // namespace imgmill
