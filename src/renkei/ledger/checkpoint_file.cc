// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/checkpoint_file.h"

#include "renkei/base/bytes.h"

namespace renkei::ledger {

std::string CheckpointPath(const std::string& directory) {
  return JoinPath(directory, "checkpoint");
}

StatusOr<StoredCheckpoint> OpenNote(std::string_view note, const seal::NoteKey& key) {
  auto content = seal::OpenCheckpoint(note, key);
  if (!content.ok()) {
    return Error(Code::kDataLoss, "checkpoint: {}", Message(content.status()));
  }
  return StoredCheckpoint{.note = std::string(note), .content = *std::move(content)};
}

StatusOr<StoredCheckpoint> ReadCheckpoint(Disk& disk, const std::string& directory,
                                          const seal::NoteKey& key) {
  RK_ASSIGN_OR_RETURN(const Bytes note,
                      ReadWhole(disk, CheckpointPath(directory), kCheckpointBytesMax));
  return OpenNote(AsText(note), key);
}

Status ReplaceCheckpoint(Disk& disk, const std::string& directory, std::string_view note,
                         Durability durability) {
  const std::string path = CheckpointPath(directory);
  if (durability == Durability::kNow) return WriteWhole(disk, path, AsBytes(note));
  const std::string temporary = path + ".tmp";
  {
    RK_ASSIGN_OR_RETURN(const auto file, disk.Open(temporary, OpenMode::kCreate));
    RK_RETURN_IF_ERROR(file->Truncate(0));
    RK_RETURN_IF_ERROR(file->WriteAt(0, AsBytes(note)));
  }
  return disk.Rename(temporary, path);
}

}  // namespace renkei::ledger
