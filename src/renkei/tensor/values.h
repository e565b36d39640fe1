// SPDX-License-Identifier: Apache-2.0
// Questions about the bytes of tensors, answered in one pass through a window of fixed size.
#pragma once

#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/tensor/layout.h"

namespace renkei::tensor {

// INVALID_ARGUMENT, naming tensor and element, when a float is infinite or not a number, or a
// BOOL byte is neither 0 nor 1. DATA_LOSS when the file ends too early.
Status CheckFinite(const File& file, const Layout& layout);

// The square root of the sum of squares over all float tensors, in float64; the same bits on
// every machine. INVALID_ARGUMENT when it is not finite.
StatusOr<double> L2Norm(const File& file, const Layout& layout);

}  // namespace renkei::tensor
