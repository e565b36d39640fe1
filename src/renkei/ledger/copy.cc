// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/copy.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "renkei/crypto/merkle.h"
#include "renkei/ledger/bundle.h"
#include "renkei/ledger/journal.h"
#include "renkei/ledger/tile_path.h"
#include "renkei/ledger/tiles.h"

namespace renkei::ledger {
namespace {

constexpr uint64_t kTileBytesMax = kTileWidth * (2 + kEntryBytesMax);
constexpr int kAttemptsMax = 100;

// The last, narrower tiles of a tree: its owner removes them once it has wider ones.
struct RightEdge {
  StoredCheckpoint checkpoint;
  std::vector<std::pair<std::string, Bytes>> files;
};

// The tiles of one level of a tree of `size` leaves; the partial one last.
std::vector<TileName> TilesOf(uint64_t size, int level) {
  const uint64_t count = level == kBundleLevel ? size : size >> (kTileHeight * level);
  std::vector<TileName> names;
  for (uint64_t index = 0; index * kTileWidth < count; ++index) {
    names.push_back({.level = level,
                     .index = index,
                     .width = std::min(kTileWidth, count - index * kTileWidth)});
  }
  return names;
}

StatusOr<RightEdge> ReadRightEdgeOnce(Disk& disk, const std::string& from,
                                      const seal::NoteKey& key) {
  RK_ASSIGN_OR_RETURN(StoredCheckpoint checkpoint, ReadCheckpoint(disk, from, key));
  RightEdge edge{.checkpoint = std::move(checkpoint), .files = {}};
  for (int level = kBundleLevel; level < kTileLevels; ++level) {
    const auto names = TilesOf(edge.checkpoint.content.size, level);
    if (names.empty() || names.back().width == kTileWidth) continue;
    const std::string path = TilePath(names.back());
    auto bytes = ReadWhole(disk, JoinPath(from, path), kTileBytesMax);
    if (bytes.status().code() == Code::kNotFound) {
      return Error(Code::kUnavailable, "{}", Message(bytes.status()));
    }
    RK_RETURN_IF_ERROR(bytes.status());
    edge.files.emplace_back(path, *std::move(bytes));
  }
  return edge;
}

// A tile that is not there although the checkpoint stayed is missing for good.
StatusOr<RightEdge> ReadRightEdge(Disk& disk, const std::string& from, const seal::NoteKey& key) {
  Status failure;
  std::string last_note;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto edge = ReadRightEdgeOnce(disk, from, key);
    if (edge.ok() || edge.status().code() != Code::kUnavailable) return edge;
    failure = edge.status();
    RK_ASSIGN_OR_RETURN(StoredCheckpoint now, ReadCheckpoint(disk, from, key));
    if (now.note == last_note) return Error(Code::kDataLoss, "{}", Message(failure));
    last_note = std::move(now.note);
  }
  return failure;
}

// Full tiles never change: what is there has been copied before.
Status CopyFullTiles(Disk& disk, const std::string& from, const std::string& to, uint64_t size,
                     std::vector<std::string>& written) {
  for (int level = kBundleLevel; level < kTileLevels; ++level) {
    for (const TileName& name : TilesOf(size, level)) {
      if (name.width != kTileWidth) continue;
      const std::string target = JoinPath(to, TilePath(name));
      RK_ASSIGN_OR_RETURN(const bool here, disk.Exists(target));
      if (here) continue;
      auto bytes = ReadWhole(disk, JoinPath(from, TilePath(name)), kTileBytesMax);
      if (bytes.status().code() == Code::kNotFound) {
        return Error(Code::kDataLoss, "{}", Message(bytes.status()));
      }
      RK_RETURN_IF_ERROR(bytes.status());
      RK_RETURN_IF_ERROR(disk.MakeDirs(ParentOf(target)));
      written.push_back(target);
      RK_RETURN_IF_ERROR(WriteWhole(disk, target, *bytes));
    }
  }
  return Ok();
}

// A copy that is there stays as it is, whatever `edge` says.
Status WriteRightEdge(Disk& disk, const RightEdge& edge, const std::string& to,
                      std::vector<std::string>& written) {
  for (const auto& [path, bytes] : edge.files) {
    const std::string target = JoinPath(to, path);
    const auto here = ReadWhole(disk, target, kTileBytesMax);
    if (here.ok() && *here == bytes) continue;
    if (here.ok()) {
      return Error(Code::kDataLoss,
                   "{}: differs from the one to copy: damaged, or of another history", target);
    }
    if (here.status().code() != Code::kNotFound) return here.status();
    RK_RETURN_IF_ERROR(disk.MakeDirs(ParentOf(target)));
    written.push_back(target);
    RK_RETURN_IF_ERROR(WriteWhole(disk, target, bytes));
  }
  return Ok();
}

// Partial tiles of the tree of `size` that one of `next` entries does not have.
void RemovePartials(Disk& disk, const std::string& directory, uint64_t size, uint64_t next) {
  for (int level = kBundleLevel; level < kTileLevels; ++level) {
    const auto old = TilesOf(size, level);
    const auto now = TilesOf(next, level);
    if (old.empty() || old.back().width == kTileWidth) continue;
    if (!now.empty() && now.back() == old.back()) continue;
    // They are never evidence: one that stays costs its bytes and nothing else.
    disk.Remove(JoinPath(directory, TilePath(old.back()))).IgnoreError();
    disk.Remove(JoinPath(directory, PartialDirectory(old.back()))).IgnoreError();
  }
}

StatusOr<Digest> RootAt(Disk& disk, const std::string& directory, uint64_t whole, uint64_t size) {
  Tiles tiles(disk, directory);
  RK_RETURN_IF_ERROR(tiles.Load(whole));
  return tiles.RootAt(size);
}

Status AnotherHistory(const std::string& directory, uint64_t size) {
  return Error(Code::kDataLoss,
               "{}: the signed checkpoint of {} entries contradicts what is here: two histories of "
               "one ledger; keep both as evidence",
               directory, size);
}

}  // namespace

StatusOr<VerifyReport> CopyDirectory(Disk& disk, const std::string& from, const std::string& to,
                                     const seal::NoteKey& key, const EntryVisitor& visit) {
  const auto edge = ReadRightEdge(disk, from, key);
  if (!edge.ok()) return Annotate(edge.status(), from);
  const seal::Checkpoint& next = edge->checkpoint.content;
  RK_RETURN_IF_ERROR(disk.MakeDirs(to));
  const auto before = ReadCheckpoint(disk, to, key);
  const bool is_first = before.status().code() == Code::kNotFound;
  if (!is_first && !before.ok()) return Annotate(before.status(), to);
  if (!is_first && before->content.size > next.size) {
    return Error(Code::kFailedPrecondition, "{} covers {} entries, {} only {}", to,
                 before->content.size, from, next.size);
  }
  std::vector<std::string> written;
  const auto extend = [&]() -> StatusOr<VerifyReport> {
    RK_RETURN_IF_ERROR(CopyFullTiles(disk, from, to, next.size, written));
    RK_RETURN_IF_ERROR(WriteRightEdge(disk, *edge, to, written));
    auto report = VerifyTiles(disk, to, edge->checkpoint, visit);
    if (!report.ok()) return Annotate(report.status(), to);
    if (is_first) return report;
    RK_ASSIGN_OR_RETURN(const Digest root, RootAt(disk, to, next.size, before->content.size));
    if (root != before->content.root) return AnotherHistory(to, before->content.size);
    return report;
  };
  auto report = extend();
  if (!report.ok()) {
    // What is not proved would be taken for a copy of it the next time.
    for (const std::string& path : written) disk.Remove(path).IgnoreError();
    return report;
  }
  RK_RETURN_IF_ERROR(ReplaceCheckpoint(disk, to, edge->checkpoint.note, Durability::kNow));
  if (!is_first) RemovePartials(disk, to, before->content.size, next.size);
  return report;
}

Status CheckRootAgainst(Disk& disk, const std::string& directory, const seal::NoteKey& key,
                        uint64_t size, const Digest& root) {
  RK_ASSIGN_OR_RETURN(const StoredCheckpoint here, ReadCheckpoint(disk, directory, key));
  if (size > here.content.size) {
    return Error(Code::kFailedPrecondition, "{}: {} entries are here, the checkpoint covers {}",
                 directory, here.content.size, size);
  }
  RK_ASSIGN_OR_RETURN(const Digest found, RootAt(disk, directory, here.content.size, size));
  return found == root ? Ok() : AnotherHistory(directory, size);
}

Status CheckNoteAgainst(Disk& disk, const std::string& directory, const seal::NoteKey& key,
                        std::string_view note) {
  RK_ASSIGN_OR_RETURN(const StoredCheckpoint seen, OpenNote(note, key));
  return CheckRootAgainst(disk, directory, key, seen.content.size, seen.content.root);
}

Status BeginJournal(Disk& disk, const std::string& directory, const seal::NoteKey& key) {
  RK_ASSIGN_OR_RETURN(const StoredCheckpoint last, ReadCheckpoint(disk, directory, key));
  const std::string path = JoinPath(directory, "journal");
  const uint64_t size = last.content.size;
  const uint64_t first = size - size % kTileWidth;  // the journal holds whole bundles
  RK_ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal, Journal::Begin(disk, path, first));
  if (first < size) {
    Tiles tiles(disk, directory);
    RK_RETURN_IF_ERROR(tiles.Load(size));
    JournalBatch batch;
    for (uint64_t index = first; index < size; ++index) {
      RK_ASSIGN_OR_RETURN(const Bytes entry, tiles.Entry(index));
      batch.Add(entry, crypto::LeafHash(entry));
    }
    RK_RETURN_IF_ERROR(journal->Append(batch));
  }
  return journal->AppendNote(size, last.note);
}

}  // namespace renkei::ledger
