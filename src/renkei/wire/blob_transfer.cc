// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/blob_transfer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "renkei/crypto/merkle.h"
#include "renkei/wire/messages.h"
#include "renkei/wire/protocol.h"
#include "renkei/wire/stall_watch.h"

namespace renkei::wire {
namespace {

using UploadStream = grpc::ClientReaderWriter<v1::UploadRequest, v1::UploadReply>;
using DownloadStream = grpc::ClientReaderWriter<v1::DownloadRequest, v1::DownloadReply>;

// More chunks than the windows and buffers of both sides hold: when these are sent, the other
// side has taken some.
constexpr uint64_t kChunksAheadMax = 16;

// How long a transfer goes on without progress.
class Patience {
 public:
  explicit Patience(Link& link) : link_(link), backoff_({}) {}

  void Progress() {
    since_.reset();
    backoff_.Reset();
  }

  // After a failed attempt: OK when another one is due, and that is when it returns.
  Status TryAgain(const Status& failure) {
    if (failure.code() != Code::kUnavailable) return failure;
    const Milliseconds now = link_.clock().Monotonic();
    if (!since_) since_ = now;
    if (now - *since_ > link_.options().patience) {
      return Annotate(failure, fmt::format("gave up after {} s without progress",
                                           (now - *since_).count() / 1000));
    }
    return link_.Pause(backoff_);
  }

 private:
  Link& link_;
  Backoff backoff_;
  std::optional<Milliseconds> since_;
};

void Tell(const run::Progress& progress, const BlobId& id, uint64_t chunks) {
  if (progress) progress(std::min(chunks * kChunkBytes, id.size_bytes), id.size_bytes);
}

// The status of a stream that gave no more: what was still on its way is read first.
template <typename Stream, typename Reply>
Status Finish(Link& link, Stream& stream, Reply& reply) {
  while (stream.Read(&reply)) {
  }
  const grpc::Status status = stream.Finish();
  if (status.ok()) {
    return Error(Code::kUnavailable, "the coordinator ended the stream too early");
  }
  return link.Explain(status);
}

class UploadAttempt {
 public:
  UploadAttempt(Link& link, const BlobId& id, const File& file)
      : link_(link),
        id_(id),
        file_(file),
        call_(link, std::nullopt),
        watched_(link.stalls(), [this] { call_.context().TryCancel(); }),
        stub_(link.bulk()),
        stream_(stub_->Upload(&call_.context())) {}
  ~UploadAttempt() {
    if (watched_.broken()) link_.ReplaceBulk(stub_);
  }

  // The first chunk that the coordinator lacks.
  StatusOr<uint64_t> Open(const std::vector<Digest>& leaves) {
    request_.mutable_start()->set_blob(id_.Text());
    RK_RETURN_IF_ERROR(Send());
    for (size_t at = 0; at < leaves.size(); at += kLeavesPerMessage) {
      const size_t count = std::min(kLeavesPerMessage, leaves.size() - at);
      request_.set_leaves(JoinHashes(std::span(leaves).subspan(at, count)));
      RK_RETURN_IF_ERROR(Send());
    }
    RK_RETURN_IF_ERROR(Receive());
    if (reply_.has_accepted() && reply_.accepted().verified_chunks() <= id_.chunks()) {
      return reply_.accepted().verified_chunks();
    }
    return Error(Code::kInternal, "the coordinator's answer to an upload makes no sense");
  }

  Status CheckChunk(uint64_t index, const std::vector<Digest>& leaves) const {
    Bytes content(id_.ChunkSize(index));
    RK_RETURN_IF_ERROR(ReadExactly(file_, index * kChunkBytes, content));
    if (crypto::LeafHash(content) == leaves[index]) return Ok();
    return Error(Code::kDataLoss, "blob {}: chunk {} on this disk does not hash to its leaf",
                 id_.Text(), index);
  }

  Status SendChunk(uint64_t index) {
    v1::Chunk& chunk = *request_.mutable_chunk();
    chunk.set_index(index);
    std::string& content = *chunk.mutable_content();
    content.resize(id_.ChunkSize(index));
    RK_RETURN_IF_ERROR(ReadExactly(file_, index * kChunkBytes,
                                   {reinterpret_cast<uint8_t*>(content.data()), content.size()}));
    return Send();
  }

  Status Close() {
    stream_->WritesDone();
    RK_RETURN_IF_ERROR(Receive());
    if (!reply_.has_done()) return Error(Code::kInternal, "expected the end of an upload");
    return Ok();
  }

 private:
  Status Send() {
    if (!stream_->Write(request_)) return Finish(link_, *stream_, reply_);
    watched_.Progress();
    return Ok();
  }

  Status Receive() {
    do {
      if (!stream_->Read(&reply_)) return Finish(link_, *stream_, reply_);
      watched_.Progress();
    } while (reply_.has_working());
    return Ok();
  }

  Link& link_;
  const BlobId id_;
  const File& file_;
  LinkCall call_;
  WatchedTransfer watched_;
  const std::shared_ptr<v1::Coordinator::Stub> stub_;
  std::unique_ptr<UploadStream> stream_;
  v1::UploadRequest request_;
  v1::UploadReply reply_;
};

class DownloadAttempt {
 public:
  DownloadAttempt(Link& link, const BlobId& id)
      : link_(link),
        id_(id),
        call_(link, std::nullopt),
        watched_(link.stalls(), [this] { call_.context().TryCancel(); }),
        stub_(link.bulk()),
        stream_(stub_->Download(&call_.context())) {}
  ~DownloadAttempt() {
    if (watched_.broken()) link_.ReplaceBulk(stub_);
  }

  Status Start(bool want_leaves) {
    request_.mutable_start()->set_blob(id_.Text());
    request_.mutable_start()->set_leaves(want_leaves);
    return Send();
  }

  StatusOr<std::vector<Digest>> ReceiveLeaves() {
    std::vector<Digest> leaves;
    while (leaves.size() < id_.chunks()) {
      RK_RETURN_IF_ERROR(Receive());
      if (reply_.leaves().empty()) return Error(Code::kInternal, "expected leaf hashes");
      const uint64_t left = id_.chunks() - leaves.size();
      RK_RETURN_IF_ERROR(
          SplitHashes(reply_.leaves(), std::min<uint64_t>(left, kLeavesPerMessage), leaves));
    }
    return leaves;
  }

  Status ResumeFrom(uint64_t chunk) {
    request_.mutable_resume()->set_from_chunk(chunk);
    return Send();
  }

  Status ReceiveChunk(uint64_t index, store::BlobSink& sink) {
    RK_RETURN_IF_ERROR(Receive());
    if (!reply_.has_chunk() || reply_.chunk().index() != index) {
      return Error(Code::kInternal, "download of {}: expected chunk {}", id_.Text(), index);
    }
    return sink.Write(index, AsBytes(reply_.chunk().content()));
  }

 private:
  Status Send() {
    if (!stream_->Write(request_)) return Finish(link_, *stream_, reply_);
    watched_.Progress();
    return Ok();
  }

  Status Receive() {
    if (!stream_->Read(&reply_)) return Finish(link_, *stream_, reply_);
    watched_.Progress();
    return Ok();
  }

  Link& link_;
  const BlobId id_;
  LinkCall call_;
  WatchedTransfer watched_;
  const std::shared_ptr<v1::Coordinator::Stub> stub_;
  std::unique_ptr<DownloadStream> stream_;
  v1::DownloadRequest request_;
  v1::DownloadReply reply_;
};

}  // namespace

Status UploadBlob(Link& link, store::Blobs& from, const BlobId& id, const run::Progress& progress) {
  RK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, from.Open(id));
  RK_ASSIGN_OR_RETURN(const std::vector<Digest> leaves, from.Leaves(id));
  Patience patience(link);
  uint64_t arrived = 0;  // the most chunks that the coordinator said it had
  bool failed_before = false;
  const auto attempt = [&]() -> Status {
    RK_RETURN_IF_ERROR(link.Agree());
    UploadAttempt upload(link, id, *file);
    RK_ASSIGN_OR_RETURN(const uint64_t first, upload.Open(leaves));
    // What the coordinator refused may have changed on our own disk: it would refuse it for ever.
    if (failed_before && first < id.chunks()) RK_RETURN_IF_ERROR(upload.CheckChunk(first, leaves));
    failed_before = true;
    if (first > arrived) patience.Progress();
    arrived = std::max(arrived, first);
    Tell(progress, id, first);
    for (uint64_t i = first; i < id.chunks(); ++i) {
      RK_RETURN_IF_ERROR(upload.SendChunk(i));
      if (i - first >= kChunksAheadMax) patience.Progress();
      Tell(progress, id, i + 1);
    }
    return upload.Close();
  };
  while (true) {
    const Status status = attempt();
    if (status.ok()) return status;
    RK_RETURN_IF_ERROR(patience.TryAgain(status));
  }
}

Status DownloadBlob(Link& link, const BlobId& id, store::Blobs& into,
                    const run::Progress& progress) {
  RK_ASSIGN_OR_RETURN(const bool here, into.Has(id));
  if (here) return Ok();
  Patience patience(link);
  std::unique_ptr<store::BlobSink> sink;
  const auto attempt = [&]() -> Status {
    RK_RETURN_IF_ERROR(link.Agree());
    DownloadAttempt download(link, id);
    RK_RETURN_IF_ERROR(download.Start(/*want_leaves=*/sink == nullptr));
    if (sink == nullptr) {
      RK_ASSIGN_OR_RETURN(const std::vector<Digest> leaves, download.ReceiveLeaves());
      RK_ASSIGN_OR_RETURN(sink, into.Receive(id, leaves));
    }
    Tell(progress, id, sink->verified_chunks());
    RK_RETURN_IF_ERROR(download.ResumeFrom(sink->verified_chunks()));
    while (sink->verified_chunks() < id.chunks()) {
      RK_RETURN_IF_ERROR(download.ReceiveChunk(sink->verified_chunks(), *sink));
      patience.Progress();
      Tell(progress, id, sink->verified_chunks());
    }
    return Ok();
  };
  while (true) {
    const Status status = attempt();
    if (status.ok()) return sink->Commit();
    RK_RETURN_IF_ERROR(patience.TryAgain(status));
  }
}

}  // namespace renkei::wire
