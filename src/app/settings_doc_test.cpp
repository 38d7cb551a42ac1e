#include "app/settings_doc.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace imgmill {
namespace {

// With UPDATE_DOCS=1 in the environment the document is written instead.
TEST(SettingsDocument, IsWhatTheTableSays) {
  const std::string file = SOURCE_FOLDER "/docs/settings.md";
  if (std::getenv("UPDATE_DOCS") != nullptr) std::ofstream(file) << settings_document();
  std::ifstream in(file);
  const std::string written((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_EQ(written, settings_document()) << "UPDATE_DOCS=1 settings_test writes it anew";
}

}  // namespace
}  // namespace imgmill
