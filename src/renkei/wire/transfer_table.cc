// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/transfer_table.h"

#include <utility>

namespace renkei::wire {
namespace {

uint64_t LeafBytes(const BlobId& id) { return id.chunks() * Digest::kSize; }

}  // namespace

TransferTable::Place& TransferTable::Place::operator=(Place&& other) noexcept {
  if (this == &other) return *this;
  Leave();
  table_ = std::exchange(other.table_, nullptr);
  id_ = other.id_;
  upload_ = other.upload_;
  return *this;
}

void TransferTable::Place::Leave() {
  if (table_ == nullptr) return;
  {
    const std::lock_guard lock(table_->mutex_);
    --table_->transfers_;
    table_->leaf_bytes_ -= LeafBytes(id_);
    if (upload_) table_->uploads_.erase(id_);
  }
  table_->left_.notify_all();
  table_ = nullptr;
}

Status TransferTable::CheckRoom(const BlobId& id) const {
  if (transfers_ >= kTransfersMax) {
    return Error(Code::kUnavailable, "{} transfers are under way; try again later", transfers_);
  }
  if (leaf_bytes_ + LeafBytes(id) > kLeafBytesMax) {
    return Error(Code::kUnavailable, "transfers of very large blobs are under way; try later");
  }
  return Ok();
}

void TransferTable::Take(const BlobId& id) {
  ++transfers_;
  leaf_bytes_ += LeafBytes(id);
}

StatusOr<TransferTable::Place> TransferTable::EnterDownload(const BlobId& id) {
  const std::lock_guard lock(mutex_);
  RK_RETURN_IF_ERROR(CheckRoom(id));
  Take(id);
  return Place(this, id, /*upload=*/false);
}

StatusOr<TransferTable::Place> TransferTable::EnterUpload(const BlobId& id,
                                                          const std::string& caller,
                                                          std::function<void()> cancel,
                                                          Milliseconds wait) {
  std::unique_lock lock(mutex_);
  const auto older = uploads_.find(id);
  if (older != uploads_.end() && older->second.caller == caller) older->second.cancel();
  if (!left_.wait_for(lock, wait, [&] { return !uploads_.contains(id); })) {
    return Error(Code::kUnavailable, "another upload of {} is under way; try again later",
                 id.Text());
  }
  RK_RETURN_IF_ERROR(CheckRoom(id));
  Take(id);
  uploads_.emplace(id, Upload{.caller = caller, .cancel = std::move(cancel)});
  return Place(this, id, /*upload=*/true);
}

}  // namespace renkei::wire
