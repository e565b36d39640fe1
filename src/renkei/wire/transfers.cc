// SPDX-License-Identifier: Apache-2.0
// The server's side of the two streams of chunks. Memory per stream: one chunk here, and what
// gRPC's window lets the other side send ahead.
#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "renkei/wire/doorkeeper.h"
#include "renkei/wire/messages.h"
#include "renkei/wire/protocol.h"
#include "renkei/wire/service.h"
#include "renkei/wire/status_codes.h"

namespace renkei::wire {
namespace {

using identity::PeerId;
using UploadCall = grpc::ServerReaderWriter<v1::UploadReply, v1::UploadRequest>;
using DownloadCall = grpc::ServerReaderWriter<v1::DownloadReply, v1::DownloadRequest>;

constexpr std::chrono::seconds kSignOfLifeEvery{10};
constexpr Milliseconds kOlderTransferWait{5'000};

StatusOr<BlobId> ParseBlob(const std::string& text) {
  RK_ASSIGN_OR_RETURN(const BlobId id, BlobId::Parse(text));
  if (id.size_bytes <= kBlobBytesMax) return id;
  return Error(Code::kResourceExhausted, "blob of {} bytes, at most {}", id.size_bytes,
               kBlobBytesMax);
}

// Why a stream gave no next message.
Status Ended(const Serving& serving, const WatchedTransfer& watched, std::string_view where) {
  if (serving.closing) return Error(Code::kUnavailable, "the coordinator is shutting down");
  if (const Status refusal = watched.refusal(); !refusal.ok()) return refusal;
  if (watched.broken()) return Error(Code::kUnavailable, "no progress {}: resume", where);
  return Error(Code::kUnavailable, "the stream ended {}: resume", where);
}

// A transfer outlives the moment at which it was allowed: whether its certificate still counts and
// nobody has cut its crossing is asked as long as it runs.
template <typename Check>
void GuardTransfer(Serving& serving, const grpc::ServerContext& context, WatchedTransfer& watched,
                   Check check) {
  watched.Guard([&serving, chain = Doorkeeper::ShownChain(context), check]() -> Status {
    RK_RETURN_IF_ERROR(serving.door.IdentifyChain(chain).status());
    return check();
  });
}

class UploadSession {
 public:
  UploadSession(Serving& serving, grpc::ServerContext* context, UploadCall* call)
      : serving_(serving),
        context_(context),
        call_(call),
        watched_(serving.stalls, [context] { context->TryCancel(); }) {}

  Status Run() {
    RK_ASSIGN_OR_RETURN(const PeerId caller, Begin(serving_, *context_, Access::kPeers));
    RK_RETURN_IF_ERROR(Next("before its start"));
    if (!request_.has_start()) return Unexpected("start");
    RK_ASSIGN_OR_RETURN(id_, ParseBlob(request_.start().blob()));
    RK_ASSIGN_OR_RETURN(
        const TransferTable::Place place,
        serving_.transfers.EnterUpload(
            id_, caller.Uri(), [context = context_] { context->TryCancel(); }, kOlderTransferWait));
    std::unique_ptr<store::BlobSink> sink;
    {
      std::vector<Digest> leaves;
      RK_RETURN_IF_ERROR(ReceiveLeaves(leaves));
      const auto begin = [&]() -> Status {
        RK_ASSIGN_OR_RETURN(sink, serving_.desk.BeginUpload(caller, id_, leaves));
        return Ok();
      };
      RK_RETURN_IF_ERROR(ShowLifeDuring(begin));
    }
    GuardTransfer(serving_, *context_, watched_, [&desk = serving_.desk, caller, id = id_] {
      return desk.CheckUpload(caller, id);
    });
    RK_RETURN_IF_ERROR(Accept(sink == nullptr ? id_.chunks() : sink->verified_chunks()));
    if (sink != nullptr) RK_RETURN_IF_ERROR(ReceiveChunks(*sink));
    watched_.Guard({});  // All has crossed; FinishUpload asks once more.
    const auto finish = [&]() -> Status {
      if (sink != nullptr) RK_RETURN_IF_ERROR(sink->Commit());
      sink.reset();
      return serving_.desk.FinishUpload(caller, id_);
    };
    RK_RETURN_IF_ERROR(ShowLifeDuring(finish));
    reply_.mutable_done();
    call_->Write(reply_);  // when it is lost, the caller asks again and is told at once
    return Ok();
  }

 private:
  Status Next(std::string_view where) {
    if (serving_.closing || !call_->Read(&request_)) return Ended(serving_, watched_, where);
    watched_.Progress();
    return Ok();
  }

  Status Unexpected(std::string_view expected) const {
    return Error(Code::kInvalidArgument, "upload of {}: expected {}", id_.Text(), expected);
  }

  Status ReceiveLeaves(std::vector<Digest>& leaves) {
    while (leaves.size() < id_.chunks()) {
      RK_RETURN_IF_ERROR(Next("among the leaf hashes"));
      if (request_.leaves().empty()) return Unexpected("leaf hashes");
      const uint64_t left = id_.chunks() - leaves.size();
      RK_RETURN_IF_ERROR(
          SplitHashes(request_.leaves(), std::min<uint64_t>(left, kLeavesPerMessage), leaves));
    }
    return Ok();
  }

  Status Accept(uint64_t verified_chunks) {
    reply_.mutable_accepted()->set_verified_chunks(verified_chunks);
    if (!call_->Write(reply_)) return Ended(serving_, watched_, "before its first chunk");
    watched_.Progress();
    return Ok();
  }

  Status ReceiveChunks(store::BlobSink& sink) {
    for (uint64_t i = sink.verified_chunks(); i < id_.chunks(); ++i) {
      RK_RETURN_IF_ERROR(Next(fmt::format("at chunk {} of {}", i, id_.chunks())));
      if (!request_.has_chunk() || request_.chunk().index() != i) {
        return Unexpected(fmt::format("chunk {}", i));
      }
      RK_RETURN_IF_ERROR(sink.Write(i, AsBytes(request_.chunk().content())));
      serving_.desk.CountTransfer(request_.chunk().content().size(), 0);
    }
    return Ok();
  }

  // Runs `work`, which may hash or sync for minutes, and lets the caller know that it goes on.
  template <typename Work>
  Status ShowLifeDuring(Work work) {
    std::future<Status> result = std::async(std::launch::async, work);
    while (result.wait_for(kSignOfLifeEvery) != std::future_status::ready) {
      v1::UploadReply life;
      life.mutable_working();
      call_->Write(life);  // a broken stream shows at the next step; the work is not lost
      watched_.Progress();
    }
    watched_.Progress();
    return result.get();
  }

  Serving& serving_;
  grpc::ServerContext* const context_;
  UploadCall* const call_;
  WatchedTransfer watched_;
  BlobId id_;
  v1::UploadRequest request_;
  v1::UploadReply reply_;
};

class DownloadSession {
 public:
  DownloadSession(Serving& serving, grpc::ServerContext* context, DownloadCall* call)
      : serving_(serving),
        context_(context),
        call_(call),
        watched_(serving.stalls, [context] { context->TryCancel(); }) {}

  Status Run() {
    RK_ASSIGN_OR_RETURN(const PeerId caller, Begin(serving_, *context_, Access::kPeers));
    RK_RETURN_IF_ERROR(Next("before its start"));
    if (!request_.has_start()) return Unexpected("start");
    const bool send_leaves = request_.start().leaves();
    RK_ASSIGN_OR_RETURN(id_, ParseBlob(request_.start().blob()));
    RK_ASSIGN_OR_RETURN(
        const TransferTable::Place place,
        serving_.transfers.EnterDownload(
            id_, caller.Uri(), [context = context_] { context->TryCancel(); }, kOlderTransferWait));
    RK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, serving_.desk.OpenDownload(caller, id_));
    GuardTransfer(serving_, *context_, watched_, [&desk = serving_.desk, caller, id = id_] {
      return desk.CheckDownload(caller, id);
    });
    if (send_leaves) RK_RETURN_IF_ERROR(SendLeaves(caller));
    RK_RETURN_IF_ERROR(Next("before its first chunk"));
    if (!request_.has_resume() || request_.resume().from_chunk() > id_.chunks()) {
      return Unexpected(fmt::format("resume at a chunk up to {}", id_.chunks()));
    }
    return SendChunks(*file, request_.resume().from_chunk());
  }

 private:
  Status Next(std::string_view where) {
    if (serving_.closing || !call_->Read(&request_)) return Ended(serving_, watched_, where);
    watched_.Progress();
    return Ok();
  }

  Status Unexpected(std::string_view expected) const {
    return Error(Code::kInvalidArgument, "download of {}: expected {}", id_.Text(), expected);
  }

  Status Send(std::string_view where) {
    if (serving_.closing || !call_->Write(reply_)) return Ended(serving_, watched_, where);
    watched_.Progress();
    return Ok();
  }

  Status SendLeaves(const PeerId& caller) {
    RK_ASSIGN_OR_RETURN(const std::vector<Digest> leaves, serving_.desk.Leaves(caller, id_));
    for (size_t at = 0; at < leaves.size(); at += kLeavesPerMessage) {
      const size_t count = std::min(kLeavesPerMessage, leaves.size() - at);
      reply_.set_leaves(JoinHashes(std::span(leaves).subspan(at, count)));
      RK_RETURN_IF_ERROR(Send("among the leaf hashes"));
    }
    return Ok();
  }

  Status SendChunks(const File& file, uint64_t from) {
    for (uint64_t i = from; i < id_.chunks(); ++i) {
      v1::Chunk& chunk = *reply_.mutable_chunk();
      chunk.set_index(i);
      std::string& content = *chunk.mutable_content();
      content.resize(id_.ChunkSize(i));
      RK_RETURN_IF_ERROR(ReadExactly(file, i * kChunkBytes,
                                     {reinterpret_cast<uint8_t*>(content.data()), content.size()}));
      RK_RETURN_IF_ERROR(Send(fmt::format("at chunk {} of {}", i, id_.chunks())));
      serving_.desk.CountTransfer(0, id_.ChunkSize(i));
    }
    return Ok();
  }

  Serving& serving_;
  grpc::ServerContext* const context_;
  DownloadCall* const call_;
  WatchedTransfer watched_;
  BlobId id_;
  v1::DownloadRequest request_;
  v1::DownloadReply reply_;
};

}  // namespace

grpc::Status CoordinatorService::Upload(grpc::ServerContext* context, UploadCall* call) {
  return ToGrpc(UploadSession(serving_, context, call).Run());
}

grpc::Status CoordinatorService::Download(grpc::ServerContext* context, DownloadCall* call) {
  return ToGrpc(DownloadSession(serving_, context, call).Run());
}

}  // namespace renkei::wire
