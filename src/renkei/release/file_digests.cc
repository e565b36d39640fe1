// SPDX-License-Identifier: Apache-2.0
#include "renkei/release/file_digests.h"

#include <algorithm>
#include <vector>

#include "renkei/crypto/hash.h"
#include "renkei/crypto/merkle.h"
#include "renkei/store/blob_tree.h"

namespace renkei::release {

StatusOr<FileDigests> DigestFile(const File& file, File* copy) {
  RK_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size > store::kBlobBytesMax) {
    return Error(Code::kResourceExhausted, "a file of {} bytes; at most {} are read", size,
                 store::kBlobBytesMax);
  }
  crypto::Sha256Stream sha256;
  std::vector<Digest> leaves;
  Bytes window(static_cast<size_t>(std::min<uint64_t>(size, kChunkBytes)));
  for (uint64_t offset = 0; offset < size; offset += kChunkBytes) {
    const std::span<uint8_t> chunk =
        std::span(window).first(static_cast<size_t>(std::min(kChunkBytes, size - offset)));
    RK_RETURN_IF_ERROR(ReadExactly(file, offset, chunk));
    sha256.Update(chunk);
    leaves.push_back(crypto::LeafHash(chunk));
    if (copy != nullptr) RK_RETURN_IF_ERROR(copy->WriteAt(offset, chunk));
  }
  return FileDigests{.sha256 = sha256.Finish(), .blob = store::NameOf(leaves, size)};
}

}  // namespace renkei::release
