// What proves to a receiver that a webhook is ours and unchanged (CONTRACT section 3). Two schemes
// over the same secrets: the original service's X-Webhook-Signature and Standard Webhooks
// (standardwebhooks.com). While a secret is rotated there are several, the newest first.
//
// Pure; any thread. Includes base only.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace imgmill {

// Lower-case hex HMAC-SHA256 of the body. The key is the secret as written, "whsec_" included.
[[nodiscard]] std::string body_signature(std::string_view secret, std::string_view body);

// The value of webhook-signature: for each secret "v1," and the base64 HMAC-SHA256 of
// "event_id.unix_seconds.body", separated by spaces. A secret "whsec_" + base64, padded or not, is
// decoded; any other is used as its bytes.
[[nodiscard]] std::string standard_signatures(std::span<const std::string> secrets,
                                              std::string_view event_id, std::string_view timestamp,
                                              std::string_view body);

// The value of webhook-timestamp: whole seconds since 1970.
[[nodiscard]] std::string unix_seconds(Time time);

}  // namespace imgmill
