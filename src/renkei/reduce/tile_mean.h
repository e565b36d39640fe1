// SPDX-License-Identifier: Apache-2.0
// Reduces one tile after the other with the buffers of one thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"
#include "renkei/reduce/sources.h"
#include "renkei/reduce/tile.h"
#include "renkei/reduce/weighted_mean.h"

namespace renkei::reduce {

// Sites whose values are added in one pass over the sums: they and the sums fit a core's cache.
inline constexpr size_t kGroup = 8;

class TileMean {
 public:
  // `sources` outlives it.
  TileMean(const Sources& sources, IntegerRule integers, size_t tile_bytes);

  // The bytes of all buffers of one thread, with `tiles` outputs under way.
  static size_t BufferBytes(size_t tile_bytes, size_t tiles);

  // Fills `out` with the mean of the tile. Errors as WeightedMean.
  Status Reduce(const Tile& tile, Bytes& out);

 private:
  Status Read(const Tile& tile, size_t source, std::span<uint8_t> into) const;
  Status AddGroup(const Tile& tile, size_t first, size_t count, Bytes& out);
  Status MergeIntegers(const Segment& segment, size_t first, size_t count, Bytes& out) const;
  Status Divide(const Tile& tile, Bytes& out) const;
  Status Blame(const Segment& segment, uint64_t element) const;
  const uint8_t* Values(size_t slot) const { return values_.data() + slot * tile_bytes_; }

  const Sources& sources_;
  IntegerRule integers_;
  size_t tile_bytes_;
  Bytes values_;              // kGroup tiles
  std::vector<double> sums_;  // one per element of the narrowest float
};

}  // namespace renkei::reduce
