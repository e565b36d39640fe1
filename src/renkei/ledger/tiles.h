// SPDX-License-Identifier: Apache-2.0
// The tile tree of a ledger or a mirror: full tiles and bundles on disk, the right edge in
// memory until it is written. Memory is bounded by what is not written yet, one bundle, 255
// hashes per tile level and a small cache.
//
// Reads may run in any thread. Append, Write, Tidy, Load and the rest are one thread's at a time,
// the caller sees to it; Append may run beside Write.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/ledger/bundle.h"
#include "renkei/ledger/tile_path.h"

namespace renkei::ledger {

struct NewEntry {
  ByteSpan bytes;
  Digest leaf_hash;
};

// Makes files and their names durable; those that are gone by now are fine.
Status SyncFiles(Disk& disk, const std::set<std::string>& paths);

class Tiles {
 public:
  // `directory` exists; `disk` outlives the tiles.
  Tiles(Disk& disk, std::string directory);

  // Starts over with the first `size` entries that are on disk. What is read here is proved only
  // by comparing RootAt(size) with a signed one. DATA_LOSS names the file that is missing or has
  // the wrong length.
  Status Load(uint64_t size);

  void Append(std::span<const NewEntry> entries);
  uint64_t size() const { return size_.load(); }
  // Entries of full bundles that are in memory only.
  uint64_t unwritten_bytes() const { return unwritten_bytes_.load(); }

  // Writes the full bundles and tiles of the first `size` entries, and with `partial` the
  // partial ones; reads each back and compares: bundles by hashing every entry again. Not synced.
  // DATA_LOSS when the disk does not return what was written.
  Status Write(uint64_t size, bool partial);
  // The files written since the last call, for SyncFiles; given back when that fails.
  std::set<std::string> TakeUnsynced() { return std::exchange(unsynced_, {}); }
  void GiveBack(std::set<std::string> paths) { unsynced_.merge(paths); }
  // Removes partial tiles that the tree of `size` entries does not use, as far as the disk lets
  // it: they are never evidence.
  void Tidy(uint64_t size);

  // OUT_OF_RANGE beyond size(); DATA_LOSS when a file does not hash to the tree above it.
  StatusOr<Bytes> Entry(uint64_t index) const;
  StatusOr<Digest> RootAt(uint64_t tree_size) const;
  StatusOr<std::vector<Digest>> ProveInclusion(uint64_t index, uint64_t tree_size) const;
  StatusOr<std::vector<Digest>> ProveConsistency(uint64_t from, uint64_t to) const;
  // The complete subtrees of the first size() leaves, largest first.
  StatusOr<std::vector<Digest>> Subtrees() const;

 private:
  // The hashes of one tile level from `first` on, a multiple of kTileWidth.
  struct Edge {
    uint64_t first = 0;
    std::vector<Digest> hashes;
  };
  struct CachedTile {
    TileName name;
    std::vector<Digest> hashes;
  };
  struct CachedBundle {
    uint64_t index = 0;
    Bundle entries;
  };
  static constexpr size_t kCachedTiles = 64;

  StatusOr<Bytes> ReadFile(const std::string& path) const;
  StatusOr<std::vector<Digest>> ReadTile(const TileName& name) const;
  StatusOr<Bundle> ReadBundle(const TileName& name) const;
  StatusOr<std::vector<Digest>> VerifiedTile(int level, uint64_t index) const;
  // `count` hashes of one tile.
  StatusOr<std::vector<Digest>> Hashes(int level, uint64_t begin, uint64_t count) const;
  StatusOr<Digest> Subtree(int level, uint64_t index) const;

  Status WriteTile(const TileName& name);
  Status WriteBundle(const TileName& name);
  Status WritePartial(const TileName& name);
  Status Put(const TileName& name, ByteSpan bytes);
  std::vector<Digest> CopyHashes(const TileName& name) const;
  void DropWritten(uint64_t size);

  std::string PathOf(const TileName& name) const;

  Disk& disk_;
  std::string directory_;
  std::atomic<uint64_t> size_{0};
  std::atomic<uint64_t> unwritten_bytes_{0};

  mutable std::mutex mutex_;  // guards the next five
  std::array<Edge, kTileLevels> edges_;
  uint64_t first_bundle_ = 0;
  // From first_bundle_ on; only the last may be partial. shared_ptr: a full one is written while
  // readers use it and is dropped by nobody in particular.
  std::deque<std::shared_ptr<Bundle>> bundles_;
  mutable std::array<CachedTile, kCachedTiles> cached_tiles_;
  mutable CachedBundle cached_bundle_;

  // The writer's own.
  std::array<uint64_t, kTileLevels> written_{};            // full tiles on disk, by level
  std::array<TileName, kTileLevels + 1> written_partial_;  // the last, by level; bundle last
  std::set<std::string> unsynced_;
  uint64_t tidied_ = 0;  // full tiles of level 0 whose partial versions are gone
};

}  // namespace renkei::ledger
