// Named places at which a crash test ends the process: TEST_POINT("finish.committed");
// With MILL_CRASH_AT="finish.committed:3" in the environment the process _exits with status 86 at
// the third time it passes there. Nothing of it exists in a release build (IMGMILL_TEST_POINTS).
#pragma once

#ifdef IMGMILL_TEST_POINTS
namespace imgmill {
void pass_test_point(const char* name);
}
#define TEST_POINT(name) ::imgmill::pass_test_point(name)
#else
#define TEST_POINT(name) static_cast<void>(0)
#endif
