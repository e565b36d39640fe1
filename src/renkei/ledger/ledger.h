// SPDX-License-Identifier: Apache-2.0
// The append-only log of opaque entries: C2SP tlog-tiles with a journal in front
// (docs/formats/ledger.md). One process writes a directory; any thread may call.
//
// An entry is durable when Append returns: it is in the journal, synced, and many waiting
// threads share one sync. Tiles, bundles and the checkpoint's file are derived from the journal:
// written in the background and at the latest by checkpoint(), which reads tiles and bundles back
// and hashes them again before it signs, and puts the note into the journal. A crash anywhere loses
// nothing that was acknowledged; Open repairs the tiles from the journal and refuses (DATA_LOSS) to
// go on where it would contradict a checkpoint that was signed before.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"
#include "renkei/ledger/bundle.h"
#include "renkei/ledger/journal.h"
#include "renkei/ledger/tiles.h"
#include "renkei/seal/signed_note.h"

namespace renkei::ledger {

class Ledger {
 public:
  // Makes the directory when it is absent. `origin` is the name in the checkpoint's note and of
  // its key. `disk` and `signer` outlive the ledger.
  //
  //   UNAVAILABLE  another process has it open
  //   DATA_LOSS    acknowledged entries are missing or differ from the signed checkpoint
  static StatusOr<std::unique_ptr<Ledger>> Open(Disk& disk, std::string directory,
                                                std::string origin,
                                                const crypto::SigningKey& signer);
  // Writes a last checkpoint and syncs the tiles, as far as the disk lets it.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // The index of the new entry, durable.
  //
  //   INVALID_ARGUMENT    longer than kEntryBytesMax
  //   RESOURCE_EXHAUSTED  disk full; the entry is not in the ledger, later ones may succeed
  //   other               the device failed: whether the entry is in the ledger is known when it
  //                       is opened again, and until then every Append fails
  StatusOr<uint64_t> Append(ByteSpan entry);

  // Acknowledged entries.
  uint64_t size() const { return tiles_.size(); }

  // The signed note that covers at least the size() entries of the moment of the call. Durable.
  // The same note again while nothing is appended: there are never two checkpoints of one size.
  StatusOr<std::string> checkpoint();

  // OUT_OF_RANGE beyond size(); DATA_LOSS when the disk's bytes do not hash as they should.
  StatusOr<Bytes> Entry(uint64_t index) const { return tiles_.Entry(index); }
  StatusOr<Digest> RootAt(uint64_t tree_size) const { return tiles_.RootAt(tree_size); }
  // RFC 6962 sections 2.1.1 and 2.1.2; verified by merkle_proof.h. OUT_OF_RANGE unless
  // index < tree_size <= size() and 0 < from <= to <= size().
  StatusOr<std::vector<Digest>> ProveInclusion(uint64_t index, uint64_t tree_size) const {
    return tiles_.ProveInclusion(index, tree_size);
  }
  StatusOr<std::vector<Digest>> ProveConsistency(uint64_t from, uint64_t to) const {
    return tiles_.ProveConsistency(from, to);
  }

 private:
  class Batch;

  Ledger(Disk& disk, std::string directory, std::string origin, const crypto::SigningKey& signer);

  Status Recover();
  StatusOr<std::string> ReplayJournal();
  Status CheckSigned(const seal::Checkpoint& checkpoint) const;
  Status AdoptCheckpoint(const std::string& journal_note);
  Status Commit(const std::shared_ptr<Batch>& batch);
  Status RelieveMemory();
  Status WriteCheckpoint(uint64_t size);

  void WorkInBackground(const std::stop_token& stop);
  bool HasBackgroundWork() const;
  Status PrepareSegment();
  Status WriteTiles();
  Status TrimJournal();

  Disk& disk_;
  std::string directory_;
  std::string origin_;
  const crypto::SigningKey& signer_;
  std::unique_ptr<File> lock_;
  Tiles tiles_;

  std::mutex queue_mutex_;  // guards open_batch_
  // shared_ptr: the writers of a batch leave it one by one, in any order.
  std::shared_ptr<Batch> open_batch_;

  // Before each other in this order: tiles_mutex_, journal_mutex_, append_mutex_.
  std::mutex tiles_mutex_;  // one writer of tiles; guards the next two
  std::string checkpoint_;
  uint64_t checkpoint_size_ = 0;

  std::mutex journal_mutex_;  // one commit at a time; guards journal_
  std::unique_ptr<Journal> journal_;
  std::atomic<uint64_t> journal_bytes_{0};
  std::atomic<bool> wants_segment_{false};

  std::mutex append_mutex_;  // committed entries enter tiles_ in order

  std::mutex background_mutex_;
  std::condition_variable_any background_wake_;
  std::jthread background_;  // last: stops before what it uses goes
};

}  // namespace renkei::ledger
