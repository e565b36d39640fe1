// SPDX-License-Identifier: Apache-2.0
// A reader's own copy of a ledger, verified as it grows: what a site trusts instead of the
// coordinator's word. Same files as the ledger itself, without the journal. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/ledger/tiles.h"
#include "renkei/seal/signed_note.h"

namespace renkei::ledger {

class Mirror {
 public:
  // Makes the directory when it is absent. `key` is the ledger's; its name is the origin.
  // `disk` outlives the mirror.
  //
  //   UNAVAILABLE  another process has it open
  //   DATA_LOSS    what is on disk does not match the checkpoint beside it
  static StatusOr<std::unique_ptr<Mirror>> Open(Disk& disk, std::string directory,
                                                seal::NoteKey key);

  uint64_t size() const;
  // The signed note that covers size(); empty until the first Extend.
  std::string checkpoint() const;
  // As of Ledger.
  StatusOr<Bytes> Entry(uint64_t index) const;
  StatusOr<Digest> RootAt(uint64_t tree_size) const;
  StatusOr<std::vector<Digest>> ProveInclusion(uint64_t index, uint64_t tree_size) const;
  StatusOr<std::vector<Digest>> ProveConsistency(uint64_t from, uint64_t to) const;

  // Takes the entries from size() on and the checkpoint that covers exactly them. Durable.
  // On error nothing has changed; when the disk failed at the very end, all of it may be there.
  //
  //   DATA_LOSS            the signature is wrong, the entries do not hash to the signed root, or
  //                        the signed root contradicts what is here: keep the note as evidence
  //   FAILED_PRECONDITION  the checkpoint is older than what is here
  //   INVALID_ARGUMENT     not as many entries as the checkpoint says, or one is too long
  Status Extend(std::span<const Bytes> entries, std::string_view signed_checkpoint);
  // Whether the last Extend failed by this disk: then its DATA_LOSS says nothing of the signer.
  bool disk_failed() const;

 private:
  Mirror(Disk& disk, std::string directory, seal::NoteKey key);

  Status Load();
  // `subtrees` are those of what is here.
  Status CheckExtension(const std::vector<NewEntry>& added, const seal::Checkpoint& next,
                        std::vector<Digest> subtrees) const;
  Status Store(const std::vector<NewEntry>& added, std::string_view note);

  Disk& disk_;
  std::string directory_;
  seal::NoteKey key_;
  std::unique_ptr<File> lock_;

  mutable std::mutex mutex_;  // guards the rest
  Tiles tiles_;
  std::string checkpoint_;
  Status broken_;  // the disk failed and what is on it could not be read again
  bool disk_failed_ = false;
};

}  // namespace renkei::ledger
