// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/guarded_blobs.h"

#include <utility>

namespace renkei::site {
namespace {

using May = std::function<Status(uint64_t bytes)>;

class GuardedFile final : public File {
 public:
  GuardedFile(std::unique_ptr<File> file, May may) : file_(std::move(file)), may_(std::move(may)) {}

  StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
    RK_RETURN_IF_ERROR(may_(into.size()));
    return file_->ReadAt(offset, into);
  }
  StatusOr<uint64_t> Size() const override { return file_->Size(); }
  Status WriteAt(uint64_t offset, ByteSpan bytes) override { return file_->WriteAt(offset, bytes); }
  Status Truncate(uint64_t size_bytes) override { return file_->Truncate(size_bytes); }
  Status Sync() override { return file_->Sync(); }

 private:
  const std::unique_ptr<File> file_;
  const May may_;
};

class GuardedSink final : public store::BlobSink {
 public:
  GuardedSink(std::unique_ptr<store::BlobSink> sink, May may)
      : sink_(std::move(sink)), may_(std::move(may)) {}

  uint64_t verified_chunks() const override { return sink_->verified_chunks(); }
  Status Write(uint64_t chunk, ByteSpan bytes) override {
    RK_RETURN_IF_ERROR(may_(bytes.size()));
    return sink_->Write(chunk, bytes);
  }
  Status Commit() override { return sink_->Commit(); }

 private:
  const std::unique_ptr<store::BlobSink> sink_;
  const May may_;
};

class GuardedBlobs final : public store::Blobs {
 public:
  GuardedBlobs(store::Blobs& blobs, May may) : blobs_(blobs), may_(std::move(may)) {}

  StatusOr<bool> Has(const BlobId& id) override { return blobs_.Has(id); }
  StatusOr<std::unique_ptr<File>> Open(const BlobId& id) override {
    RK_ASSIGN_OR_RETURN(auto file, blobs_.Open(id));
    return std::make_unique<GuardedFile>(std::move(file), may_);
  }
  StatusOr<std::vector<Digest>> Leaves(const BlobId& id) override { return blobs_.Leaves(id); }
  StatusOr<std::unique_ptr<store::BlobSink>> Receive(const BlobId& id,
                                                     std::span<const Digest> leaves) override {
    RK_ASSIGN_OR_RETURN(auto sink, blobs_.Receive(id, leaves));
    return std::make_unique<GuardedSink>(std::move(sink), may_);
  }
  StatusOr<std::unique_ptr<store::BlobDraft>> Create() override { return blobs_.Create(); }
  Status Remove(const BlobId& id) override { return blobs_.Remove(id); }
  StatusOr<std::vector<BlobId>> List() override { return blobs_.List(); }
  StatusOr<std::vector<BlobId>> ListParts() override { return blobs_.ListParts(); }
  Status Check(const BlobId& id) override { return blobs_.Check(id); }

 private:
  store::Blobs& blobs_;
  const May may_;
};

}  // namespace

std::unique_ptr<store::Blobs> GuardBlobs(store::Blobs& blobs, May may) {
  return std::make_unique<GuardedBlobs>(blobs, std::move(may));
}

}  // namespace renkei::site
