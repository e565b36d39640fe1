// SPDX-License-Identifier: Apache-2.0
// Looks for values that are no numbers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "renkei/kernels/float_type.h"

namespace renkei::kernels {

// The index of the first of `count` little-endian values that is infinite or not a number;
// `count` when there is none.
size_t FirstNotFinite(FloatType type, const uint8_t* values, size_t count);
size_t FirstNotFiniteScalar(FloatType type, const uint8_t* values, size_t count);

// The sum of squares in float64, added in eight lanes (value i in lane i mod 8) and the lanes in
// ascending order at the end: one defined order, hence the same bits everywhere. `lanes` carries
// the state from call to call; all calls but the last have a multiple of eight values.
struct SquareLanes {
  double lane[8] = {};
  double Sum() const;
};
void AddSquares(FloatType type, const uint8_t* values, size_t count, SquareLanes& lanes);

}  // namespace renkei::kernels
