// Looks at a few URLs at once, for a dry run.
#pragma once

#include <string>
#include <vector>

#include "base/async.h"
#include "http/site.h"
#include "http/url_sample.h"

namespace imgmill {

// In the order of `urls`, after limits::kSampleDeadline at the latest: what has not answered by
// then has the fault "timeout".
[[nodiscard]] Task<std::vector<UrlSample>> sample_urls(Site& site, std::vector<std::string> urls);

}  // namespace imgmill
