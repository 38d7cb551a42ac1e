// GET of an image: redirects followed by hand, hop by hop, the body kept in a Spool and counted as
// it is decoded. Private to the room; lives on the curl thread.
#pragma once

#include <memory>

#include "fetch/peek.h"
#include "fetch/transfer.h"

namespace imgmill {

[[nodiscard]] std::unique_ptr<Transfer> make_download(const TransferRules& rules, std::string url,
                                                      std::int64_t batch,
                                                      Callback<FetchOutcome> done);

// The same, of which only the first limits::kPeekBytes or a little more are wanted.
[[nodiscard]] std::unique_ptr<Transfer> make_peek(const TransferRules& rules, std::string url,
                                                  std::int64_t batch, Callback<Peeked> done);

}  // namespace imgmill
