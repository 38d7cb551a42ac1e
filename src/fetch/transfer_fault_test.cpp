#include "fetch/transfer_fault.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(TransferFault, StatusesWorthAnotherTry) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599}) {
    EXPECT_TRUE(fault_of_status(status).retryable) << status;
  }
  for (const int status : {206, 304, 400, 401, 403, 404, 410, 418, 451, 600}) {
    EXPECT_FALSE(fault_of_status(status).retryable) << status;
  }
  EXPECT_EQ(code_word(fault_of_status(404).fault), "http_404");
}

TEST(TransferFault, EachFaultOfTheWireHasItsWord) {
  const struct {
    CURLcode code;
    const char* word;
    bool retryable;
  } kTable[] = {
      {CURLE_URL_MALFORMAT, "invalid_url", false},
      {CURLE_COULDNT_RESOLVE_HOST, "dns_failure", false},
      {CURLE_COULDNT_CONNECT, "connect_failed", true},
      {CURLE_OPERATION_TIMEDOUT, "timeout", true},
      {CURLE_SSL_CONNECT_ERROR, "tls_failed", false},
      {CURLE_PEER_FAILED_VERIFICATION, "tls_failed", false},
      {CURLE_PARTIAL_FILE, "connect_failed", true},
      {CURLE_RECV_ERROR, "connect_failed", true},
      {CURLE_SEND_ERROR, "connect_failed", true},
      {CURLE_GOT_NOTHING, "connect_failed", true},
      {CURLE_HTTP2_STREAM, "connect_failed", true},
      {CURLE_WEIRD_SERVER_REPLY, "connect_failed", false},
      {CURLE_BAD_CONTENT_ENCODING, "corrupt_image", false},
      {CURLE_OUT_OF_MEMORY, "too_large", false},
  };
  for (const auto& row : kTable) {
    const FetchFault fault = fault_of_curl(row.code);
    EXPECT_EQ(code_word(fault.fault), row.word) << row.code;
    EXPECT_EQ(fault.retryable, row.retryable) << row.code;
    EXPECT_FALSE(fault.fault.message.empty());
  }
}

}  // namespace
}  // namespace imgmill
