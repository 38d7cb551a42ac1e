// The endpoints, one file each. They run on the session's strand and hop to the pool for what
// blocks.
#pragma once

#include "http/router.h"

namespace imgmill {

[[nodiscard]] Task<Reply> post_upload(Site& site, Request& request);
[[nodiscard]] Task<Reply> get_status(Site& site, Request& request);
// /api/download/{id} and /results/{id}_results.csv
[[nodiscard]] Task<Reply> get_download(Site& site, Request& request);
[[nodiscard]] Task<Reply> get_processed(Site& site, Request& request);
[[nodiscard]] Task<Reply> get_requests(Site& site, Request& request);
[[nodiscard]] Task<Reply> get_images(Site& site, Request& request);
[[nodiscard]] Task<Reply> get_failures(Site& site, Request& request);
[[nodiscard]] Task<Reply> post_cancel(Site& site, Request& request);
[[nodiscard]] Task<Reply> post_retry(Site& site, Request& request);
[[nodiscard]] Task<Reply> get_deliveries(Site& site, Request& request);
[[nodiscard]] Task<Reply> post_redeliver(Site& site, Request& request);
[[nodiscard]] Task<Reply> delete_request(Site& site, Request& request);
[[nodiscard]] Task<Reply> get_events(Site& site, Request& request);
[[nodiscard]] Task<Reply> get_archive(Site& site, Request& request);
[[nodiscard]] Task<Reply> get_health(Site& site, Request& request);
[[nodiscard]] Task<Reply> get_readiness(Site& site, Request& request);

}  // namespace imgmill
