// SPDX-License-Identifier: Apache-2.0
#include "renkei/backup/copy_blobs.h"

#include <memory>

namespace renkei::backup {

Status CopyBlob(store::Blobs& from, store::Blobs& to, const BlobId& id) {
  RK_ASSIGN_OR_RETURN(const bool here, to.Has(id));
  if (here) return Ok();
  RK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, from.Open(id));
  RK_ASSIGN_OR_RETURN(const auto leaves, from.Leaves(id));
  RK_ASSIGN_OR_RETURN(const std::unique_ptr<store::BlobSink> sink, to.Receive(id, leaves));
  Bytes window;
  for (uint64_t chunk = sink->verified_chunks(); chunk < id.chunks(); ++chunk) {
    window.resize(id.ChunkSize(chunk));
    RK_RETURN_IF_ERROR(ReadExactly(*file, chunk * kChunkBytes, window));
    RK_RETURN_IF_ERROR(sink->Write(chunk, window));
  }
  return sink->Commit();
}

}  // namespace renkei::backup
