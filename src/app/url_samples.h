// What a look at a URL says about it, the type told from its bytes as the codec children tell it.
// No pixel is decoded. Pure.
#pragma once

#include "fetch/peek.h"
#include "http/url_sample.h"

namespace imgmill {

[[nodiscard]] UrlSample url_sample_of(const Peeked& peeked);

}  // namespace imgmill
