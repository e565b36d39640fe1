// SPDX-License-Identifier: Apache-2.0
// The signed note in a ledger's or mirror's directory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/seal/signed_note.h"

namespace renkei::ledger {

inline constexpr uint64_t kCheckpointBytesMax = 64 << 10;

struct StoredCheckpoint {
  std::string note;  // exact text
  seal::Checkpoint content;
};

// DATA_LOSS unless `note` is a checkpoint of key.name that `key` signed.
StatusOr<StoredCheckpoint> OpenNote(std::string_view note, const seal::NoteKey& key);

// NOT_FOUND when there is none; DATA_LOSS as above.
StatusOr<StoredCheckpoint> ReadCheckpoint(Disk& disk, const std::string& directory,
                                          const seal::NoteKey& key);

std::string CheckpointPath(const std::string& directory);

// Readers see the old note or the new. Durable too, or else that is the caller's to see to.
enum class Durability { kNow, kLater };
Status ReplaceCheckpoint(Disk& disk, const std::string& directory, std::string_view note,
                         Durability durability);

}  // namespace renkei::ledger
