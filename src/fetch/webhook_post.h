// POST of a webhook: one hop, redirects not followed, any status is the answer and its body is
// thrown away. Private to the room; lives on the curl thread.
#pragma once

#include <memory>

#include "fetch/transfer.h"

namespace imgmill {

[[nodiscard]] std::unique_ptr<Transfer> make_webhook_post(const TransferRules& rules, Post post,
                                                          Callback<PostOutcome> done);

}  // namespace imgmill
