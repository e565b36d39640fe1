// SPDX-License-Identifier: Apache-2.0
// The files of one reduction, opened and found to hold the same tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/reduce/weighted_mean.h"
#include "renkei/tensor/layout.h"

namespace renkei::reduce {

// Different orders of the tensors in the files of one reduction.
inline constexpr size_t kOrdersMax = 16;

struct Source {
  const File* file = nullptr;
  double weight = 0;
  uint64_t data_begin = 0;
  // Where the tensors of Sources::layout begin in this file's data part; null when as there.
  const std::vector<uint64_t>* begins = nullptr;
};

struct Sources {
  tensor::Layout layout;  // of the first input, with the metadata that all inputs share
  std::vector<Source> list;
  double total_weight = 0;
  std::deque<std::vector<uint64_t>> orders;  // a deque: Source::begins points into it
};

// Reads one header after the other. Errors as WeightedMean.
StatusOr<Sources> OpenSources(std::span<const Input> inputs);

}  // namespace renkei::reduce
