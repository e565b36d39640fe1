// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/grpc_peer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "renkei/wire/blob_transfer.h"
#include "renkei/wire/link.h"
#include "renkei/wire/messages.h"
#include "renkei/wire/protocol.h"

namespace renkei::wire {
namespace {

constexpr Milliseconds kCallDeadline{30'000};
constexpr int kTriesMax = 4;  // within about a second

enum class Repeat { kHarmless, kNever };

StatusOr<std::vector<Digest>> Hashes(const StatusOr<v1::ProofReply>& reply) {
  RK_RETURN_IF_ERROR(reply.status());
  std::vector<Digest> hashes;
  RK_RETURN_IF_ERROR(SplitHashes(reply->hashes(), kProofHashesMax, hashes));
  return hashes;
}

class GrpcPeer final : public run::Peer {
 public:
  GrpcPeer(PeerOptions options, Clock& clock, Random& random)
      : link_(std::move(options), clock, random) {}

  StatusOr<run::Welcome> Hello() override {
    RK_ASSIGN_OR_RETURN(const v1::HelloReply reply,
                        Tried(Repeat::kHarmless, [&] { return link_.SayHello(); }));
    return run::Welcome{.protocol = reply.protocol(),
                        .charter_envelope = ToBytes(reply.charter_envelope()),
                        .checkpoint = reply.checkpoint(),
                        .server_version = reply.version()};
  }

  StatusOr<run::Page> Read(uint64_t from, uint32_t max, Milliseconds wait) override {
    v1::ReadRequest request;
    request.set_from(from);
    request.set_max(max);
    request.set_wait_ms(
        static_cast<uint32_t>(std::clamp(wait, Milliseconds(0), kReadWaitMax).count()));
    RK_ASSIGN_OR_RETURN(const v1::ReadReply reply,
                        Call(&v1::Coordinator::Stub::Read, request, kCallDeadline + wait));
    run::Page page{.entries = {},
                   .checkpoint = reply.checkpoint(),
                   .now = Instant(Milliseconds(reply.now_ms()))};
    for (const std::string& entry : reply.entries()) page.entries.push_back(ToBytes(entry));
    return page;
  }

  StatusOr<run::Submitted> Submit(ByteSpan envelope) override {
    v1::SubmitRequest request;
    request.set_envelope(ToText(envelope));
    RK_ASSIGN_OR_RETURN(const v1::SubmitReply reply, Call(&v1::Coordinator::Stub::Submit, request));
    run::Submitted submitted{
        .index = reply.index(), .inclusion = {}, .checkpoint = reply.checkpoint()};
    RK_RETURN_IF_ERROR(SplitHashes(reply.inclusion(), kProofHashesMax, submitted.inclusion));
    return submitted;
  }

  StatusOr<std::vector<Digest>> ProveInclusion(uint64_t index, uint64_t tree_size) override {
    v1::ProveInclusionRequest request;
    request.set_index(index);
    request.set_size(tree_size);
    return Hashes(Call(&v1::Coordinator::Stub::ProveInclusion, request));
  }

  StatusOr<std::vector<Digest>> ProveConsistency(uint64_t from, uint64_t to) override {
    v1::ProveConsistencyRequest request;
    request.set_from(from);
    request.set_to(to);
    return Hashes(Call(&v1::Coordinator::Stub::ProveConsistency, request));
  }

  Status Upload(store::Blobs& from, const BlobId& id, const run::Progress& progress) override {
    return UploadBlob(link_, from, id, progress);
  }

  Status Download(const BlobId& id, store::Blobs& into, const run::Progress& progress) override {
    return DownloadBlob(link_, id, into, progress);
  }

  StatusOr<Bytes> Receipt(uint64_t entry_index) override {
    v1::ReceiptRequest request;
    request.set_entry(entry_index);
    RK_ASSIGN_OR_RETURN(const v1::ReceiptReply reply,
                        Call(&v1::Coordinator::Stub::Receipt, request));
    return ToBytes(reply.receipt());
  }

  Status Report(const run::SiteProgress& progress) override {
    v1::ReportRequest request;
    request.set_run(progress.run.text());
    request.set_round(progress.round);
    request.set_phase(progress.phase);
    request.set_fraction(progress.fraction);
    return Call(&v1::Coordinator::Stub::Report, request).status();
  }

  StatusOr<std::string> RunStatus(const RunId& run) override {
    v1::RunStatusRequest request;
    request.set_run(run.text());
    RK_ASSIGN_OR_RETURN(const v1::RunStatusReply reply,
                        Call(&v1::Coordinator::Stub::RunStatus, request));
    return reply.json();
  }

  Status AskJoin(const std::string& request_json) override {
    v1::AskJoinRequest request;
    request.set_json(request_json);
    return Call(&v1::Coordinator::Stub::AskJoin, request).status();
  }

  StatusOr<std::string> PollJoin(const std::string& token_id) override {
    v1::PollJoinRequest request;
    request.set_token_id(token_id);
    RK_ASSIGN_OR_RETURN(const v1::PollJoinReply reply,
                        Call(&v1::Coordinator::Stub::PollJoin, request));
    return reply.json();
  }

  StatusOr<std::vector<std::string>> PendingJoins() override {
    RK_ASSIGN_OR_RETURN(const v1::PendingJoinsReply reply,
                        Call(&v1::Coordinator::Stub::PendingJoins, v1::PendingJoinsRequest()));
    return std::vector<std::string>(reply.json().begin(), reply.json().end());
  }

  Status GrantJoin(const std::string& grant_json) override {
    v1::GrantJoinRequest request;
    request.set_json(grant_json);
    return Call(&v1::Coordinator::Stub::GrantJoin, request, kCallDeadline, Repeat::kNever).status();
  }

 private:
  template <typename Request, typename Reply>
  using Verb = grpc::Status (v1::Coordinator::Stub::*)(grpc::ClientContext*, const Request&,
                                                       Reply*);

  // `work` again after UNAVAILABLE, a few times.
  template <typename Work>
  auto Tried(Repeat repeat, Work work) -> decltype(work()) {
    Backoff backoff({});
    for (int tries = 1;; ++tries) {
      auto result = work();
      if (result.status().code() != Code::kUnavailable) return result;
      if (tries >= kTriesMax || repeat == Repeat::kNever) return result;
      RK_RETURN_IF_ERROR(link_.Pause(backoff));
    }
  }

  template <typename Request, typename Reply>
  StatusOr<Reply> Call(Verb<Request, Reply> verb, const Request& request,
                       Milliseconds deadline = kCallDeadline, Repeat repeat = Repeat::kHarmless) {
    return Tried(repeat, [&]() -> StatusOr<Reply> {
      RK_RETURN_IF_ERROR(link_.Agree());
      LinkCall call(link_, deadline);
      Reply reply;
      RK_RETURN_IF_ERROR(link_.Explain((link_.calls().*verb)(&call.context(), request, &reply)));
      return reply;
    });
  }

  Link link_;
};

}  // namespace

std::unique_ptr<run::Peer> MakeGrpcPeer(PeerOptions options, Clock& clock, Random& random) {
  return std::make_unique<GrpcPeer>(std::move(options), clock, random);
}

}  // namespace renkei::wire
