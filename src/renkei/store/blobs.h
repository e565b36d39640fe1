// SPDX-License-Identifier: Apache-2.0
// Immutable files by name: a blob is never changed, and its name says its bytes (BlobId,
// docs/formats/blob-id.md). Two twins keep one contract: a directory and memory.
//
// Thread-safe; each sink, draft and file belongs to one thread at a time and must not outlive
// the store. Nothing is ever held whole: memory is one chunk per open draft, and 32 bytes per
// chunk for leaf hashes.
//
// Codes used throughout: NOT_FOUND no such blob; DATA_LOSS bytes that do not hash to their name;
// RESOURCE_EXHAUSTED disk full, or longer than kBlobBytesMax.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::store {

inline constexpr uint64_t kBlobBytesMax = uint64_t{1} << 42;  // 4 TiB: 128 MiB of leaf hashes

// A known blob on its way in, chunk after chunk. Destroyed before Commit, it keeps what it has:
// the next Blobs::Receive of the same id hashes it again and goes on behind the last good chunk.
class BlobSink {
 public:
  virtual ~BlobSink() = default;
  // Chunks that are here and hash to their leaves.
  virtual uint64_t verified_chunks() const = 0;
  // Takes chunk number `chunk` == verified_chunks(), of BlobId::ChunkSize bytes.
  //   FAILED_PRECONDITION  another chunk is next
  //   INVALID_ARGUMENT     wrong length
  //   DATA_LOSS            does not hash to its leaf
  // On error nothing has changed.
  virtual Status Write(uint64_t chunk, ByteSpan bytes) = 0;
  // Makes the blob visible and durable. FAILED_PRECONDITION while chunks are missing.
  virtual Status Commit() = 0;
};

// A new blob, hashed while written, whose name is known at the end. Destroyed before Finish, it
// is gone.
class BlobDraft : public ByteSink {
 public:
  // Visible and durable; the draft is closed. A blob that was here already is fine.
  virtual StatusOr<BlobId> Finish() = 0;
};

class Blobs {
 public:
  virtual ~Blobs() = default;
  virtual StatusOr<bool> Has(const BlobId& id) = 0;
  // Read only. The bytes are trusted to the disk: Check reads and hashes.
  virtual StatusOr<std::unique_ptr<File>> Open(const BlobId& id) = 0;
  // The hash of each chunk, in order; they hash to id.root.
  virtual StatusOr<std::vector<Digest>> Leaves(const BlobId& id) = 0;
  // DATA_LOSS when `leaves` do not hash to id.root; UNAVAILABLE while another sink of that id is
  // open. Of a blob that is here already, every chunk is verified at once.
  virtual StatusOr<std::unique_ptr<BlobSink>> Receive(const BlobId& id,
                                                      std::span<const Digest> leaves) = 0;
  virtual StatusOr<std::unique_ptr<BlobDraft>> Create() = 0;
  // Also forgets a part received so far. NOT_FOUND when there is neither.
  virtual Status Remove(const BlobId& id) = 0;
  // Complete blobs, ascending.
  virtual StatusOr<std::vector<BlobId>> List() = 0;
  // Blobs of which a part was received and not all, ascending.
  virtual StatusOr<std::vector<BlobId>> ListParts() = 0;
  // Reads and hashes all of it again. DATA_LOSS names the first chunk that differs.
  virtual Status Check(const BlobId& id) = 0;
};

// `directory` (made when absent) holds <2 hex of the root>/<id>, the leaf hashes beside it in
// <id>.leaves, partial/<id> while receiving and draft/<n> while writing. Several processes may
// share it.
StatusOr<std::unique_ptr<Blobs>> MakeDirectoryBlobs(Disk& disk, std::string directory);
std::unique_ptr<Blobs> MakeMemoryBlobs();

}  // namespace renkei::store
