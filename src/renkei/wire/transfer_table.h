// SPDX-License-Identifier: Apache-2.0
// The transfers that a server carries: how many, how much memory for their leaf hashes, and never
// two uploads of one blob at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "renkei/base/blob_id.h"
#include "renkei/base/clock.h"
#include "renkei/base/status.h"

namespace renkei::wire {

inline constexpr size_t kTransfersMax = 16;           // about 6 MiB each
inline constexpr uint64_t kLeafBytesMax = 64u << 20;  // of all transfers: two of 1 TiB

// Thread-safe.
class TransferTable {
 public:
  // A place in the table until destruction.
  class Place {
   public:
    Place() = default;
    Place(TransferTable* table, const BlobId& id, bool upload)
        : table_(table), id_(id), upload_(upload) {}
    ~Place() { Leave(); }
    Place(Place&& other) noexcept { *this = std::move(other); }
    Place& operator=(Place&& other) noexcept;

   private:
    void Leave();
    TransferTable* table_ = nullptr;
    BlobId id_;
    bool upload_ = false;
  };

  // UNAVAILABLE, try later, when the table is full.
  StatusOr<Place> EnterDownload(const BlobId& id);
  // When the same caller's older upload of this blob still holds its place (its connection broke
  // and nobody noticed yet), that one is cancelled and waited for. UNAVAILABLE when the table is
  // full or another upload of the blob goes on for `wait` more.
  StatusOr<Place> EnterUpload(const BlobId& id, const std::string& caller,
                              std::function<void()> cancel, Milliseconds wait);

 private:
  struct Upload {
    std::string caller;
    std::function<void()> cancel;
  };
  Status CheckRoom(const BlobId& id) const;
  void Take(const BlobId& id);

  std::mutex mutex_;
  std::condition_variable left_;
  std::map<BlobId, Upload> uploads_;
  size_t transfers_ = 0;
  uint64_t leaf_bytes_ = 0;
};

}  // namespace renkei::wire
