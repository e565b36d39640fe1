// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <mutex>
#include <utility>

#include "renkei/crypto/merkle.h"
#include "renkei/store/blob_tree.h"
#include "renkei/store/blobs.h"
#include "renkei/store/chunker.h"

namespace renkei::store {
namespace {

constexpr std::string_view kPartialDirectory = "partial";
constexpr std::string_view kDraftDirectory = "draft";
constexpr std::string_view kLeavesSuffix = ".leaves";
constexpr int kDraftsMax = 1024;  // open at one time, by all processes together

// Where the parts of one blob live.
struct Places {
  std::string bucket;
  std::string content;
  std::string leaves;
  std::string partial;
};

class DirectoryStore {
 public:
  DirectoryStore(Disk& disk, std::string directory)
      : disk_(disk), directory_(std::move(directory)) {}

  Disk& disk() { return disk_; }
  const std::string& directory() const { return directory_; }

  Places Of(const BlobId& id) const {
    const std::string text = id.Text();
    const std::string bucket = JoinPath(directory_, id.root.hex().substr(0, 2));
    const std::string content = JoinPath(bucket, text);
    return {.bucket = bucket,
            .content = content,
            .leaves = fmt::format("{}{}", content, kLeavesSuffix),
            .partial = JoinPath(JoinPath(directory_, kPartialDirectory), text)};
  }

  // The leaf hashes go first: a blob that is visible has them. `content` holds all the bytes and
  // is synced.
  Status Publish(const BlobId& id, std::span<const Digest> leaves, const std::string& content) {
    const Places places = Of(id);
    RK_RETURN_IF_ERROR(disk_.MakeDirs(places.bucket));
    RK_RETURN_IF_ERROR(WriteLeaves(places, leaves));
    RK_RETURN_IF_ERROR(disk_.Rename(content, places.content));
    return disk_.SyncDir(places.bucket);
  }

  Status WriteLeaves(const Places& places, std::span<const Digest> leaves) {
    Bytes bytes;
    bytes.reserve(leaves.size() * Digest::kSize);
    for (const Digest& leaf : leaves) {
      bytes.insert(bytes.end(), leaf.bytes.begin(), leaf.bytes.end());
    }
    // Two threads may publish the same blob.
    const std::lock_guard lock(mutex_);
    return WriteWhole(disk_, places.leaves, bytes);
  }

 private:
  std::mutex mutex_;
  Disk& disk_;
  std::string directory_;
};

// A blob that is complete already: nothing is left to do.
class CompleteSink final : public BlobSink {
 public:
  explicit CompleteSink(uint64_t chunks) : chunks_(chunks) {}
  uint64_t verified_chunks() const override { return chunks_; }
  Status Write(uint64_t chunk, ByteSpan) override {
    return Error(Code::kFailedPrecondition, "chunk {}: the blob is complete", chunk);
  }
  Status Commit() override { return Ok(); }

 private:
  uint64_t chunks_;
};

class DirectorySink final : public BlobSink {
 public:
  DirectorySink(DirectoryStore& store, const BlobId& id, std::vector<Digest> leaves,
                std::unique_ptr<File> file)
      : store_(store), id_(id), leaves_(std::move(leaves)), file_(std::move(file)) {}

  // Counts the chunks of an earlier attempt that are good, from the first on.
  Status Resume() {
    RK_ASSIGN_OR_RETURN(const uint64_t size, file_->Size());
    Bytes window;
    while (verified_ < id_.chunks()) {
      const uint64_t offset = verified_ * kChunkBytes;
      window.resize(id_.ChunkSize(verified_));
      if (offset + window.size() > size) break;
      RK_RETURN_IF_ERROR(ReadExactly(*file_, offset, window));
      if (crypto::LeafHash(window) != leaves_[verified_]) break;
      ++verified_;
    }
    const uint64_t good = std::min(verified_ * kChunkBytes, id_.size_bytes);
    return size > good ? file_->Truncate(good) : Ok();
  }

  uint64_t verified_chunks() const override { return verified_; }

  Status Write(uint64_t chunk, ByteSpan bytes) override {
    if (committed_ || chunk != verified_ || chunk >= id_.chunks()) {
      return Error(Code::kFailedPrecondition, "blob {}: chunk {} arrives, chunk {} of {} is next",
                   id_.Text(), chunk, verified_, id_.chunks());
    }
    if (bytes.size() != id_.ChunkSize(chunk)) {
      return Error(Code::kInvalidArgument, "blob {}: chunk {} has {} bytes, not {}", id_.Text(),
                   chunk, id_.ChunkSize(chunk), bytes.size());
    }
    if (crypto::LeafHash(bytes) != leaves_[chunk]) {
      return Error(Code::kDataLoss, "blob {}: chunk {} does not hash to its leaf", id_.Text(),
                   chunk);
    }
    RK_RETURN_IF_ERROR(file_->WriteAt(chunk * kChunkBytes, bytes));
    ++verified_;
    return Ok();
  }

  Status Commit() override {
    if (committed_) return Ok();
    if (verified_ != id_.chunks()) {
      return Error(Code::kFailedPrecondition, "blob {}: {} of {} chunks are here", id_.Text(),
                   verified_, id_.chunks());
    }
    RK_RETURN_IF_ERROR(file_->Sync());
    RK_RETURN_IF_ERROR(store_.Publish(id_, leaves_, store_.Of(id_).partial));
    committed_ = true;
    return Ok();
  }

 private:
  DirectoryStore& store_;
  BlobId id_;
  std::vector<Digest> leaves_;
  std::unique_ptr<File> file_;  // holds the lock on the partial file
  uint64_t verified_ = 0;
  bool committed_ = false;
};

class DirectoryDraft final : public BlobDraft {
 public:
  DirectoryDraft(DirectoryStore& store, std::string path, std::unique_ptr<File> file)
      : store_(store),
        path_(std::move(path)),
        file_(std::move(file)),
        chunker_(
            [this](uint64_t offset, ByteSpan chunk) { return file_->WriteAt(offset, chunk); }) {}
  ~DirectoryDraft() override {
    // Whatever remains is removed when the store is opened next.
    if (file_) store_.disk().Remove(path_).IgnoreError();
  }

  Status Append(ByteSpan bytes) override {
    if (!file_) return Closed();
    return chunker_.Append(bytes);
  }

  StatusOr<BlobId> Finish() override {
    if (!file_) return Closed();
    RK_RETURN_IF_ERROR(chunker_.Flush());
    const BlobId id = NameOf(chunker_.leaves(), chunker_.size_bytes());
    RK_RETURN_IF_ERROR(file_->Sync());
    RK_RETURN_IF_ERROR(store_.Publish(id, chunker_.leaves(), path_));
    file_.reset();
    return id;
  }

 private:
  Status Closed() const {
    return Error(Code::kFailedPrecondition, "{}: the draft is finished", path_);
  }

  DirectoryStore& store_;
  std::string path_;
  std::unique_ptr<File> file_;  // holds the lock on the draft; null once finished
  Chunker chunker_;
};

class DirectoryBlobs final : public Blobs {
 public:
  DirectoryBlobs(Disk& disk, std::string directory) : store_(disk, std::move(directory)) {}

  // Removes drafts that nobody holds any more.
  Status Prepare() {
    const std::string drafts = JoinPath(store_.directory(), kDraftDirectory);
    RK_RETURN_IF_ERROR(disk().MakeDirs(JoinPath(store_.directory(), kPartialDirectory)));
    RK_RETURN_IF_ERROR(disk().MakeDirs(drafts));
    RK_ASSIGN_OR_RETURN(const auto names, disk().List(drafts));
    for (const std::string& name : names) {
      const std::string path = JoinPath(drafts, name);
      const auto lock = disk().Lock(path);
      if (lock.ok()) RK_RETURN_IF_ERROR(disk().Remove(path));
    }
    return Ok();
  }

  StatusOr<bool> Has(const BlobId& id) override { return disk().Exists(store_.Of(id).content); }

  StatusOr<std::unique_ptr<File>> Open(const BlobId& id) override {
    auto file = disk().Open(store_.Of(id).content, OpenMode::kRead);
    if (!file.ok()) return file.status();
    RK_ASSIGN_OR_RETURN(const uint64_t size, (*file)->Size());
    if (size == id.size_bytes) return std::move(*file);
    return Error(Code::kDataLoss, "blob {}: the file has {} bytes", id.Text(), size);
  }

  StatusOr<std::vector<Digest>> Leaves(const BlobId& id) override {
    if (auto kept = ReadLeaves(id); kept.ok()) return kept;
    // The list beside the blob can be made again from the blob.
    RK_ASSIGN_OR_RETURN(const auto file, Open(id));
    RK_ASSIGN_OR_RETURN(auto leaves, HashChunks(*file));
    RK_RETURN_IF_ERROR(CheckLeaves(id, leaves));
    RK_RETURN_IF_ERROR(store_.WriteLeaves(store_.Of(id), leaves));
    return leaves;
  }

  StatusOr<std::unique_ptr<BlobSink>> Receive(const BlobId& id,
                                              std::span<const Digest> leaves) override {
    RK_RETURN_IF_ERROR(CheckLeaves(id, leaves));
    RK_ASSIGN_OR_RETURN(const bool complete, Has(id));
    if (complete) return std::make_unique<CompleteSink>(id.chunks());
    const std::string partial = store_.Of(id).partial;
    auto file = disk().Lock(partial);
    if (file.status().code() == Code::kUnavailable) {
      return Error(Code::kUnavailable, "blob {}: is being received already", id.Text());
    }
    if (!file.ok()) return file.status();
    RK_RETURN_IF_ERROR(disk().SyncDir(ParentOf(partial)));
    auto sink = std::make_unique<DirectorySink>(
        store_, id, std::vector<Digest>(leaves.begin(), leaves.end()), std::move(*file));
    RK_RETURN_IF_ERROR(sink->Resume());
    return sink;
  }

  StatusOr<std::unique_ptr<BlobDraft>> Create() override {
    const std::string drafts = JoinPath(store_.directory(), kDraftDirectory);
    for (int number = 0; number < kDraftsMax; ++number) {
      const std::string path = JoinPath(drafts, fmt::format("{}", number));
      auto file = disk().Lock(path);
      if (file.status().code() == Code::kUnavailable) continue;
      if (!file.ok()) return file.status();
      RK_RETURN_IF_ERROR((*file)->Truncate(0));
      return std::make_unique<DirectoryDraft>(store_, path, std::move(*file));
    }
    return Error(Code::kResourceExhausted, "{}: {} drafts are open", drafts, kDraftsMax);
  }

  Status Remove(const BlobId& id) override {
    const Places places = store_.Of(id);
    const Status partial = disk().Remove(places.partial);
    // The leaves first: they can be made again, and no blob would ask for them alone.
    const Status leaves = disk().Remove(places.leaves);
    if (leaves.code() != Code::kNotFound) RK_RETURN_IF_ERROR(leaves);
    const Status content = disk().Remove(places.content);
    if (content.code() == Code::kNotFound) return partial;
    RK_RETURN_IF_ERROR(content);
    return disk().SyncDir(places.bucket);
  }

  StatusOr<std::vector<BlobId>> List() override {
    std::vector<BlobId> ids;
    RK_ASSIGN_OR_RETURN(const auto buckets, disk().List(store_.directory()));
    for (const std::string& bucket : buckets) {
      if (bucket.size() != 2) continue;
      RK_ASSIGN_OR_RETURN(const auto names, disk().List(JoinPath(store_.directory(), bucket)));
      for (const std::string& name : names) {
        if (auto id = BlobId::Parse(name); id.ok()) ids.push_back(*id);
      }
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  StatusOr<std::vector<BlobId>> ListParts() override {
    std::vector<BlobId> ids;
    RK_ASSIGN_OR_RETURN(const auto names,
                        disk().List(JoinPath(store_.directory(), kPartialDirectory)));
    for (const std::string& name : names) {
      if (auto id = BlobId::Parse(name); id.ok()) ids.push_back(*id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  Status Check(const BlobId& id) override {
    RK_ASSIGN_OR_RETURN(const auto file, Open(id));
    RK_ASSIGN_OR_RETURN(const auto found, HashChunks(*file));
    if (CheckLeaves(id, found).ok()) return Ok();
    const auto kept = ReadLeaves(id);
    for (size_t i = 0; kept.ok() && i < found.size(); ++i) {
      if (found[i] == (*kept)[i]) continue;
      return Error(Code::kDataLoss, "blob {}: chunk {} does not hash to its leaf", id.Text(), i);
    }
    return CheckLeaves(id, found);
  }

 private:
  Disk& disk() { return store_.disk(); }

  StatusOr<std::vector<Digest>> ReadLeaves(const BlobId& id) {
    const std::string path = store_.Of(id).leaves;
    RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk(), path, id.chunks() * Digest::kSize));
    std::vector<Digest> leaves(bytes.size() / Digest::kSize);
    for (size_t i = 0; i < leaves.size(); ++i) {
      RK_ASSIGN_OR_RETURN(
          leaves[i], Digest::FromSpan(ByteSpan(bytes).subspan(i * Digest::kSize, Digest::kSize)));
    }
    RK_RETURN_IF_ERROR(CheckLeaves(id, leaves));
    return leaves;
  }

  DirectoryStore store_;
};

}  // namespace

StatusOr<std::unique_ptr<Blobs>> MakeDirectoryBlobs(Disk& disk, std::string directory) {
  auto blobs = std::make_unique<DirectoryBlobs>(disk, std::move(directory));
  RK_RETURN_IF_ERROR(blobs->Prepare());
  return blobs;
}

}  // namespace renkei::store
