// SPDX-License-Identifier: Apache-2.0
// Offline verification of a ledger's or mirror's directory: every byte of every evidence file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/ledger/checkpoint_file.h"
#include "renkei/seal/signed_note.h"

namespace renkei::ledger {

struct VerifyReport {
  std::string origin;
  uint64_t size = 0;
  Digest root;
  // Paths below the directory, all verified: the checkpoint, and each bundle and hash tile that
  // its size calls for. A flipped bit, truncation, growth, deletion or swap in any is found.
  std::vector<std::string> evidence;
  uint64_t evidence_bytes = 0;
};

// Gets each entry once, in order, when its bundle was read; an error ends the verification. What
// was visited counts only when VerifyDirectory returns OK.
using EntryVisitor = std::function<Status(uint64_t index, ByteSpan entry)>;

// DATA_LOSS names the file and what is wrong with it; NOT_FOUND when there is no checkpoint.
StatusOr<VerifyReport> VerifyDirectory(Disk& disk, const std::string& directory,
                                       const seal::NoteKey& key, const EntryVisitor& visit = {});

// The same of the tiles alone, against a checkpoint that is not in the directory (yet).
StatusOr<VerifyReport> VerifyTiles(Disk& disk, const std::string& directory,
                                   const StoredCheckpoint& checkpoint,
                                   const EntryVisitor& visit = {});

}  // namespace renkei::ledger
