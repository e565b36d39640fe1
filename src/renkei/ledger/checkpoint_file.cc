// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/checkpoint_file.h"

#include "renkei/base/bytes.h"

namespace renkei::ledger {
namespace {

std::string PathIn(const std::string& directory) { return JoinPath(directory, "checkpoint"); }

}  // namespace

StatusOr<StoredCheckpoint> OpenNote(std::string_view note, const seal::NoteKey& key) {
  auto content = seal::OpenCheckpoint(note, key);
  if (!content.ok()) {
    return Error(Code::kDataLoss, "checkpoint: {}", Message(content.status()));
  }
  return StoredCheckpoint{.note = std::string(note), .content = *std::move(content)};
}

StatusOr<StoredCheckpoint> ReadCheckpoint(Disk& disk, const std::string& directory,
                                          const seal::NoteKey& key) {
  RK_ASSIGN_OR_RETURN(const Bytes note, ReadWhole(disk, PathIn(directory), kCheckpointBytesMax));
  return OpenNote(AsText(note), key);
}

Status ReplaceCheckpoint(Disk& disk, const std::string& directory, std::string_view note) {
  return WriteWhole(disk, PathIn(directory), AsBytes(note));
}

}  // namespace renkei::ledger
