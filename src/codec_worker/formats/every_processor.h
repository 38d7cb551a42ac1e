// For tests: runs a check on every kind of vector instructions that Highway has compiled and this
// processor can run, plain C++ among them.
#pragma once

#include <cstdint>

#include <hwy/targets.h>

namespace imgmill::codec_worker::samples {

template <class Check>
void on_every_processor(const Check& check) {
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    hwy::SetSupportedTargetsForTest(left & -left);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    check();
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
}

}  // namespace imgmill::codec_worker::samples
