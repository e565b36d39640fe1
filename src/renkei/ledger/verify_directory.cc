// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/verify_directory.h"

#include <algorithm>
#include <array>
#include <utility>

#include "renkei/crypto/merkle.h"
#include "renkei/ledger/bundle.h"
#include "renkei/ledger/checkpoint_file.h"
#include "renkei/ledger/tile_path.h"

namespace renkei::ledger {
namespace {

constexpr uint64_t kEvidenceBytesMax = kTileWidth * (2 + kEntryBytesMax);

// Everything is computed from the bundles upward, and each file must be exactly what was
// computed: no byte of evidence is taken on trust. Memory: one tile per level.
class Verifier {
 public:
  Verifier(Disk& disk, const std::string& directory, const EntryVisitor& visit,
           VerifyReport& report)
      : disk_(disk), directory_(directory), visit_(visit), report_(report) {}

  Status VerifyTree() {
    for (uint64_t begin = 0; begin < report_.size; begin += kTileWidth) {
      RK_RETURN_IF_ERROR(AddBundle({.level = kBundleLevel,
                                    .index = begin / kTileWidth,
                                    .width = std::min(kTileWidth, report_.size - begin)}));
    }
    for (int level = 0; level < kTileLevels; ++level) {
      if (!Hashes(level).empty()) RK_RETURN_IF_ERROR(CheckTile(level));
    }
    if (tree_.Root() == report_.root) return Ok();
    return Error(Code::kDataLoss,
                 "tile: the entries do not hash to the root in the checkpoint of {} entries",
                 report_.size);
  }

 private:
  std::vector<Digest>& Hashes(int level) { return hashes_[static_cast<size_t>(level)]; }

  Status AddBundle(const TileName& name) {
    RK_ASSIGN_OR_RETURN(Bytes bytes, ReadEvidence(name));
    const auto bundle = Bundle::Parse(std::move(bytes), name.width);
    if (!bundle.ok()) return Annotate(bundle.status(), TilePath(name));
    for (size_t i = 0; i < name.width; ++i) {
      if (visit_) RK_RETURN_IF_ERROR(visit_(tree_.size(), bundle->entry(i)));
      const Digest leaf = crypto::LeafHash(bundle->entry(i));
      tree_.Append(leaf);
      RK_RETURN_IF_ERROR(AddHash(0, leaf));
    }
    return Ok();
  }

  Status AddHash(int level, const Digest& hash) {
    Hashes(level).push_back(hash);
    if (Hashes(level).size() < kTileWidth) return Ok();
    RK_RETURN_IF_ERROR(CheckTile(level));
    const Digest parent = crypto::TreeRoot(Hashes(level));
    Hashes(level).clear();
    ++full_[static_cast<size_t>(level)];
    return AddHash(level + 1, parent);
  }

  Status CheckTile(int level) {
    const TileName name = {
        .level = level, .index = full_[static_cast<size_t>(level)], .width = Hashes(level).size()};
    RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadEvidence(name));
    const auto found = DecodeTile(bytes, name.width);
    if (!found.ok()) return Annotate(found.status(), TilePath(name));
    const auto differs = std::ranges::mismatch(*found, Hashes(level)).in1;
    if (differs == found->end()) return Ok();
    return Error(Code::kDataLoss, "{}: hash {} is not that of what is below it", TilePath(name),
                 differs - found->begin());
  }

  StatusOr<Bytes> ReadEvidence(const TileName& name) {
    const std::string path = TilePath(name);
    auto bytes = ReadWhole(disk_, JoinPath(directory_, path), kEvidenceBytesMax);
    if (!bytes.ok()) return Error(Code::kDataLoss, "{}", Message(bytes.status()));
    report_.evidence.push_back(path);
    report_.evidence_bytes += bytes->size();
    return bytes;
  }

  Disk& disk_;
  const std::string& directory_;
  const EntryVisitor& visit_;
  VerifyReport& report_;
  crypto::CompactRange tree_;
  std::array<std::vector<Digest>, kTileLevels> hashes_;  // of the tile that is filling up
  std::array<uint64_t, kTileLevels> full_{};
};

}  // namespace

StatusOr<VerifyReport> VerifyDirectory(Disk& disk, const std::string& directory,
                                       const seal::NoteKey& key, const EntryVisitor& visit) {
  RK_ASSIGN_OR_RETURN(const StoredCheckpoint stored, ReadCheckpoint(disk, directory, key));
  return VerifyTiles(disk, directory, stored, visit);
}

StatusOr<VerifyReport> VerifyTiles(Disk& disk, const std::string& directory,
                                   const StoredCheckpoint& checkpoint, const EntryVisitor& visit) {
  VerifyReport report = {.origin = checkpoint.content.origin,
                         .size = checkpoint.content.size,
                         .root = checkpoint.content.root,
                         .evidence = {"checkpoint"},
                         .evidence_bytes = checkpoint.note.size()};
  RK_RETURN_IF_ERROR(Verifier(disk, directory, visit, report).VerifyTree());
  return report;
}

}  // namespace renkei::ledger
