// SPDX-License-Identifier: Apache-2.0
// Many update files into one: sum(w_i * x_i) / sum(w_i) per element. FedAvg: McMahan et al. 2017,
// Algorithm 1.
//
// The output is the same bytes for any tile size, thread count and instruction set: sites come in
// ascending order, weights are integers, sums are float64 without fused multiply-add, rounded once
// (design, "Reproducible arithmetic"). Threads split the elements; partial sums are never merged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::reduce {

inline constexpr std::string_view kAlgorithm = "weighted-mean-f64-1";

inline constexpr uint64_t kWeightMax = (uint64_t{1} << 29) - 1;       // w * float32 is exact
inline constexpr uint64_t kTotalWeightMax = (uint64_t{1} << 53) - 1;  // exact in float64
inline constexpr size_t kBufferBytesMax = 16u << 20;                  // for any number of sites
inline constexpr size_t kTileBytesMax = 1u << 20;
inline constexpr int kThreadsMax = 32;

struct Input {
  const File* file = nullptr;
  uint64_t weight = 0;
};

// What becomes of integer and BOOL tensors, which have no mean.
enum class IntegerRule { kMustEqual, kMax, kFirst };

struct Options {
  size_t tile_bytes = 256u << 10;  // of one input; made smaller when threads * tiles would not fit
  int threads = 1;
  IntegerRule integers = IntegerRule::kMustEqual;
};

// Reads each of `inputs` (ascending site order, one pass, never mapped) and appends the mean, a
// safetensors file, to `out`: tensors in the order of the first input, those metadata that all
// inputs share. Memory: the headers of two inputs and kBufferBytesMax, whatever their number.
//
//   INVALID_ARGUMENT     no input; a weight of 0 or above kWeightMax; a bad file; layouts that
//                        differ; integers that differ under kMustEqual; a mean that is not finite.
//                        Names the input (counted from 0), the tensor and the element.
//   RESOURCE_EXHAUSTED   total weight above kTotalWeightMax; too many orders of tensors
//   FAILED_PRECONDITION  the processor flushes subnormals (kernels/environment.h)
//   others               from the files and `out`
//
// On error `out` has received a useless beginning; the caller discards it.
Status WeightedMean(std::span<const Input> inputs, ByteSink& out, const Options& options);

}  // namespace renkei::reduce
