// SPDX-License-Identifier: Apache-2.0
// Runs a check once for each instruction set that this machine and this build have. Tests only.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

namespace renkei::kernels {

template <typename Check>
void OnEveryTarget(const Check& check) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    SCOPED_TRACE(hwy::TargetName(target));
    check();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace renkei::kernels
