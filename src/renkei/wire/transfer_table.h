// SPDX-License-Identifier: Apache-2.0
// The transfers that a server carries: how many in all and of one peer, how much memory for their
// leaf hashes, and never two uploads of one blob at once. Of a peer's own the newest wins: an older
// one that is in its way runs on a connection that broke, and nobody has noticed yet.
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
inline constexpr size_t kTransfersOfOnePeerMax = 4;   // so that one that is stuck holds up nobody
inline constexpr uint64_t kLeafBytesMax = 64u << 20;  // of all transfers: two of 1 TiB

// Thread-safe.
class TransferTable {
 public:
  // A place in the table until destruction.
  class Place {
   public:
    Place() = default;
    Place(TransferTable* table, uint64_t number) : table_(table), number_(number) {}
    ~Place() { Leave(); }
    Place(Place&& other) noexcept { *this = std::move(other); }
    Place& operator=(Place&& other) noexcept;

   private:
    void Leave();
    TransferTable* table_ = nullptr;
    uint64_t number_ = 0;
  };

  // `cancel` is called when a later transfer of the same caller needs this one's place: of the same
  // blob for an upload, or as the oldest of kTransfersOfOnePeerMax. The later one waits for its
  // end.
  //   UNAVAILABLE  the table is full, or what is in the way goes on for `wait` more: try later
  StatusOr<Place> EnterDownload(const BlobId& id, const std::string& caller,
                                std::function<void()> cancel, Milliseconds wait);
  StatusOr<Place> EnterUpload(const BlobId& id, const std::string& caller,
                              std::function<void()> cancel, Milliseconds wait);

 private:
  struct Transfer {
    BlobId id;
    std::string caller;
    std::function<void()> cancel;
    bool upload = false;
  };
  StatusOr<Place> Enter(Transfer transfer, Milliseconds wait);
  // The older transfer that this one has to wait for, or nullptr.
  const Transfer* InTheWayOf(const Transfer& transfer) const;
  Status CheckRoom(const BlobId& id) const;

  std::mutex mutex_;
  std::condition_variable left_;
  std::map<uint64_t, Transfer> transfers_;  // oldest first
  uint64_t next_number_ = 0;
  uint64_t leaf_bytes_ = 0;
};

}  // namespace renkei::wire
