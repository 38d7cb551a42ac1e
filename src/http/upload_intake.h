// An upload's body on its way in: multipart apart, the CSV into a spool file and through the first
// check, the options aside. Memory stays flat whatever the file's size; nothing is left of it when
// it goes, unless admit() has made a batch of it.
//
// Blocks: its calls, and its end, are made on the pool; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "batch/admission.h"
#include "http/dry_run.h"
#include "http/multipart.h"
#include "http/problem.h"
#include "http/site.h"
#include "http/spool_file.h"
#include "http/upload_form.h"

namespace imgmill {

class UploadIntake final : private MultipartSink {
 public:
  UploadIntake(std::string_view boundary, Site& site);
  UploadIntake(const UploadIntake&) = delete;

  // After a failure the intake is spent.
  [[nodiscard]] Answer<void> feed(std::string_view bytes);
  // After the last byte: the request id of the sealed batch.
  [[nodiscard]] Answer<std::string> admit();
  // Instead, for a dry run: what admit() would do, and which URLs are worth a look. A file that
  // would be refused is no failure here; a form that would be is.
  [[nodiscard]] Answer<DryRun> survey();
  // Whether what feed() has failed with is a fault of the file, and not of the form around it.
  [[nodiscard]] bool file_is_refused() const { return file_is_refused_; }

 private:
  [[nodiscard]] Result<void> on_part(const PartHead& head) override;
  [[nodiscard]] Result<void> on_data(std::string_view bytes) override;
  [[nodiscard]] Result<void> on_part_end() override;

  [[nodiscard]] Result<void> begin_file();
  [[nodiscard]] Result<void> take_file_bytes(std::string_view bytes);
  [[nodiscard]] Result<void> take_option_bytes(std::string_view bytes);
  // Ends the parsing with this answer.
  [[nodiscard]] std::unexpected<Error> give_up(Problem problem);
  [[nodiscard]] Problem problem_behind(const Error& error);

  // A 400 for a form that is cut off or has no file.
  [[nodiscard]] Answer<void> finish_form();
  [[nodiscard]] Answer<UploadOptions> read_options() const;
  // The report of a file that is taken.
  [[nodiscard]] Answer<SheetReport> check_rows(const UploadOptions& options);
  // Notes it when it is a fault of the file.
  [[nodiscard]] Problem bad_file(const Error& error);

  enum class Part { kIgnored, kFile, kOption };

  Site& site_;
  MultipartParser parser_;
  Part part_ = Part::kIgnored;
  std::string option_name_;
  std::string option_value_;
  UploadForm form_;
  std::optional<SpoolFile> spool_;
  SheetCheck check_;
  std::uint64_t body_bytes_ = 0;
  std::optional<Problem> problem_;  // of give_up()
  bool file_is_refused_ = false;
  SheetReport report_;  // of a file with rows that are refused
};

// 413 with the limit in words.
[[nodiscard]] Problem upload_too_large(std::uint64_t bytes_max);

}  // namespace imgmill
