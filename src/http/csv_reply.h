// A CSV that is made while it is sent, as a download.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "http/reply.h"

namespace imgmill {

template <class Csv>
class CsvSource final : public BodySource {
 public:
  explicit CsvSource(std::unique_ptr<Csv> csv) : csv_(std::move(csv)) {}
  Result<void> next_block(std::string& out) override { return csv_->next_block(out); }

 private:
  std::unique_ptr<Csv> csv_;
};

// `file_name` needs no escape.
template <class Csv>
[[nodiscard]] Reply csv_reply(std::unique_ptr<Csv> csv, const std::string& file_name) {
  return {.content_type = "text/csv; charset=utf-8",
          .headers = {{"Content-Disposition", "attachment; filename=\"" + file_name + "\""},
                      {"Cache-Control", "no-store"}},
          .source = std::make_unique<CsvSource<Csv>>(std::move(csv))};
}

}  // namespace imgmill
