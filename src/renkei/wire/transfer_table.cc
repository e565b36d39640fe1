// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/transfer_table.h"

#include <chrono>
#include <utility>

namespace renkei::wire {
namespace {

uint64_t LeafBytes(const BlobId& id) { return id.chunks() * Digest::kSize; }

}  // namespace

TransferTable::Place& TransferTable::Place::operator=(Place&& other) noexcept {
  if (this == &other) return *this;
  Leave();
  table_ = std::exchange(other.table_, nullptr);
  number_ = other.number_;
  return *this;
}

void TransferTable::Place::Leave() {
  if (table_ == nullptr) return;
  {
    const std::lock_guard lock(table_->mutex_);
    const auto own = table_->transfers_.find(number_);
    table_->leaf_bytes_ -= LeafBytes(own->second.id);
    table_->transfers_.erase(own);
  }
  table_->left_.notify_all();
  table_ = nullptr;
}

Status TransferTable::CheckRoom(const BlobId& id) const {
  if (transfers_.size() >= kTransfersMax) {
    return Error(Code::kUnavailable, "{} transfers are under way; try again later",
                 transfers_.size());
  }
  if (leaf_bytes_ + LeafBytes(id) > kLeafBytesMax) {
    return Error(Code::kUnavailable, "transfers of very large blobs are under way; try later");
  }
  return Ok();
}

const TransferTable::Transfer* TransferTable::InTheWayOf(const Transfer& transfer) const {
  const Transfer* oldest = nullptr;
  size_t own = 0;
  for (const auto& [number, other] : transfers_) {
    if (transfer.upload && other.upload && other.id == transfer.id) return &other;
    if (other.caller != transfer.caller) continue;
    if (own++ == 0) oldest = &other;
  }
  return own >= kTransfersOfOnePeerMax ? oldest : nullptr;
}

StatusOr<TransferTable::Place> TransferTable::Enter(Transfer transfer, Milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  std::unique_lock lock(mutex_);
  while (const Transfer* other = InTheWayOf(transfer)) {
    if (other->caller == transfer.caller && other->cancel) other->cancel();
    if (left_.wait_until(lock, end) == std::cv_status::no_timeout) continue;
    if (InTheWayOf(transfer) == nullptr) break;
    return Error(Code::kUnavailable, "another transfer is in the way of {}; try again later",
                 transfer.id.Text());
  }
  RK_RETURN_IF_ERROR(CheckRoom(transfer.id));
  leaf_bytes_ += LeafBytes(transfer.id);
  const uint64_t number = next_number_++;
  transfers_.emplace(number, std::move(transfer));
  return Place(this, number);
}

StatusOr<TransferTable::Place> TransferTable::EnterDownload(const BlobId& id,
                                                            const std::string& caller,
                                                            std::function<void()> cancel,
                                                            Milliseconds wait) {
  return Enter({.id = id, .caller = caller, .cancel = std::move(cancel), .upload = false}, wait);
}

StatusOr<TransferTable::Place> TransferTable::EnterUpload(const BlobId& id,
                                                          const std::string& caller,
                                                          std::function<void()> cancel,
                                                          Milliseconds wait) {
  return Enter({.id = id, .caller = caller, .cancel = std::move(cancel), .upload = true}, wait);
}

}  // namespace renkei::wire
