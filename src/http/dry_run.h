// What POST /api/upload?dry_run=1 finds out, and how it is shown. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "batch/admission.h"
#include "batch/survey.h"
#include "http/problem.h"
#include "http/upload_form.h"
#include "http/url_sample.h"

namespace imgmill {

struct DryRun {
  std::optional<Problem> refusal{};  // why the file would be refused; nullopt: it would be taken
  SheetReport report{};              // as far as it was read
  SheetSurvey survey{};
  std::optional<UploadOptions> options{};  // nullopt: refused before they were all there
  std::vector<UrlSample> samples{};        // of survey.sample, in its order
};

[[nodiscard]] std::string dry_run_json(const DryRun& dry_run);

}  // namespace imgmill
