// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/ledger.h"

#include <algorithm>
#include <utility>

#include "renkei/base/check.h"
#include "renkei/base/log.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/checkpoint_file.h"
#include "renkei/seal/signed_note.h"

namespace renkei::ledger {
namespace {

constexpr uint64_t kBatchBytesMax = 4 << 20;       // then the next writer begins another batch
constexpr uint64_t kBackgroundBytes = 1 << 20;     // unwritten entries that wake the background
constexpr uint64_t kUnwrittenBytesMax = 32 << 20;  // then writers help to write tiles
constexpr uint64_t kJournalBytesMax = 32 << 20;    // then tiles are synced and segments removed

// Bundles are full or the journal has them: a tree on disk goes up to here.
uint64_t RoundUpToBundle(uint64_t index) {
  return (index + kTileWidth - 1) / kTileWidth * kTileWidth;
}

}  // namespace

// What one sync makes durable. The writer that began it commits it; the others wait for
// `is_done`.
struct Ledger::Batch {
  JournalBatch records;
  std::vector<Digest> leaf_hashes;
  uint64_t first_index = 0;
  Status status;
  std::atomic<int> is_done{0};  // int: waits on a futex of its own
};

Ledger::Ledger(Disk& disk, std::string directory, std::string origin,
               const crypto::SigningKey& signer)
    : disk_(disk),
      directory_(std::move(directory)),
      origin_(std::move(origin)),
      signer_(signer),
      tiles_(disk, directory_) {}

StatusOr<std::unique_ptr<Ledger>> Ledger::Open(Disk& disk, std::string directory,
                                               std::string origin,
                                               const crypto::SigningKey& signer) {
  RK_RETURN_IF_ERROR(disk.MakeDirs(directory));
  auto ledger =
      std::unique_ptr<Ledger>(new Ledger(disk, std::move(directory), std::move(origin), signer));
  RK_ASSIGN_OR_RETURN(ledger->lock_, disk.Lock(JoinPath(ledger->directory_, "lock")));
  RK_RETURN_IF_ERROR(Annotate(ledger->Recover(), ledger->directory_));
  ledger->background_ = std::jthread(
      [raw = ledger.get()](const std::stop_token& stop) { raw->WriteTilesInBackground(stop); });
  return ledger;
}

Ledger::~Ledger() {
  if (!background_.joinable()) return;  // Open failed: nothing is ours to write.
  background_.request_stop();
  background_.join();
  Status closed = checkpoint().status();
  if (closed.ok()) closed = tiles_.Sync();
  if (!closed.ok()) {
    log::Warn("ledger.close", {{"dir", directory_}, {"error", Text(closed)}});
  }
}

// The state is the tree up to the journal's first entry, read from full tiles, and the journal.
// All tiles from there on are written or compared again: a crash may have torn them.
Status Ledger::Recover() {
  bool is_loaded = false;
  const auto replay = [&](uint64_t index, ByteSpan entry, const Digest& leaf_hash) -> Status {
    if (!is_loaded) RK_RETURN_IF_ERROR(tiles_.Load(RoundUpToBundle(index)));
    is_loaded = true;
    if (index < tiles_.size()) return Ok();
    NewEntry added = {.bytes = Bytes(entry.begin(), entry.end()), .leaf_hash = leaf_hash};
    tiles_.Append({&added, 1});
    return Ok();
  };
  RK_ASSIGN_OR_RETURN(journal_, Journal::Open(disk_, JoinPath(directory_, "journal"), replay));
  if (!is_loaded) RK_RETURN_IF_ERROR(tiles_.Load(RoundUpToBundle(journal_->first())));
  if (tiles_.size() != journal_->next()) {
    return Error(Code::kDataLoss,
                 "the journal ends at entry {}, inside a bundle that it should hold whole",
                 journal_->next());
  }
  journal_bytes_ = journal_->size_bytes();
  RK_RETURN_IF_ERROR(CheckOldCheckpoint());
  RK_RETURN_IF_ERROR(tiles_.Write(tiles_.size(), /*partial=*/true));
  const bool is_current = !checkpoint_.empty() && checkpoint_size_ == tiles_.size();
  return is_current ? Ok() : WriteCheckpoint(tiles_.size());
}

// Nothing is ever signed that contradicts what was signed last.
Status Ledger::CheckOldCheckpoint() {
  const seal::NoteKey key = seal::NoteKey::Of(origin_, signer_.public_key());
  auto old = ReadCheckpoint(disk_, directory_, key);
  if (old.status().code() == Code::kNotFound && journal_->first() == 0) return Ok();
  if (old.status().code() == Code::kNotFound) {
    return Error(Code::kDataLoss, "the checkpoint is missing, entries before {} cannot be proved",
                 journal_->first());
  }
  if (!old.ok()) return old.status();
  const uint64_t size = old->content.size;
  if (size > tiles_.size()) {
    return Error(Code::kDataLoss,
                 "the checkpoint covers {} entries, the journal ends at {}: acknowledged entries "
                 "are lost; restore the directory from a copy",
                 size, tiles_.size());
  }
  RK_ASSIGN_OR_RETURN(const Digest root, tiles_.RootAt(size));
  if (root != old->content.root) {
    return Error(Code::kDataLoss,
                 "the entries do not hash to the root that was signed for {} entries", size);
  }
  checkpoint_ = std::move(old->note);
  checkpoint_size_ = size;
  return Ok();
}

StatusOr<uint64_t> Ledger::Append(ByteSpan entry) {
  if (entry.size() > kEntryBytesMax) {
    return Error(Code::kInvalidArgument, "an entry has at most {} bytes, this one {}",
                 kEntryBytesMax, entry.size());
  }
  if (tiles_.unwritten_bytes() > kUnwrittenBytesMax) RK_RETURN_IF_ERROR(RelieveMemory());
  const Digest leaf_hash = crypto::LeafHash(entry);
  std::shared_ptr<Batch> batch;
  uint64_t position = 0;
  {
    const std::lock_guard lock(queue_mutex_);
    if (!open_batch_ || open_batch_->records.size_bytes() >= kBatchBytesMax) {
      open_batch_ = std::make_shared<Batch>();
    }
    batch = open_batch_;
    position = batch->records.count();
    batch->records.Add(entry, leaf_hash);
    batch->leaf_hashes.push_back(leaf_hash);
  }
  if (position == 0) {
    // While this waits for the commit before, others join.
    const std::lock_guard commit(journal_mutex_);
    {
      const std::lock_guard lock(queue_mutex_);
      if (open_batch_ == batch) open_batch_ = nullptr;
    }
    batch->status = Commit(*batch);
    batch->is_done = 1;
    batch->is_done.notify_all();
  } else {
    batch->is_done.wait(0);
  }
  if (!batch->status.ok()) return batch->status;
  return batch->first_index + position;
}

Status Ledger::Commit(Batch& batch) {
  batch.first_index = journal_->next();
  RK_RETURN_IF_ERROR(journal_->Append(batch.records));
  journal_bytes_ = journal_->size_bytes();
  std::vector<NewEntry> added;
  added.reserve(batch.records.count());
  for (size_t i = 0; i < batch.records.count(); ++i) {
    const ByteSpan entry = batch.records.entry(i);
    added.push_back(
        {.bytes = Bytes(entry.begin(), entry.end()), .leaf_hash = batch.leaf_hashes[i]});
  }
  tiles_.Append(added);
  if (tiles_.unwritten_bytes() > kBackgroundBytes) background_wake_.notify_one();
  return Ok();
}

Status Ledger::RelieveMemory() {
  const std::lock_guard lock(tiles_mutex_);
  if (tiles_.unwritten_bytes() <= kUnwrittenBytesMax) return Ok();
  return tiles_.Write(tiles_.size(), /*partial=*/false);
}

StatusOr<std::string> Ledger::checkpoint() {
  const uint64_t wanted = size();
  const std::lock_guard lock(tiles_mutex_);
  if (checkpoint_size_ >= wanted && !checkpoint_.empty()) return checkpoint_;
  const uint64_t covered = size();
  RK_RETURN_IF_ERROR(tiles_.Write(covered, /*partial=*/true));
  RK_RETURN_IF_ERROR(WriteCheckpoint(covered));
  return checkpoint_;
}

// The tiles of `size` entries are written and were read back.
Status Ledger::WriteCheckpoint(uint64_t size) {
  RK_CHECK(checkpoint_.empty() || size > checkpoint_size_);
  RK_ASSIGN_OR_RETURN(const Digest root, tiles_.RootAt(size));
  seal::SignedNote note;
  note.text = seal::CheckpointText({.origin = origin_, .size = size, .root = root});
  seal::SignNote(note, origin_, signer_);
  const std::string text = seal::DumpNote(note);
  RK_RETURN_IF_ERROR(ReplaceCheckpoint(disk_, directory_, text));
  checkpoint_ = text;
  checkpoint_size_ = size;
  tiles_.Tidy(size);
  return Ok();
}

// Synced tiles under a signed checkpoint take over from the journal.
Status Ledger::TrimJournal(uint64_t size) {
  RK_RETURN_IF_ERROR(tiles_.Sync());
  const std::lock_guard lock(journal_mutex_);
  RK_RETURN_IF_ERROR(journal_->TrimBefore(size - size % kTileWidth));
  journal_bytes_ = journal_->size_bytes();
  return Ok();
}

void Ledger::WriteTilesInBackground(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(background_mutex_);
      background_wake_.wait(lock, stop,
                            [&] { return tiles_.unwritten_bytes() > kBackgroundBytes; });
    }
    if (stop.stop_requested()) return;
    const std::lock_guard lock(tiles_mutex_);
    const uint64_t covered = size();
    const bool is_trim_due = journal_bytes_ > kJournalBytesMax;
    Status written = tiles_.Write(covered, /*partial=*/is_trim_due);
    if (written.ok() && is_trim_due && covered > checkpoint_size_) {
      written = WriteCheckpoint(covered);
    }
    if (written.ok() && is_trim_due) written = TrimJournal(covered);
    // Not lost: checkpoint() and, when memory runs short, Append meet the same error.
    if (!written.ok()) {
      log::Warn("ledger.tiles", {{"dir", directory_}, {"error", Text(written)}});
      return;
    }
  }
}

}  // namespace renkei::ledger
