// SPDX-License-Identifier: Apache-2.0
// The data part of a file, cut into tiles of bounded size at element boundaries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "renkei/tensor/layout.h"

namespace renkei::reduce {

inline constexpr size_t kTileBytesMin = 64;
inline constexpr size_t kSegmentsMax = 4096;  // per tile

// A run of elements of one tensor.
struct Segment {
  size_t tensor = 0;  // index in Layout::tensors
  uint64_t first = 0;
  size_t count = 0;
  size_t offset = 0;  // bytes from the start of the tile
  size_t sum_at = 0;  // index of its first sum; floats only
};

struct Tile {
  uint64_t begin = 0;  // bytes from the start of the data part
  size_t size_bytes = 0;
  std::vector<Segment> segments;
};

// Hands out the tiles from first to last; together they are the whole data part.
class TileCutter {
 public:
  TileCutter(const tensor::Layout& layout, size_t tile_bytes);
  // False when there is none left.
  bool Next(Tile& tile);

 private:
  const tensor::Layout& layout_;
  size_t tile_bytes_;
  size_t tensor_ = 0;
  uint64_t element_ = 0;
};

}  // namespace renkei::reduce
