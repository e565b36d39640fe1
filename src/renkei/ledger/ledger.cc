// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/ledger.h"

#include <chrono>
#include <set>
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
constexpr std::chrono::seconds kBackgroundRetry{5};

std::string JournalPath(const std::string& directory) { return JoinPath(directory, "journal"); }

// Bundles are full or the journal has them: a tree on disk goes up to here.
uint64_t RoundUpToBundle(uint64_t index) {
  return (index + kTileWidth - 1) / kTileWidth * kTileWidth;
}

}  // namespace

// What one sync makes durable. The writer that began it commits it; the others wait.
class Ledger::Batch {
 public:
  JournalBatch records;
  std::vector<Digest> leaf_hashes;
  uint64_t first_index = 0;

  void Finish(Status status) {
    {
      const std::lock_guard lock(mutex_);
      status_ = std::move(status);
      is_done_ = true;
    }
    done_.notify_all();
  }
  // Not std::atomic::wait: it spins and yields, which costs more than the sync on busy machines.
  Status Wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return is_done_; });
    return status_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
  Status status_;
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
      [raw = ledger.get()](const std::stop_token& stop) { raw->WorkInBackground(stop); });
  return ledger;
}

Ledger::~Ledger() {
  if (!background_.joinable()) return;  // Open failed: nothing is ours to write.
  background_.request_stop();
  background_.join();
  Status closed = checkpoint().status();
  if (closed.ok()) closed = SyncFiles(disk_, tiles_.TakeUnsynced());
  if (!closed.ok()) {
    log::Warn("ledger.close", {{"dir", directory_}, {"error", Text(closed)}});
  }
}

// The state is the tree up to the journal's first entry, read from full tiles, and the journal.
// All tiles from there on are written or compared again: a crash may have torn them.
Status Ledger::Recover() {
  RK_ASSIGN_OR_RETURN(const std::string journal_note, ReplayJournal());
  RK_RETURN_IF_ERROR(AdoptCheckpoint(journal_note));
  RK_RETURN_IF_ERROR(journal_->CutTail());
  RK_RETURN_IF_ERROR(tiles_.Write(tiles_.size(), /*partial=*/true));
  const bool is_current = !checkpoint_.empty() && checkpoint_size_ == tiles_.size();
  return is_current ? Ok() : WriteCheckpoint(tiles_.size());
}

// Returns the last signed note in the journal, or nothing.
StatusOr<std::string> Ledger::ReplayJournal() {
  bool is_loaded = false;
  std::string last_note;
  const Journal::Replay replay = {
      .entry = [&](uint64_t index, ByteSpan entry, const Digest& leaf_hash) -> Status {
        if (!is_loaded) RK_RETURN_IF_ERROR(tiles_.Load(RoundUpToBundle(index)));
        is_loaded = true;
        if (index < tiles_.size()) return Ok();
        const NewEntry added = {.bytes = entry, .leaf_hash = leaf_hash};
        tiles_.Append({&added, 1});
        return Ok();
      },
      .note = [&](ByteSpan note) -> Status {
        last_note = ToText(note);
        return Ok();
      }};
  RK_ASSIGN_OR_RETURN(journal_, Journal::Open(disk_, JournalPath(directory_), replay));
  journal_bytes_ = journal_->size_bytes();
  if (!is_loaded) RK_RETURN_IF_ERROR(tiles_.Load(RoundUpToBundle(journal_->first())));
  if (tiles_.size() == journal_->next()) return last_note;
  return Error(Code::kDataLoss,
               "the journal ends at entry {}, inside a bundle that it should hold whole",
               journal_->next());
}

// Nothing is ever signed that contradicts what was signed before.
Status Ledger::CheckSigned(const seal::Checkpoint& checkpoint) const {
  if (checkpoint.size > tiles_.size()) {
    return Error(Code::kDataLoss,
                 "the checkpoint covers {} entries, the journal ends at {}: acknowledged entries "
                 "are lost; restore the directory from a copy",
                 checkpoint.size, tiles_.size());
  }
  RK_ASSIGN_OR_RETURN(const Digest root, tiles_.RootAt(checkpoint.size));
  if (root == checkpoint.root) return Ok();
  return Error(Code::kDataLoss,
               "the entries do not hash to the root that was signed for {} entries",
               checkpoint.size);
}

// The file may be torn or missing, or older than the journal's note; it is newer only where the
// journal has lost its end.
Status Ledger::AdoptCheckpoint(const std::string& journal_note) {
  const seal::NoteKey key = seal::NoteKey::Of(origin_, signer_.public_key());
  const auto from_file = ReadCheckpoint(disk_, directory_, key);
  if (from_file.ok()) RK_RETURN_IF_ERROR(CheckSigned(from_file->content));
  if (journal_note.empty()) {
    const bool is_missing = from_file.status().code() == Code::kNotFound;
    if (is_missing && journal_->next() == 0) return Ok();
    if (is_missing) {
      return Error(Code::kDataLoss, "the checkpoint is missing, {} entries cannot be proved",
                   journal_->next());
    }
    RK_RETURN_IF_ERROR(from_file.status());
    checkpoint_ = from_file->note;
    checkpoint_size_ = from_file->content.size;
    return Ok();
  }
  RK_ASSIGN_OR_RETURN(const StoredCheckpoint from_journal, OpenNote(journal_note, key));
  RK_RETURN_IF_ERROR(CheckSigned(from_journal.content));
  checkpoint_ = from_journal.note;
  checkpoint_size_ = from_journal.content.size;
  tiles_.GiveBack({CheckpointPath(directory_)});
  if (from_file.ok() && from_file->note == checkpoint_) return Ok();
  return ReplaceCheckpoint(disk_, directory_, checkpoint_, Durability::kLater);
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
    position = batch->leaf_hashes.size();
    batch->records.Add(entry, leaf_hash);
    batch->leaf_hashes.push_back(leaf_hash);
  }
  if (position == 0) batch->Finish(Commit(batch));
  RK_RETURN_IF_ERROR(batch->Wait());
  return batch->first_index + position;
}

Status Ledger::Commit(const std::shared_ptr<Batch>& batch) {
  // While this waits for the commit before, others join.
  std::unique_lock journal_lock(journal_mutex_);
  {
    const std::lock_guard lock(queue_mutex_);
    if (open_batch_ == batch) open_batch_ = nullptr;
  }
  batch->first_index = journal_->next();
  RK_RETURN_IF_ERROR(journal_->Append(batch->records));
  journal_bytes_ = journal_->size_bytes();
  wants_segment_ = journal_->wants_segment();
  // Hand over hand: the next batch is written while this one enters the tree.
  const std::lock_guard append_lock(append_mutex_);
  journal_lock.unlock();
  std::vector<NewEntry> added;
  added.reserve(batch->leaf_hashes.size());
  for (const Digest& leaf_hash : batch->leaf_hashes) {
    added.push_back({.bytes = batch->records.entry(added.size()), .leaf_hash = leaf_hash});
  }
  tiles_.Append(added);
  if (HasBackgroundWork()) background_wake_.notify_one();
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

// The tiles of `size` entries are written and were read back. The note is durable in the
// journal; its file is derived like the tiles.
Status Ledger::WriteCheckpoint(uint64_t size) {
  RK_CHECK(checkpoint_.empty() || size > checkpoint_size_);
  RK_ASSIGN_OR_RETURN(const Digest root, tiles_.RootAt(size));
  seal::SignedNote note;
  note.text = seal::CheckpointText({.origin = origin_, .size = size, .root = root});
  seal::SignNote(note, origin_, signer_);
  const std::string text = seal::DumpNote(note);
  {
    const std::lock_guard lock(journal_mutex_);
    RK_RETURN_IF_ERROR(journal_->AppendNote(size, text));
    journal_bytes_ = journal_->size_bytes();
  }
  RK_RETURN_IF_ERROR(ReplaceCheckpoint(disk_, directory_, text, Durability::kLater));
  tiles_.GiveBack({CheckpointPath(directory_)});
  checkpoint_ = text;
  checkpoint_size_ = size;
  tiles_.Tidy(size);
  return Ok();
}

// The background.

bool Ledger::HasBackgroundWork() const {
  return wants_segment_ || tiles_.unwritten_bytes() > kBackgroundBytes;
}

void Ledger::WorkInBackground(const std::stop_token& stop) {
  bool told = false;
  while (!stop.stop_requested()) {
    {
      // A wake-up that is missed costs nothing: the next append gives another.
      std::unique_lock lock(background_mutex_);
      background_wake_.wait(lock, stop, [&] { return HasBackgroundWork(); });
    }
    if (stop.stop_requested()) return;
    Status done = wants_segment_ ? PrepareSegment() : Ok();
    if (done.ok()) done = WriteTiles();
    if (done.ok() && journal_bytes_ > kJournalBytesMax) done = TrimJournal();
    // Not lost: checkpoint() and, when memory runs short, Append meet the same error.
    if (done.ok()) {
      told = false;
      continue;
    }
    if (!std::exchange(told, true)) {
      log::Warn("ledger.tiles", {{"dir", directory_}, {"error", Text(done)}});
    }
    std::unique_lock lock(background_mutex_);
    background_wake_.wait_for(lock, stop, kBackgroundRetry, [] { return false; });
  }
}

Status Ledger::PrepareSegment() {
  RK_ASSIGN_OR_RETURN(auto file, Journal::PrepareSegment(disk_, JournalPath(directory_)));
  const std::lock_guard lock(journal_mutex_);
  journal_->Adopt(std::move(file));
  wants_segment_ = false;
  return Ok();
}

Status Ledger::WriteTiles() {
  const std::lock_guard lock(tiles_mutex_);
  return tiles_.Write(size(), /*partial=*/false);
}

// Synced tiles under a signed checkpoint take over from the journal.
Status Ledger::TrimJournal() {
  RK_RETURN_IF_ERROR(checkpoint().status());
  std::set<std::string> paths;
  uint64_t covered = 0;
  {
    const std::lock_guard lock(tiles_mutex_);
    paths = tiles_.TakeUnsynced();
    covered = checkpoint_size_ - checkpoint_size_ % kTileWidth;
  }
  // Takes long: neither writers nor checkpoints wait for it.
  if (Status synced = SyncFiles(disk_, paths); !synced.ok()) {
    const std::lock_guard lock(tiles_mutex_);
    tiles_.GiveBack(std::move(paths));
    return synced;
  }
  const std::lock_guard lock(journal_mutex_);
  RK_RETURN_IF_ERROR(journal_->TrimBefore(covered));
  journal_bytes_ = journal_->size_bytes();
  return Ok();
}

}  // namespace renkei::ledger
