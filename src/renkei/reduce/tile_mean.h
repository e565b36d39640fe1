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

  // At most the bytes of its buffers, over `tile_bytes`.
  static constexpr size_t kBuffersPerTile = kGroup + 4;

  // Fills `out` with the mean of the tile. Errors as WeightedMean.
  Status Reduce(const Tile& tile, Bytes& out);

 private:
  Status Read(const Tile& tile, size_t source, std::span<uint8_t> into) const;
  Status AddGroup(const Tile& tile, size_t first, size_t count, Bytes& out);
  Status AddFloats(const Segment& segment, size_t first, size_t count, Bytes& out);
  Status MergeIntegers(const Segment& segment, size_t first, size_t count, Bytes& out) const;
  Status Blame(const Segment& segment, uint64_t element) const;
  const uint8_t* Values(size_t slot) const { return values_.data() + slot * stride_; }

  const Sources& sources_;
  IntegerRule integers_;
  size_t stride_;             // from one site's tile to the next one's
  Bytes values_;              // kGroup tiles
  std::vector<double> sums_;  // of a whole tile, or of one block when one group has all sites
};

}  // namespace renkei::reduce
