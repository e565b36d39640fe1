// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "renkei/crypto/merkle.h"
#include "renkei/store/blob_tree.h"
#include "renkei/store/blobs.h"
#include "renkei/store/chunker.h"

namespace renkei::store {
namespace {

struct Stored {
  // shared_ptr: an open file stays readable after Remove, as in a directory.
  std::shared_ptr<const Bytes> bytes;
  std::vector<Digest> leaves;
};

struct Shelf {
  std::mutex mutex;
  std::map<BlobId, Stored> blobs;
  std::map<BlobId, Bytes> partial;
  std::set<BlobId> receiving;

  void Put(const BlobId& id, Bytes bytes, std::vector<Digest> leaves) {
    const std::lock_guard lock(mutex);
    blobs[id] = {.bytes = std::make_shared<const Bytes>(std::move(bytes)),
                 .leaves = std::move(leaves)};
  }
};

class MemoryFile final : public File {
 public:
  explicit MemoryFile(std::shared_ptr<const Bytes> bytes) : bytes_(std::move(bytes)) {}

  StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
    if (offset >= bytes_->size()) return size_t{0};
    const size_t count = std::min<uint64_t>(into.size(), bytes_->size() - offset);
    std::copy_n(bytes_->begin() + static_cast<ptrdiff_t>(offset), count, into.begin());
    return count;
  }
  StatusOr<uint64_t> Size() const override { return bytes_->size(); }
  Status WriteAt(uint64_t, ByteSpan) override { return ReadOnly(); }
  Status Truncate(uint64_t) override { return ReadOnly(); }
  Status Sync() override { return Ok(); }

 private:
  static Status ReadOnly() {
    return Error(Code::kFailedPrecondition, "a blob is open for reading only");
  }

  std::shared_ptr<const Bytes> bytes_;
};

class MemorySink final : public BlobSink {
 public:
  MemorySink(Shelf& shelf, const BlobId& id, std::vector<Digest> leaves, Bytes bytes,
             bool is_complete)
      : shelf_(shelf),
        id_(id),
        leaves_(std::move(leaves)),
        bytes_(std::move(bytes)),
        is_complete_(is_complete) {}
  ~MemorySink() override {
    if (is_complete_) return;
    const std::lock_guard lock(shelf_.mutex);
    shelf_.receiving.erase(id_);
    if (!is_committed_) shelf_.partial[id_] = std::move(bytes_);
  }
  MemorySink(const MemorySink&) = delete;
  MemorySink& operator=(const MemorySink&) = delete;

  uint64_t verified_chunks() const override {
    return is_complete_ ? id_.chunks() : (bytes_.size() + kChunkBytes - 1) / kChunkBytes;
  }
  Status Write(uint64_t chunk, ByteSpan bytes) override {
    if (is_committed_ || chunk != verified_chunks() || chunk >= id_.chunks()) {
      return Error(Code::kFailedPrecondition, "blob {}: chunk {} arrives, chunk {} of {} is next",
                   id_.Text(), chunk, verified_chunks(), id_.chunks());
    }
    if (bytes.size() != id_.ChunkSize(chunk)) {
      return Error(Code::kInvalidArgument, "blob {}: chunk {} has {} bytes, not {}", id_.Text(),
                   chunk, id_.ChunkSize(chunk), bytes.size());
    }
    if (crypto::LeafHash(bytes) != leaves_[chunk]) {
      return Error(Code::kDataLoss, "blob {}: chunk {} does not hash to its leaf", id_.Text(),
                   chunk);
    }
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return Ok();
  }
  Status Commit() override {
    if (is_complete_ || is_committed_) return Ok();
    if (verified_chunks() != id_.chunks()) {
      return Error(Code::kFailedPrecondition, "blob {}: {} of {} chunks are here", id_.Text(),
                   verified_chunks(), id_.chunks());
    }
    shelf_.Put(id_, std::move(bytes_), leaves_);
    is_committed_ = true;
    return Ok();
  }

 private:
  Shelf& shelf_;
  BlobId id_;
  std::vector<Digest> leaves_;
  Bytes bytes_;
  bool is_complete_;  // was there before: nothing to do
  bool is_committed_ = false;
};

class MemoryDraft final : public BlobDraft {
 public:
  explicit MemoryDraft(Shelf& shelf)
      : shelf_(shelf), chunker_([this](uint64_t, ByteSpan chunk) {
          bytes_.insert(bytes_.end(), chunk.begin(), chunk.end());
          return Ok();
        }) {}

  Status Append(ByteSpan bytes) override {
    if (is_finished_) return Closed();
    return chunker_.Append(bytes);
  }
  StatusOr<BlobId> Finish() override {
    if (is_finished_) return Closed();
    RK_RETURN_IF_ERROR(chunker_.Flush());
    const BlobId id = NameOf(chunker_.leaves(), chunker_.size_bytes());
    shelf_.Put(id, std::move(bytes_), chunker_.leaves());
    is_finished_ = true;
    return id;
  }

 private:
  static Status Closed() { return Error(Code::kFailedPrecondition, "the draft is finished"); }

  Shelf& shelf_;
  Bytes bytes_;
  Chunker chunker_;
  bool is_finished_ = false;
};

class MemoryBlobs final : public Blobs {
 public:
  StatusOr<bool> Has(const BlobId& id) override { return Find(id).ok(); }

  StatusOr<std::unique_ptr<File>> Open(const BlobId& id) override {
    RK_ASSIGN_OR_RETURN(const Stored stored, Find(id));
    return std::make_unique<MemoryFile>(stored.bytes);
  }

  StatusOr<std::vector<Digest>> Leaves(const BlobId& id) override {
    RK_ASSIGN_OR_RETURN(Stored stored, Find(id));
    return std::move(stored.leaves);
  }

  StatusOr<std::unique_ptr<BlobSink>> Receive(const BlobId& id,
                                              std::span<const Digest> leaves) override {
    RK_RETURN_IF_ERROR(CheckLeaves(id, leaves));
    const std::lock_guard lock(shelf_.mutex);
    const bool is_complete = shelf_.blobs.contains(id);
    if (!is_complete && !shelf_.receiving.insert(id).second) {
      return Error(Code::kUnavailable, "blob {}: is being received already", id.Text());
    }
    Bytes bytes;
    if (auto part = shelf_.partial.extract(id)) bytes = std::move(part.mapped());
    return std::make_unique<MemorySink>(shelf_, id,
                                        std::vector<Digest>(leaves.begin(), leaves.end()),
                                        std::move(bytes), is_complete);
  }

  StatusOr<std::unique_ptr<BlobDraft>> Create() override {
    return std::make_unique<MemoryDraft>(shelf_);
  }

  Status Remove(const BlobId& id) override {
    const std::lock_guard lock(shelf_.mutex);
    const size_t removed = shelf_.blobs.erase(id) + shelf_.partial.erase(id);
    return removed > 0 ? Ok() : Absent(id);
  }

  StatusOr<std::vector<BlobId>> List() override {
    const std::lock_guard lock(shelf_.mutex);
    std::vector<BlobId> ids;
    for (const auto& [id, stored] : shelf_.blobs) ids.push_back(id);
    return ids;
  }

  StatusOr<std::vector<BlobId>> ListParts() override {
    const std::lock_guard lock(shelf_.mutex);
    std::set<BlobId> ids = shelf_.receiving;
    for (const auto& [id, bytes] : shelf_.partial) ids.insert(id);
    for (const auto& [id, stored] : shelf_.blobs) ids.erase(id);
    return std::vector<BlobId>(ids.begin(), ids.end());
  }

  Status Check(const BlobId& id) override {
    RK_ASSIGN_OR_RETURN(const auto file, Open(id));
    RK_ASSIGN_OR_RETURN(const auto leaves, HashChunks(*file));
    return CheckLeaves(id, leaves);
  }

 private:
  static Status Absent(const BlobId& id) {
    return Error(Code::kNotFound, "blob {}: is not here", id.Text());
  }
  StatusOr<Stored> Find(const BlobId& id) {
    const std::lock_guard lock(shelf_.mutex);
    const auto at = shelf_.blobs.find(id);
    if (at == shelf_.blobs.end()) return Absent(id);
    return at->second;
  }

  Shelf shelf_;
};

}  // namespace

std::unique_ptr<Blobs> MakeMemoryBlobs() { return std::make_unique<MemoryBlobs>(); }

}  // namespace renkei::store
