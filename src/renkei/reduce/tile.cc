// SPDX-License-Identifier: Apache-2.0
#include "renkei/reduce/tile.h"

#include <algorithm>

#include "renkei/base/check.h"
#include "renkei/tensor/dtype.h"

namespace renkei::reduce {

TileCutter::TileCutter(const tensor::Layout& layout, size_t tile_bytes)
    : layout_(layout), tile_bytes_(tile_bytes) {
  RK_CHECK(tile_bytes >= kTileBytesMin);
}

bool TileCutter::Next(Tile& tile) {
  tile.size_bytes = 0;
  tile.segments.clear();
  size_t sums = 0;
  while (tensor_ < layout_.tensors.size() && tile.segments.size() < kSegmentsMax) {
    const tensor::TensorSpec& spec = layout_.tensors[tensor_];
    const size_t width = tensor::SizeOf(spec.dtype);
    const uint64_t left = spec.elements() - element_;
    if (left == 0) {
      ++tensor_;
      element_ = 0;
      continue;
    }
    const uint64_t room = (tile_bytes_ - tile.size_bytes) / width;
    if (room == 0) break;
    const size_t count = static_cast<size_t>(std::min(left, room));
    if (tile.segments.empty()) tile.begin = spec.begin + element_ * width;
    tile.segments.push_back({.tensor = tensor_,
                             .first = element_,
                             .count = count,
                             .offset = tile.size_bytes,
                             .sum_at = sums});
    if (tensor::FloatTypeOf(spec.dtype)) sums += count;
    tile.size_bytes += count * width;
    element_ += count;
  }
  return !tile.segments.empty();
}

}  // namespace renkei::reduce
