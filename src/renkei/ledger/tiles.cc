// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/tiles.h"

#include <algorithm>
#include <utility>

#include "renkei/base/check.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/bundle.h"
#include "renkei/ledger/merkle_proof.h"

namespace renkei::ledger {
namespace {

constexpr uint64_t kBundleBytesMax = kTileWidth * (2 + kEntryBytesMax);

uint64_t CountAt(uint64_t size, int level) { return size >> (kTileHeight * level); }

ptrdiff_t Signed(uint64_t value) { return static_cast<ptrdiff_t>(value); }

Status OutOfRange(uint64_t size) {
  return Error(Code::kOutOfRange, "the ledger has {} entries", size);
}

}  // namespace

Tiles::Tiles(Disk& disk, std::string directory) : disk_(disk), directory_(std::move(directory)) {}

std::string Tiles::PathOf(const TileName& name) const {
  return JoinPath(directory_, TilePath(name));
}

Status Tiles::Load(uint64_t size) {
  const std::lock_guard lock(mutex_);
  const uint64_t width = size % kTileWidth;
  first_bundle_ = size / kTileWidth;
  bundles_.clear();
  edges_[0] = {.first = size - width, .hashes = {}};
  if (width > 0) {
    RK_ASSIGN_OR_RETURN(
        Bundle bundle, ReadBundle({.level = kBundleLevel, .index = first_bundle_, .width = width}));
    for (size_t i = 0; i < width; ++i) {
      edges_[0].hashes.push_back(crypto::LeafHash(bundle.entry(i)));
    }
    bundles_.push_back(std::make_shared<Bundle>(std::move(bundle)));
  }
  for (int level = 1; level < kTileLevels; ++level) {
    const uint64_t count = CountAt(size, level);
    Edge& edge = edges_[static_cast<size_t>(level)];
    edge = {.first = count - count % kTileWidth, .hashes = {}};
    for (uint64_t child = edge.first; child < count; ++child) {
      RK_ASSIGN_OR_RETURN(const auto hashes, ReadTile({.level = level - 1, .index = child}));
      edge.hashes.push_back(crypto::TreeRoot(hashes));
    }
  }
  for (int level = 0; level < kTileLevels; ++level) {
    written_[static_cast<size_t>(level)] = CountAt(size, level) / kTileWidth;
  }
  written_partial_ = {};
  tidied_ = written_[0] - std::min<uint64_t>(written_[0], 1);
  cached_tiles_ = {};
  cached_bundle_ = {};
  unwritten_bytes_ = 0;
  size_ = size;
  return Ok();
}

void Tiles::Append(std::span<const NewEntry> entries) {
  const std::lock_guard lock(mutex_);
  for (const NewEntry& entry : entries) {
    if (bundles_.empty() || bundles_.back()->count() == kTileWidth) {
      bundles_.push_back(std::make_shared<Bundle>());
    }
    Bundle& bundle = *bundles_.back();
    bundle.Append(entry.bytes);
    if (bundle.count() == kTileWidth) unwritten_bytes_ += bundle.Prefix(kTileWidth).size();
    Digest hash = entry.leaf_hash;
    for (Edge& edge : edges_) {
      edge.hashes.push_back(hash);
      if ((edge.first + edge.hashes.size()) % kTileWidth != 0) break;
      hash = crypto::TreeRoot(std::span(edge.hashes).last(kTileWidth));
    }
  }
  size_ += entries.size();
}

// Reading.

// A file that is missing here is evidence lost.
StatusOr<Bytes> Tiles::ReadFile(const std::string& path) const {
  auto bytes = ReadWhole(disk_, path, kBundleBytesMax);
  if (bytes.status().code() != Code::kNotFound) return bytes;
  return Error(Code::kDataLoss, "{}", Message(bytes.status()));
}

StatusOr<std::vector<Digest>> Tiles::ReadTile(const TileName& name) const {
  const std::string path = PathOf(name);
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(path));
  auto hashes = DecodeTile(bytes, name.width);
  if (!hashes.ok()) return Annotate(hashes.status(), path);
  return hashes;
}

StatusOr<Bundle> Tiles::ReadBundle(const TileName& name) const {
  const std::string path = PathOf(name);
  RK_ASSIGN_OR_RETURN(Bytes bytes, ReadFile(path));
  auto bundle = Bundle::Parse(std::move(bytes), name.width);
  if (!bundle.ok()) return Annotate(bundle.status(), path);
  return bundle;
}

// A full tile from disk hashes to one hash of the tile above, and so on up to the edge that is
// in memory: a tile that passes belongs to the tree.
StatusOr<std::vector<Digest>> Tiles::VerifiedTile(int level, uint64_t index) const {
  const TileName name = {.level = level, .index = index};
  const size_t slot = (index * kTileLevels + static_cast<uint64_t>(level)) % kCachedTiles;
  {
    const std::lock_guard lock(mutex_);
    const CachedTile& cached = cached_tiles_[slot];
    if (cached.name == name && !cached.hashes.empty()) return cached.hashes;
  }
  RK_ASSIGN_OR_RETURN(auto hashes, ReadTile(name));
  RK_ASSIGN_OR_RETURN(const auto parent, Hashes(level + 1, index, 1));
  if (crypto::TreeRoot(hashes) != parent.front()) {
    return Error(Code::kDataLoss, "{}: does not hash to the tile above it", PathOf(name));
  }
  const std::lock_guard lock(mutex_);
  cached_tiles_[slot] = {.name = name, .hashes = hashes};
  return hashes;
}

StatusOr<std::vector<Digest>> Tiles::Hashes(int level, uint64_t begin, uint64_t count) const {
  const uint64_t tile = begin / kTileWidth;
  RK_CHECK(level < kTileLevels && (begin + count - 1) / kTileWidth == tile);
  {
    const std::lock_guard lock(mutex_);
    const Edge& edge = edges_[static_cast<size_t>(level)];
    if (begin >= edge.first) {
      RK_CHECK(begin + count <= edge.first + edge.hashes.size());
      const auto at = edge.hashes.begin() + Signed(begin - edge.first);
      return std::vector<Digest>(at, at + Signed(count));
    }
  }
  RK_ASSIGN_OR_RETURN(const auto hashes, VerifiedTile(level, tile));
  const auto at = hashes.begin() + Signed(begin % kTileWidth);
  return std::vector<Digest>(at, at + Signed(count));
}

StatusOr<Digest> Tiles::Subtree(int level, uint64_t index) const {
  const int inside = level % kTileHeight;
  RK_ASSIGN_OR_RETURN(const auto hashes,
                      Hashes(level / kTileHeight, index << inside, uint64_t{1} << inside));
  return crypto::TreeRoot(hashes);
}

StatusOr<Bytes> Tiles::Entry(uint64_t index) const {
  const auto copy = [](ByteSpan entry) { return Bytes(entry.begin(), entry.end()); };
  const uint64_t number = index / kTileWidth;
  const uint64_t offset = index % kTileWidth;
  {
    const std::lock_guard lock(mutex_);
    if (index >= size_) return OutOfRange(size_);
    if (number >= first_bundle_) return copy(bundles_[number - first_bundle_]->entry(offset));
    if (cached_bundle_.entries.count() > 0 && cached_bundle_.index == number) {
      return copy(cached_bundle_.entries.entry(offset));
    }
  }
  const TileName name = {.level = kBundleLevel, .index = number};
  RK_ASSIGN_OR_RETURN(Bundle bundle, ReadBundle(name));
  RK_ASSIGN_OR_RETURN(const auto hashes, Hashes(0, number * kTileWidth, kTileWidth));
  for (uint64_t i = 0; i < kTileWidth; ++i) {
    if (crypto::LeafHash(bundle.entry(i)) == hashes[i]) continue;
    return Error(Code::kDataLoss, "{}: entry {} does not hash to its leaf", PathOf(name),
                 number * kTileWidth + i);
  }
  Bytes entry = copy(bundle.entry(offset));
  const std::lock_guard lock(mutex_);
  cached_bundle_ = {.index = number, .entries = std::move(bundle)};
  return entry;
}

StatusOr<Digest> Tiles::RootAt(uint64_t tree_size) const {
  if (tree_size > size()) return OutOfRange(size());
  return TreeRootFrom(tree_size,
                      [this](int level, uint64_t index) { return Subtree(level, index); });
}

StatusOr<std::vector<Digest>> Tiles::ProveInclusion(uint64_t index, uint64_t tree_size) const {
  if (tree_size > size() || index >= tree_size) return OutOfRange(size());
  return MakeInclusionProof(index, tree_size,
                            [this](int level, uint64_t at) { return Subtree(level, at); });
}

StatusOr<std::vector<Digest>> Tiles::ProveConsistency(uint64_t from, uint64_t to) const {
  if (to > size() || from > to || from == 0) return OutOfRange(size());
  return MakeConsistencyProof(from, to,
                              [this](int level, uint64_t at) { return Subtree(level, at); });
}

StatusOr<std::vector<Digest>> Tiles::Subtrees() const {
  return CompleteSubtrees(size(), [this](int level, uint64_t at) { return Subtree(level, at); });
}

// Writing.

Status Tiles::Write(uint64_t size, bool partial) {
  RK_CHECK(size <= size_);
  for (uint64_t index = written_[0]; index < size / kTileWidth; ++index) {
    RK_RETURN_IF_ERROR(WriteBundle({.level = kBundleLevel, .index = index}));
  }
  for (int level = 0; level < kTileLevels; ++level) {
    const uint64_t full = CountAt(size, level) / kTileWidth;
    for (uint64_t index = written_[static_cast<size_t>(level)]; index < full; ++index) {
      RK_RETURN_IF_ERROR(WriteTile({.level = level, .index = index}));
    }
  }
  if (partial) {
    RK_RETURN_IF_ERROR(WritePartial(
        {.level = kBundleLevel, .index = size / kTileWidth, .width = size % kTileWidth}));
    for (int level = 0; level < kTileLevels; ++level) {
      const uint64_t count = CountAt(size, level);
      RK_RETURN_IF_ERROR(
          WritePartial({.level = level, .index = count / kTileWidth, .width = count % kTileWidth}));
    }
  }
  DropWritten(size);
  return Ok();
}

// A partial tile is written once per width: `name` says all of its content.
Status Tiles::WritePartial(const TileName& name) {
  if (name.width == 0) return Ok();
  const bool is_bundle = name.level == kBundleLevel;
  TileName& last =
      written_partial_[is_bundle ? size_t{kTileLevels} : static_cast<size_t>(name.level)];
  if (last == name) return Ok();
  RK_RETURN_IF_ERROR(is_bundle ? WriteBundle(name) : WriteTile(name));
  last = name;
  return Ok();
}

std::vector<Digest> Tiles::CopyHashes(const TileName& name) const {
  const std::lock_guard lock(mutex_);
  const Edge& edge = edges_[static_cast<size_t>(name.level)];
  const auto at = edge.hashes.begin() + Signed(name.index * kTileWidth - edge.first);
  return std::vector<Digest>(at, at + Signed(name.width));
}

Status Tiles::WriteTile(const TileName& name) {
  const std::vector<Digest> hashes = CopyHashes(name);
  RK_RETURN_IF_ERROR(Put(name, EncodeTile(hashes)));
  RK_ASSIGN_OR_RETURN(const auto found, ReadTile(name));
  if (found == hashes) return Ok();
  return Error(Code::kDataLoss, "{}: reads back other bytes than were written", PathOf(name));
}

Status Tiles::WriteBundle(const TileName& name) {
  const std::vector<Digest> hashes =
      CopyHashes({.level = 0, .index = name.index, .width = name.width});
  std::shared_ptr<const Bundle> full;
  Bytes partial;
  {
    // Only the last bundle grows; a full one needs no copy.
    const std::lock_guard lock(mutex_);
    full = bundles_[name.index - first_bundle_];
    if (name.width < kTileWidth) {
      const ByteSpan prefix = full->Prefix(name.width);
      partial.assign(prefix.begin(), prefix.end());
    }
  }
  const bool is_full = name.width == kTileWidth;
  RK_RETURN_IF_ERROR(Put(name, is_full ? full->Prefix(kTileWidth) : ByteSpan(partial)));
  RK_ASSIGN_OR_RETURN(const Bundle found, ReadBundle(name));
  for (uint64_t i = 0; i < name.width; ++i) {
    if (crypto::LeafHash(found.entry(i)) == hashes[i]) continue;
    return Error(Code::kDataLoss, "{}: entry {} does not read back as it was written", PathOf(name),
                 name.index * kTileWidth + i);
  }
  return Ok();
}

// Readers see the file whole or not at all; one that is right already is left alone.
Status Tiles::Put(const TileName& name, ByteSpan bytes) {
  const std::string path = PathOf(name);
  unsynced_.insert(path);
  if (const auto old = ReadWhole(disk_, path, kBundleBytesMax); old.ok()) {
    if (std::ranges::equal(*old, bytes)) return Ok();
  }
  const std::string temporary = path + ".tmp";
  auto file = disk_.Open(temporary, OpenMode::kCreate);
  if (file.status().code() == Code::kNotFound) {
    RK_RETURN_IF_ERROR(disk_.MakeDirs(ParentOf(path)));
    file = disk_.Open(temporary, OpenMode::kCreate);
  }
  if (!file.ok()) return file.status();
  RK_RETURN_IF_ERROR((*file)->Truncate(0));
  RK_RETURN_IF_ERROR((*file)->WriteAt(0, bytes));
  return disk_.Rename(temporary, path);
}

void Tiles::DropWritten(uint64_t size) {
  const std::lock_guard lock(mutex_);
  for (; first_bundle_ < size / kTileWidth; ++first_bundle_) {
    unwritten_bytes_ -= bundles_.front()->Prefix(kTileWidth).size();
    bundles_.pop_front();
  }
  for (int level = 0; level < kTileLevels; ++level) {
    Edge& edge = edges_[static_cast<size_t>(level)];
    const uint64_t tiles = CountAt(size, level) / kTileWidth;
    const uint64_t first = tiles * kTileWidth;
    edge.hashes.erase(edge.hashes.begin(), edge.hashes.begin() + Signed(first - edge.first));
    edge.first = first;
    written_[static_cast<size_t>(level)] = tiles;
  }
}

Status SyncFiles(Disk& disk, const std::set<std::string>& paths) {
  std::set<std::string> directories;
  for (const std::string& path : paths) {
    auto file = disk.Open(path, OpenMode::kWrite);
    if (file.status().code() == Code::kNotFound) continue;
    if (!file.ok()) return file.status();
    RK_RETURN_IF_ERROR((*file)->Sync());
    directories.insert(ParentOf(path));
  }
  for (const std::string& directory : directories) {
    RK_RETURN_IF_ERROR(disk.SyncDir(directory));
  }
  return Ok();
}

void Tiles::Tidy(uint64_t size) {
  for (int level = kBundleLevel; level < kTileLevels; ++level) {
    const uint64_t count = CountAt(size, std::max(level, 0));
    if (count == 0) break;
    const TileName last = {
        .level = level, .index = count / kTileWidth, .width = count % kTileWidth};
    const std::string partial = JoinPath(directory_, PartialDirectory(last));
    const auto names = disk_.List(partial);
    for (size_t i = 0; names.ok() && i < names->size(); ++i) {
      if ((*names)[i] != fmt::format("{}", last.width)) {
        disk_.Remove(JoinPath(partial, (*names)[i])).IgnoreError();
      }
    }
    // Higher levels fill up with the one below: the last full tile is enough to look at.
    const uint64_t from = level > 0 ? last.index - std::min<uint64_t>(last.index, 1) : tidied_;
    for (uint64_t index = from; index < last.index; ++index) {
      const TileName full = {.level = level, .index = index};
      RemoveTree(disk_, JoinPath(directory_, PartialDirectory(full))).IgnoreError();
    }
  }
  tidied_ = size / kTileWidth;
}

}  // namespace renkei::ledger
