#include "base/test_point.h"

#ifdef IMGMILL_TEST_POINTS
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>

namespace imgmill {
namespace {

struct CrashPlan {
  std::string name;
  int at = 0;
};

CrashPlan read_plan() {
  const char* text = std::getenv("MILL_CRASH_AT");
  if (text == nullptr) return {};
  const std::string_view plan = text;
  const size_t colon = plan.rfind(':');
  if (colon == plan.npos) return {std::string(plan), 1};
  return {std::string(plan.substr(0, colon)), std::atoi(plan.data() + colon + 1)};
}

}  // namespace

void pass_test_point(const char* name) {
  static const CrashPlan plan = read_plan();
  static std::atomic<int> passed{0};
  if (plan.at == 0 || plan.name != name) return;
  if (passed.fetch_add(1) + 1 == plan.at) _exit(86);
}

}  // namespace imgmill
#endif
