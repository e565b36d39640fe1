// SPDX-License-Identifier: Apache-2.0
// The write-ahead journal of a ledger (docs/formats/ledger.md, "Journal"): what makes an entry
// durable before it is in a tile. Segments of records, each written once, preallocated with
// zeros so that a sync moves data only. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::ledger {

// Records for one write and one sync.
class JournalBatch {
 public:
  void Add(ByteSpan entry, const Digest& leaf_hash);
  size_t count() const { return offsets_.size(); }
  size_t size_bytes() const { return bytes_.size(); }
  ByteSpan entry(size_t position) const;
  // Numbers the records from `first` on; the bytes to write.
  ByteSpan Number(uint64_t first);

 private:
  Bytes bytes_;
  std::vector<size_t> offsets_;
};

class Journal {
 public:
  using Replay = std::function<Status(uint64_t index, ByteSpan entry, const Digest& leaf_hash)>;

  // Reads all segments of `directory` (made when absent) in order, cuts off a torn tail, and
  // hands each entry to `replay`, whose error ends it. DATA_LOSS when records are missing between
  // segments.
  static StatusOr<std::unique_ptr<Journal>> Open(Disk& disk, std::string directory,
                                                 const Replay& replay);

  // The oldest entry that is still here; == next() when there is none.
  uint64_t first() const { return segments_.front(); }
  uint64_t next() const { return next_; }
  uint64_t size_bytes() const { return older_bytes_ + offset_; }

  // Writes and syncs; the entries are numbered from next() on.
  //   RESOURCE_EXHAUSTED  disk full: nothing is left behind, a later call may succeed
  //   other               the device failed: every later call fails with FAILED_PRECONDITION
  Status Append(JournalBatch& batch);

  // Removes segments whose entries are all below `index`; never the last one.
  Status TrimBefore(uint64_t index);

 private:
  Journal(Disk& disk, std::string directory);

  Status ReplaySegment(uint64_t first, const Replay& replay);
  Status OpenSegment(uint64_t first);
  Status WriteAndSync(ByteSpan bytes);
  Status Rotate();
  std::string PathOf(uint64_t first) const;

  Disk& disk_;
  std::string directory_;
  std::vector<uint64_t> segments_;     // index of the first entry, ascending; also the file name
  std::vector<uint64_t> sizes_bytes_;  // of all but the last segment
  std::unique_ptr<File> file_;         // the last segment
  uint64_t offset_ = 0;                // behind its last record
  uint64_t allocated_ = 0;             // its length
  uint64_t older_bytes_ = 0;
  uint64_t next_ = 0;
  Status broken_;
};

}  // namespace renkei::ledger
