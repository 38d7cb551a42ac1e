#include "model/image_fault.h"

#include <gtest/gtest.h>

namespace imgmill {
namespace {

TEST(FaultCode, EveryWordReadsBackAsItself) {
  for (int code = 0; code <= static_cast<int>(FaultCode::kCancelled); ++code) {
    const ImageFault fault{static_cast<FaultCode>(code), "why",
                           static_cast<FaultCode>(code) == FaultCode::kHttpStatus ? 404 : 0};
    EXPECT_EQ(fault_of(code_word(fault), "why"), fault) << code_word(fault);
  }
}

TEST(FaultCode, AStatusIsPartOfTheWord) {
  EXPECT_EQ(code_word({FaultCode::kHttpStatus, "", 503}), "http_503");
  EXPECT_FALSE(fault_of("http_", ""));
  EXPECT_FALSE(fault_of("http_40x", ""));
  EXPECT_FALSE(fault_of("nonsense", ""));
}

}  // namespace
}  // namespace imgmill
