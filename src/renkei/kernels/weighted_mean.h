// SPDX-License-Identifier: Apache-2.0
// The arithmetic of a weighted mean over spans in memory (design, "Reproducible arithmetic"):
// float64 without fused multiply-add, sites in the order given, one rounding at the end.
// Each function gives the same bits on every instruction set as its scalar twin.
//
// Values are bytes, little-endian, of any alignment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "renkei/kernels/float_type.h"

namespace renkei::kernels {

// One site's part: `sums.size()` values, each to be multiplied by `weight`.
struct WeightedValues {
  const uint8_t* values = nullptr;
  double weight = 0;
};

enum class Start { kZero, kSums };  // begin at +0.0, or go on from what `sums` holds

// For each i, for each site in order: sums[i] = fl(sums[i] + fl(weight * value[i])).
void AddWeighted(FloatType type, std::span<const WeightedValues> sites, Start start,
                 std::span<double> sums);
void AddWeightedScalar(FloatType type, std::span<const WeightedValues> sites, Start start,
                       std::span<double> sums);

// out[i] = round_to_type(fl(sums[i] / total)); `out` holds sums.size() values. False when one of
// them is not finite; all are written even so.
bool DivideAndNarrow(FloatType type, std::span<const double> sums, double total, uint8_t* out);
bool DivideAndNarrowScalar(FloatType type, std::span<const double> sums, double total,
                           uint8_t* out);

}  // namespace renkei::kernels
