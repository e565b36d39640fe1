// SPDX-License-Identifier: Apache-2.0
// Names of hash tiles and entry bundles below a ledger's directory (C2SP tlog-tiles, "Merkle
// Tree" and "Log Entries").
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace renkei::ledger {

inline constexpr uint64_t kTileWidth = 256;  // hashes in a full tile, entries in a full bundle
inline constexpr int kTileHeight = 8;        // tree levels that a tile covers
inline constexpr int kTileLevels = 8;        // tile levels for any 64-bit size

// A tile, or with level kBundleLevel an entry bundle. `width` < kTileWidth is a partial one.
inline constexpr int kBundleLevel = -1;
struct TileName {
  int level = 0;
  uint64_t index = 0;
  uint64_t width = kTileWidth;

  auto operator<=>(const TileName&) const = default;
};

// "tile/0/x001/x234/067", "tile/entries/000.p/5".
std::string TilePath(const TileName& name);
// The directory that holds all partial versions of the tile: "tile/0/000.p".
std::string PartialDirectory(const TileName& name);

}  // namespace renkei::ledger
