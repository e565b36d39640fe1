// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/service.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "renkei/base/version.h"
#include "renkei/wire/messages.h"
#include "renkei/wire/protocol.h"
#include "renkei/wire/status_codes.h"

namespace renkei::wire {
namespace {

using identity::PeerId;

constexpr Milliseconds kReadSlice{1000};  // how soon a closing server or lost caller is noticed

// A verb: who may, then what. `work` gets the caller and answers a Status.
template <typename Work>
grpc::Status Answer(Serving& serving, grpc::ServerContext* context, Access access, Work work) {
  const StatusOr<PeerId> caller = Begin(serving, *context, access);
  return ToGrpc(caller.ok() ? work(*caller) : caller.status());
}

Status CheckLength(std::string_view what, size_t size, size_t size_max) {
  if (size <= size_max) return Ok();
  return Error(Code::kResourceExhausted, "{} of {} bytes, at most {}", what, size, size_max);
}

// A place among the long polls, or none.
class LongPoll {
 public:
  explicit LongPoll(std::atomic<int>& count) : count_(count), taken_(++count <= kLongPollsMax) {}
  ~LongPoll() { --count_; }
  LongPoll(const LongPoll&) = delete;
  LongPoll& operator=(const LongPoll&) = delete;
  bool taken() const { return taken_; }

 private:
  std::atomic<int>& count_;
  const bool taken_;
};

StatusOr<run::Page> WaitForPage(Serving& serving, const grpc::ServerContext& context,
                                const PeerId& caller, const v1::ReadRequest& request) {
  const LongPoll poll(serving.long_polls);
  const Milliseconds wait = std::min(Milliseconds(request.wait_ms()), kReadWaitMax);
  const Milliseconds end = serving.clock.Monotonic() + (poll.taken() ? wait : Milliseconds(0));
  const uint32_t max = std::min(request.max(), run::kPageEntriesMax);
  while (true) {
    const Milliseconds left = std::max(end - serving.clock.Monotonic(), Milliseconds(0));
    RK_ASSIGN_OR_RETURN(run::Page page,
                        serving.desk.Read(caller, request.from(), max, std::min(left, kReadSlice)));
    if (!page.entries.empty() || left <= kReadSlice || context.IsCancelled() || serving.closing) {
      return page;
    }
  }
}

Status AnswerWithProof(const StatusOr<std::vector<Digest>>& proof, v1::ProofReply* reply) {
  RK_RETURN_IF_ERROR(proof.status());
  reply->set_hashes(JoinHashes(*proof));
  return Ok();
}

}  // namespace

grpc::Status CoordinatorService::Hello(grpc::ServerContext* context,
                                       const v1::HelloRequest* request, v1::HelloReply* reply) {
  const auto work = [&]() -> Status {
    RK_ASSIGN_OR_RETURN(const PeerId caller, BeginHello(serving_, *context));
    constexpr size_t kVersionBytesMax = 64;
    RK_ASSIGN_OR_RETURN(
        const uint32_t protocol,
        AgreeOnProtocol(serving_.protocols, {request->protocol_min(), request->protocol_max()},
                        request->version().substr(0, kVersionBytesMax)));
    RK_ASSIGN_OR_RETURN(const run::Welcome welcome, serving_.desk.Hello(caller));
    reply->set_protocol(protocol);
    reply->set_charter_envelope(ToText(welcome.charter_envelope));
    reply->set_checkpoint(welcome.checkpoint);
    reply->set_version(std::string(Version()));
    return Ok();
  };
  return ToGrpc(work());
}

grpc::Status CoordinatorService::Read(grpc::ServerContext* context, const v1::ReadRequest* request,
                                      v1::ReadReply* reply) {
  return Answer(serving_, context, Access::kPeers, [&](const PeerId& caller) -> Status {
    RK_ASSIGN_OR_RETURN(run::Page page, WaitForPage(serving_, *context, caller, *request));
    for (const Bytes& entry : page.entries) reply->add_entries(ToText(entry));
    reply->set_checkpoint(std::move(page.checkpoint));
    reply->set_now_ms(page.now.time_since_epoch().count());
    return Ok();
  });
}

grpc::Status CoordinatorService::Submit(grpc::ServerContext* context,
                                        const v1::SubmitRequest* request, v1::SubmitReply* reply) {
  return Answer(serving_, context, Access::kPeers, [&](const PeerId& caller) -> Status {
    RK_RETURN_IF_ERROR(CheckLength("an entry", request->envelope().size(), kEntryBytesMax));
    RK_ASSIGN_OR_RETURN(const run::Submitted submitted,
                        serving_.desk.Submit(caller, AsBytes(request->envelope())));
    reply->set_index(submitted.index);
    reply->set_inclusion(JoinHashes(submitted.inclusion));
    reply->set_checkpoint(submitted.checkpoint);
    return Ok();
  });
}

grpc::Status CoordinatorService::ProveInclusion(grpc::ServerContext* context,
                                                const v1::ProveInclusionRequest* request,
                                                v1::ProofReply* reply) {
  return Answer(serving_, context, Access::kPeers, [&](const PeerId& caller) {
    return AnswerWithProof(serving_.desk.ProveInclusion(caller, request->index(), request->size()),
                           reply);
  });
}

grpc::Status CoordinatorService::ProveConsistency(grpc::ServerContext* context,
                                                  const v1::ProveConsistencyRequest* request,
                                                  v1::ProofReply* reply) {
  return Answer(serving_, context, Access::kPeers, [&](const PeerId& caller) {
    return AnswerWithProof(serving_.desk.ProveConsistency(caller, request->from(), request->to()),
                           reply);
  });
}

grpc::Status CoordinatorService::Receipt(grpc::ServerContext* context,
                                         const v1::ReceiptRequest* request,
                                         v1::ReceiptReply* reply) {
  return Answer(serving_, context, Access::kPeers, [&](const PeerId& caller) -> Status {
    RK_ASSIGN_OR_RETURN(const Bytes receipt, serving_.desk.Receipt(caller, request->entry()));
    reply->set_receipt(ToText(receipt));
    return Ok();
  });
}

grpc::Status CoordinatorService::Report(grpc::ServerContext* context,
                                        const v1::ReportRequest* request,
                                        v1::ReportReply* /*reply*/) {
  return Answer(serving_, context, Access::kPeers, [&](const PeerId& caller) -> Status {
    constexpr size_t kPhaseBytesMax = 32;
    RK_RETURN_IF_ERROR(CheckLength("a phase", request->phase().size(), kPhaseBytesMax));
    if (!(request->fraction() >= 0 && request->fraction() <= 1)) {
      return Error(Code::kInvalidArgument, "fraction of a phase: expected 0 to 1");
    }
    run::SiteProgress progress{.run = {},
                               .round = request->round(),
                               .phase = request->phase(),
                               .fraction = request->fraction()};
    if (!request->run().empty()) {  // an idle site has none
      RK_ASSIGN_OR_RETURN(progress.run, RunId::Parse(request->run()));
    }
    return serving_.desk.Report(caller, progress);
  });
}

grpc::Status CoordinatorService::RunStatus(grpc::ServerContext* context,
                                           const v1::RunStatusRequest* request,
                                           v1::RunStatusReply* reply) {
  return Answer(serving_, context, Access::kPeers, [&](const PeerId& caller) -> Status {
    RK_ASSIGN_OR_RETURN(const RunId run, RunId::Parse(request->run()));
    RK_ASSIGN_OR_RETURN(std::string json, serving_.desk.RunStatus(caller, run));
    RK_RETURN_IF_ERROR(CheckLength("the status of the run", json.size(), kTextBytesMax));
    reply->set_json(std::move(json));
    return Ok();
  });
}

grpc::Status CoordinatorService::AskJoin(grpc::ServerContext* context,
                                         const v1::AskJoinRequest* request,
                                         v1::AskJoinReply* /*reply*/) {
  return Answer(serving_, context, Access::kAnyone, [&](const PeerId& caller) -> Status {
    RK_RETURN_IF_ERROR(CheckLength("a join request", request->json().size(), kJoinBytesMax));
    return serving_.desk.AskJoin(caller, request->json());
  });
}

grpc::Status CoordinatorService::PollJoin(grpc::ServerContext* context,
                                          const v1::PollJoinRequest* request,
                                          v1::PollJoinReply* reply) {
  return Answer(serving_, context, Access::kAnyone, [&](const PeerId& caller) -> Status {
    RK_RETURN_IF_ERROR(CheckLength("a token id", request->token_id().size(), kJoinBytesMax));
    RK_ASSIGN_OR_RETURN(std::string json, serving_.desk.PollJoin(caller, request->token_id()));
    reply->set_json(std::move(json));
    return Ok();
  });
}

grpc::Status CoordinatorService::PendingJoins(grpc::ServerContext* context,
                                              const v1::PendingJoinsRequest* /*request*/,
                                              v1::PendingJoinsReply* reply) {
  return Answer(serving_, context, Access::kPeers, [&](const PeerId& caller) -> Status {
    RK_ASSIGN_OR_RETURN(const std::vector<std::string> joins, serving_.desk.PendingJoins(caller));
    size_t size = 0;
    for (const std::string& json : joins) {
      size += json.size() + kFieldBytesMax;
      if (size > kTextBytesMax) break;  // oldest first: the rest shows when these are answered
      reply->add_json(json);
    }
    return Ok();
  });
}

grpc::Status CoordinatorService::GrantJoin(grpc::ServerContext* context,
                                           const v1::GrantJoinRequest* request,
                                           v1::GrantJoinReply* /*reply*/) {
  return Answer(serving_, context, Access::kPeers, [&](const PeerId& caller) -> Status {
    RK_RETURN_IF_ERROR(CheckLength("a grant", request->json().size(), kJoinBytesMax));
    return serving_.desk.GrantJoin(caller, request->json());
  });
}

}  // namespace renkei::wire
