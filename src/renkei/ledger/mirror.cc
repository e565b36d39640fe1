// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/mirror.h"

#include <utility>

#include "renkei/crypto/merkle.h"
#include "renkei/ledger/bundle.h"
#include "renkei/ledger/checkpoint_file.h"

namespace renkei::ledger {

Mirror::Mirror(Disk& disk, std::string directory, seal::NoteKey key)
    : disk_(disk),
      directory_(std::move(directory)),
      key_(std::move(key)),
      tiles_(disk, directory_) {}

StatusOr<std::unique_ptr<Mirror>> Mirror::Open(Disk& disk, std::string directory,
                                               seal::NoteKey key) {
  RK_RETURN_IF_ERROR(disk.MakeDirs(directory));
  auto mirror = std::unique_ptr<Mirror>(new Mirror(disk, std::move(directory), std::move(key)));
  RK_ASSIGN_OR_RETURN(mirror->lock_, disk.Lock(JoinPath(mirror->directory_, "lock")));
  RK_RETURN_IF_ERROR(mirror->Load());
  return mirror;
}

Status Mirror::Load() {
  auto stored = ReadCheckpoint(disk_, directory_, key_);
  if (stored.status().code() == Code::kNotFound) return tiles_.Load(0);
  if (!stored.ok()) return Annotate(stored.status(), directory_);
  RK_RETURN_IF_ERROR(tiles_.Load(stored->content.size));
  RK_ASSIGN_OR_RETURN(const Digest root, tiles_.RootAt(stored->content.size));
  if (root != stored->content.root) {
    return Error(Code::kDataLoss, "{}: the tiles do not hash to the checkpoint's root", directory_);
  }
  checkpoint_ = std::move(stored->note);
  return Ok();
}

uint64_t Mirror::size() const {
  const std::lock_guard lock(mutex_);
  return tiles_.size();
}
std::string Mirror::checkpoint() const {
  const std::lock_guard lock(mutex_);
  return checkpoint_;
}
StatusOr<Bytes> Mirror::Entry(uint64_t index) const {
  const std::lock_guard lock(mutex_);
  return tiles_.Entry(index);
}
StatusOr<Digest> Mirror::RootAt(uint64_t tree_size) const {
  const std::lock_guard lock(mutex_);
  return tiles_.RootAt(tree_size);
}
StatusOr<std::vector<Digest>> Mirror::ProveInclusion(uint64_t index, uint64_t tree_size) const {
  const std::lock_guard lock(mutex_);
  return tiles_.ProveInclusion(index, tree_size);
}
StatusOr<std::vector<Digest>> Mirror::ProveConsistency(uint64_t from, uint64_t to) const {
  const std::lock_guard lock(mutex_);
  return tiles_.ProveConsistency(from, to);
}

bool Mirror::disk_failed() const {
  const std::lock_guard lock(mutex_);
  return disk_failed_;
}

Status Mirror::Extend(std::span<const Bytes> entries, std::string_view signed_checkpoint) {
  {
    const std::lock_guard lock(mutex_);
    disk_failed_ = false;
  }
  RK_ASSIGN_OR_RETURN(const StoredCheckpoint next, OpenNote(signed_checkpoint, key_));
  std::vector<NewEntry> added;
  added.reserve(entries.size());
  for (const Bytes& entry : entries) {
    if (entry.size() > kEntryBytesMax) {
      return Error(Code::kInvalidArgument, "an entry has at most {} bytes, this one {}",
                   kEntryBytesMax, entry.size());
    }
    added.push_back({.bytes = entry, .leaf_hash = crypto::LeafHash(entry)});
  }
  const std::lock_guard lock(mutex_);
  disk_failed_ = true;  // until it is known better
  if (!broken_.ok()) broken_ = Load();
  RK_RETURN_IF_ERROR(broken_);
  RK_ASSIGN_OR_RETURN(auto subtrees, tiles_.Subtrees());
  disk_failed_ = false;
  RK_RETURN_IF_ERROR(CheckExtension(added, next.content, std::move(subtrees)));
  if (added.empty() && !checkpoint_.empty()) return Ok();
  const Status stored = Store(added, signed_checkpoint);
  if (stored.ok()) return stored;
  disk_failed_ = true;
  // Back to what the disk has.
  if (Status loaded = Load(); !loaded.ok()) broken_ = loaded;
  return stored;
}

// The root that the signer must have seen is computed before anything changes.
Status Mirror::CheckExtension(const std::vector<NewEntry>& added, const seal::Checkpoint& next,
                              std::vector<Digest> subtrees) const {
  const uint64_t size = tiles_.size();
  if (next.size < size) {
    return Error(Code::kFailedPrecondition, "the checkpoint covers {} entries, {} are here",
                 next.size, size);
  }
  if (next.size - size != added.size()) {
    return Error(Code::kInvalidArgument, "{} entries extend {} here, the checkpoint covers {}",
                 added.size(), size, next.size);
  }
  RK_ASSIGN_OR_RETURN(auto range, crypto::CompactRange::From(size, std::move(subtrees)));
  for (const NewEntry& entry : added) range.Append(entry.leaf_hash);
  if (range.Root() == next.root) return Ok();
  return Error(Code::kDataLoss,
               "the signed root of {} entries is not the root of the {} here and the {} received",
               next.size, size, added.size());
}

Status Mirror::Store(const std::vector<NewEntry>& added, std::string_view note) {
  tiles_.Append(added);
  const uint64_t size = tiles_.size();
  RK_RETURN_IF_ERROR(tiles_.Write(size, /*partial=*/true));
  RK_RETURN_IF_ERROR(SyncFiles(disk_, tiles_.TakeUnsynced()));
  RK_RETURN_IF_ERROR(ReplaceCheckpoint(disk_, directory_, note, Durability::kNow));
  checkpoint_ = std::string(note);
  tiles_.Tidy(size);
  return Ok();
}

}  // namespace renkei::ledger
