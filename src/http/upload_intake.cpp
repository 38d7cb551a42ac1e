#include "http/upload_intake.h"

#include <span>

#include <fmt/format.h>

#include "base/limits.h"
#include "intake/url.h"

namespace imgmill {
namespace {

Problem bad_upload(std::string error, std::string detail) {
  return {.status = 400, .error = std::move(error), .detail = std::move(detail)};
}

Problem bad_csv(const Error& error) {
  if (error.code != ErrorCode::kInvalid) return problem_of(error);
  return bad_upload("Invalid CSV format", error.text);
}

Problem bad_rows(SheetReport report) {
  Problem problem = bad_upload("Invalid CSV format",
                               fmt::format("{} of {} rows {} invalid", report.rows_invalid,
                                           report.rows, report.rows_invalid == 1 ? "is" : "are"));
  problem.errors = std::move(report.faults);
  problem.errors_total = report.faults_total;
  return problem;
}

}  // namespace

Problem upload_too_large(std::uint64_t bytes_max) {
  return {.status = 413,
          .error = "File too large",
          .detail = fmt::format("an upload has at most {} bytes: split the file", bytes_max)};
}

UploadIntake::UploadIntake(std::string_view boundary, Site& site)
    : site_(site), parser_(boundary, *this), check_(SheetRules{}) {}

Answer<void> UploadIntake::feed(std::string_view bytes) {
  body_bytes_ += bytes.size();
  if (body_bytes_ > site_.options.upload_bytes_max + limits::kFormOverheadBytesMax) {
    return std::unexpected(upload_too_large(site_.options.upload_bytes_max));
  }
  const auto fed = parser_.feed(bytes);
  if (!fed) return std::unexpected(problem_behind(fed.error()));
  return {};
}

Answer<void> UploadIntake::finish_form() {
  const auto finished = parser_.finish();
  if (!finished) return std::unexpected(problem_behind(finished.error()));
  if (spool_) return {};
  return std::unexpected(
      bad_upload("No file part", "the form has no part named \"file\": send the CSV as that part"));
}

Answer<DryRun> UploadIntake::survey() {
  TRY_VOID(finish_form());
  DryRun found;
  TRY(found.options, read_options());
  auto report = check_rows(*found.options);
  if (report) {
    found.report = *std::move(report);
  } else if (file_is_refused_) {
    found.refusal = std::move(report).error();
    found.report = report_;
  } else {
    return std::unexpected(std::move(report).error());
  }
  if (found.report.rows == 0) return found;  // no sheet at all
  auto survey = survey_sheet(spool_->path(), SheetRules{});
  if (!survey) return std::unexpected(problem_of(survey.error()));
  found.survey = *std::move(survey);
  return found;
}

Answer<std::string> UploadIntake::admit() {
  TRY_VOID(finish_form());
  TRY(UploadOptions options, read_options());
  TRY_VOID(check_rows(options));
  // As the courier will ask for it, and as the guard has judged it.
  if (options.webhook_url) options.webhook_url = fetchable_url(*options.webhook_url);
  const Admission admission{.csv = spool_->path(),
                            .rules = SheetRules{},
                            .recipe = options.recipe,
                            .webhook_url = std::move(options.webhook_url)};
  auto request_id = admit_batch(admission, site_.parts.db, site_.parts.objects, site_.parts.clock);
  if (!request_id) return std::unexpected(bad_csv(request_id.error()));
  return *std::move(request_id);
}

Result<void> UploadIntake::on_part(const PartHead& head) {
  part_ = Part::kIgnored;
  if (head.name == "file") return begin_file();
  if (!UploadForm::is_option(head.name)) return {};
  part_ = Part::kOption;
  option_name_ = head.name;
  option_value_.clear();
  return {};
}

Result<void> UploadIntake::begin_file() {
  if (spool_) {
    return give_up(bad_upload("More than one file", "one upload is one part named \"file\""));
  }
  TRY(SpoolFile spool, SpoolFile::create(site_.options.spool_folder));
  spool_.emplace(std::move(spool));
  part_ = Part::kFile;
  return {};
}

Result<void> UploadIntake::on_data(std::string_view bytes) {
  switch (part_) {
    case Part::kFile:
      return take_file_bytes(bytes);
    case Part::kOption:
      return take_option_bytes(bytes);
    case Part::kIgnored:
      return {};
  }
  return {};
}

Result<void> UploadIntake::take_file_bytes(std::string_view bytes) {
  if (spool_->size() + bytes.size() > site_.options.upload_bytes_max) {
    return give_up(upload_too_large(site_.options.upload_bytes_max));
  }
  TRY_VOID(spool_->append(bytes));
  const auto checked = check_.feed(std::as_bytes(std::span(bytes)));
  return checked ? Result<void>() : give_up(bad_file(checked.error()));
}

Result<void> UploadIntake::take_option_bytes(std::string_view bytes) {
  if (option_value_.size() + bytes.size() > limits::kFormFieldBytesMax) {
    return give_up(
        bad_upload("Invalid option", fmt::format("the value of {} is longer than {} bytes",
                                                 option_name_, limits::kFormFieldBytesMax)));
  }
  option_value_ += bytes;
  return {};
}

Result<void> UploadIntake::on_part_end() {
  if (part_ != Part::kOption) return {};
  const auto set = form_.set(option_name_, std::move(option_value_));
  return set ? Result<void>() : give_up(set.error());
}

std::unexpected<Error> UploadIntake::give_up(Problem problem) {
  problem_ = std::move(problem);
  return fail(ErrorCode::kInvalid, problem_->detail);
}

Problem UploadIntake::problem_behind(const Error& error) {
  if (problem_) return *problem_;
  return problem_of(error, error.code == ErrorCode::kInvalid ? "Malformed form" : "");
}

Answer<UploadOptions> UploadIntake::read_options() const {
  TRY(UploadOptions options, form_.read(site_.options.quality_default));
  if (options.webhook_url && site_.parts.webhook_url_fault) {
    if (const auto fault = site_.parts.webhook_url_fault(*options.webhook_url)) {
      return std::unexpected(bad_upload("Invalid option", "webhook_url cannot be used: " + *fault));
    }
  }
  return options;
}

Answer<SheetReport> UploadIntake::check_rows(const UploadOptions& options) {
  if (spool_->size() == 0) {
    file_is_refused_ = true;
    return std::unexpected(bad_upload("Empty file", "the uploaded file has no bytes"));
  }
  auto report = check_.finish();
  if (!report) return std::unexpected(bad_file(report.error()));
  if (report->rows_invalid > 0 && !options.skip_invalid_rows) {
    file_is_refused_ = true;
    report_ = *report;
    return std::unexpected(bad_rows(*std::move(report)));
  }
  return *std::move(report);
}

Problem UploadIntake::bad_file(const Error& error) {
  file_is_refused_ = error.code == ErrorCode::kInvalid;
  return bad_csv(error);
}

}  // namespace imgmill
