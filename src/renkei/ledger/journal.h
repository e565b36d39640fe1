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
#include <string_view>
#include <utility>
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
  // Who gets what the journal holds, in order; an error ends the reading.
  struct Replay {
    std::function<Status(uint64_t index, ByteSpan entry, const Digest& leaf_hash)> entry;
    std::function<Status(ByteSpan note)> note;
  };

  // Reads all segments of `directory` (made when absent) in order, up to the first record that is
  // not whole. Changes nothing on disk but for the first segment. DATA_LOSS when records are
  // missing between segments. CutTail comes before the first Append.
  static StatusOr<std::unique_ptr<Journal>> Open(Disk& disk, std::string directory,
                                                 const Replay& replay);

  // A new journal in `directory` whose next entry is `first`.
  //   ALREADY_EXISTS  there are segments
  static StatusOr<std::unique_ptr<Journal>> Begin(Disk& disk, std::string directory,
                                                  uint64_t first);

  // Removes what stands behind the last whole record: a write that a crash tore. Called once the
  // caller knows that nothing acknowledged is missing.
  //   DATA_LOSS  a note behind it covers entries that are not before it: what is damaged was
  //              acknowledged; nothing is removed
  Status CutTail();

  // The oldest entry that is still here; == next() when there is none.
  uint64_t first() const { return segments_.front(); }
  uint64_t next() const { return next_; }
  uint64_t size_bytes() const { return older_bytes_ + offset_; }

  // Writes and syncs; the entries are numbered from next() on.
  //   RESOURCE_EXHAUSTED  disk full: nothing is left behind, a later call may succeed
  //   other               the device failed: every later call fails with FAILED_PRECONDITION
  Status Append(JournalBatch& batch);
  // The same for a signed note that covers `size` <= next() entries.
  Status AppendNote(uint64_t size, std::string_view note);

  // Making a segment costs a metadata commit of the file system and the writing of its zeros. It
  // may be done ahead, in any thread: true when it is time to; a file from PrepareSegment, one at
  // a time; and its adoption, for use when the current segment is full.
  bool wants_segment() const { return !prepared_ && offset_ >= kPrepareBytes; }
  static StatusOr<std::unique_ptr<File>> PrepareSegment(Disk& disk, const std::string& directory);
  void Adopt(std::unique_ptr<File> prepared) { prepared_ = std::move(prepared); }

  // Removes segments whose entries are all below `index`; never the last one.
  Status TrimBefore(uint64_t index);

 private:
  static constexpr uint64_t kPrepareBytes = 1 << 20;

  Journal(Disk& disk, std::string directory);

  Status ReplaySegment(uint64_t first, const Replay& replay);
  Status OpenSegment(uint64_t first);
  Status Write(ByteSpan bytes);
  Status WriteAndSync(ByteSpan bytes);
  Status Rotate();
  std::string PathOf(uint64_t first) const;

  Disk& disk_;
  std::string directory_;
  std::vector<uint64_t> segments_;     // index of the first entry, ascending; also the file name
  std::vector<uint64_t> sizes_bytes_;  // of all but the last segment
  std::unique_ptr<File> file_;         // the last segment
  std::unique_ptr<File> prepared_;     // the one after it, or null
  uint64_t offset_ = 0;                // behind its last record
  uint64_t allocated_ = 0;             // its length
  uint64_t older_bytes_ = 0;
  uint64_t next_ = 0;
  Status broken_;
};

}  // namespace renkei::ledger
