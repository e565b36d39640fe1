// SPDX-License-Identifier: Apache-2.0
// The processor's float settings, on which the reproducible results rest.
#pragma once

#include "renkei/base/status.h"

namespace renkei::kernels {

// FAILED_PRECONDITION when this thread flushes subnormals to zero or does not round to nearest
// (a library built with -ffast-math can set that behind our back). Threads inherit the setting.
Status CheckFloatEnvironment();

}  // namespace renkei::kernels
