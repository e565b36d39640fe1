// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/update_check.h"

#include <algorithm>
#include <memory>

#include "renkei/tensor/layout.h"
#include "renkei/tensor/reader.h"
#include "renkei/tensor/values.h"

namespace renkei::site {
namespace {

StatusOr<BlobId> Copy(const File& file, uint64_t size_bytes, store::Blobs& blobs) {
  RK_ASSIGN_OR_RETURN(const auto draft, blobs.Create());
  Bytes window(static_cast<size_t>(std::min<uint64_t>(size_bytes, kChunkBytes)));
  for (uint64_t offset = 0; offset < size_bytes; offset += window.size()) {
    const auto bytes = std::span(window).first(
        static_cast<size_t>(std::min<uint64_t>(window.size(), size_bytes - offset)));
    const Status read = ReadExactly(file, offset, bytes);
    // A trainer's leftover child that still writes is no reason to distrust the disk.
    if (read.code() == Code::kDataLoss) return Error(Code::kInvalidArgument, "{}", Message(read));
    RK_RETURN_IF_ERROR(read);
    RK_RETURN_IF_ERROR(draft->Append(bytes));
  }
  return draft->Finish();
}

Status CheckCopy(const BlobId& update, const BlobId& base, store::Blobs& blobs) {
  RK_ASSIGN_OR_RETURN(const auto base_file, blobs.Open(base));
  RK_ASSIGN_OR_RETURN(const tensor::Layout expected, tensor::ReadLayout(*base_file));
  RK_ASSIGN_OR_RETURN(const auto file, blobs.Open(update));
  RK_ASSIGN_OR_RETURN(const tensor::Layout layout, tensor::ReadLayout(*file));
  RK_RETURN_IF_ERROR(tensor::CheckSameLayout(expected, layout));
  return tensor::CheckFinite(*file, layout);
}

}  // namespace

StatusOr<BlobId> TakeUpdate(const std::string& path, const BlobId& base, store::Blobs& blobs,
                            Disk& disk) {
  const auto file = disk.Open(path, OpenMode::kReadAlien);
  const Code opened = file.status().code();
  if (opened == Code::kNotFound || opened == Code::kPermissionDenied ||
      opened == Code::kInvalidArgument) {
    return Error(Code::kInvalidArgument, "the trainer wrote no update ({})",
                 Message(file.status()));
  }
  RK_RETURN_IF_ERROR(file.status());
  RK_ASSIGN_OR_RETURN(const uint64_t size, (*file)->Size());
  if (size > base.size_bytes + kUpdateGrowthBytesMax) {
    return Error(Code::kInvalidArgument, "the update has {} bytes, its base {}", size,
                 base.size_bytes);
  }
  RK_ASSIGN_OR_RETURN(const BlobId update, Copy(**file, size, blobs));
  const Status checked = CheckCopy(update, base, blobs);
  if (checked.ok()) return update;
  if (update != base) RK_RETURN_IF_ERROR(blobs.Remove(update));
  // Limits of the reader are the update's fault too, not the disk's.
  if (checked.code() == Code::kResourceExhausted) {
    return Error(Code::kInvalidArgument, "{}", Message(checked));
  }
  return checked;
}

}  // namespace renkei::site
