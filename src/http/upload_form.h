// The fields of the upload form beside the file (CONTRACT 1.1), read strictly. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "http/problem.h"
#include "model/recipe.h"

namespace imgmill {

struct UploadOptions {
  Recipe recipe;
  std::optional<std::string> webhook_url;
  bool skip_invalid_rows = false;
};

class UploadForm {
 public:
  // Whether a part of this name is an option, and so its value is wanted.
  [[nodiscard]] static bool is_option(std::string_view name);
  // A 400 for an option that is given twice.
  [[nodiscard]] Answer<void> set(std::string_view name, std::string value);
  // A 400 for a value that is none. Of the webhook's address only the form is looked at.
  [[nodiscard]] Answer<UploadOptions> read(int quality_default) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace imgmill
