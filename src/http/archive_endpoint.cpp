#include "batch/archive.h"
#include "http/endpoints.h"
#include "http/find_request.h"
#include "http/site.h"

namespace imgmill {
namespace {

class ArchiveSource final : public BodySource {
 public:
  explicit ArchiveSource(std::unique_ptr<BatchArchive> archive) : archive_(std::move(archive)) {}
  Result<void> next_block(std::string& out) override { return archive_->next_block(out); }

 private:
  std::unique_ptr<BatchArchive> archive_;
};

Answer<Reply> open_archive(Site& site, const Request& request) {
  auto batch = find_final_request(site.parts.db, request.caller, request.variable);
  if (!batch) return std::unexpected(std::move(batch).error());
  ArchivePlace place{.link_prefix = site.options.base_url + "/",
                     .spool_folder = site.options.spool_folder};
  auto archive = BatchArchive::open(*batch, std::move(place), site.parts.db, site.parts.objects);
  if (!archive) return std::unexpected(problem_of(archive.error()));
  return Reply{
      .content_type = "application/zip",
      .headers = {{"Content-Disposition", "attachment; filename=\"" + batch->request_id + ".zip\""},
                  {"Cache-Control", "no-store"}},
      .source = std::make_unique<ArchiveSource>(*std::move(archive))};
}

}  // namespace

Task<Reply> get_archive(Site& site, Request& request) {
  auto open = [&site, &request]() -> Reply {
    auto reply = open_archive(site, request);
    return reply ? *std::move(reply) : reply_of(reply.error());
  };
  co_return co_await run_on(site.parts.blocking, std::move(open));
}

}  // namespace imgmill
