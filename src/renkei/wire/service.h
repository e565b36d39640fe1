// SPDX-License-Identifier: Apache-2.0
// The verbs of the service in terms of a Desk. One thread per call.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>

#include "renkei/v1/coordinator.grpc.pb.h"
#include "renkei/wire/serving.h"

namespace renkei::wire {

class CoordinatorService final : public v1::Coordinator::Service {
 public:
  explicit CoordinatorService(Serving& serving) : serving_(serving) {}

  grpc::Status Hello(grpc::ServerContext*, const v1::HelloRequest*, v1::HelloReply*) override;
  grpc::Status Read(grpc::ServerContext*, const v1::ReadRequest*, v1::ReadReply*) override;
  grpc::Status Submit(grpc::ServerContext*, const v1::SubmitRequest*, v1::SubmitReply*) override;
  grpc::Status ProveInclusion(grpc::ServerContext*, const v1::ProveInclusionRequest*,
                              v1::ProofReply*) override;
  grpc::Status ProveConsistency(grpc::ServerContext*, const v1::ProveConsistencyRequest*,
                                v1::ProofReply*) override;
  grpc::Status Receipt(grpc::ServerContext*, const v1::ReceiptRequest*, v1::ReceiptReply*) override;
  grpc::Status Upload(grpc::ServerContext*,
                      grpc::ServerReaderWriter<v1::UploadReply, v1::UploadRequest>*) override;
  grpc::Status Download(grpc::ServerContext*,
                        grpc::ServerReaderWriter<v1::DownloadReply, v1::DownloadRequest>*) override;
  grpc::Status Report(grpc::ServerContext*, const v1::ReportRequest*, v1::ReportReply*) override;
  grpc::Status RunStatus(grpc::ServerContext*, const v1::RunStatusRequest*,
                         v1::RunStatusReply*) override;
  grpc::Status AskJoin(grpc::ServerContext*, const v1::AskJoinRequest*, v1::AskJoinReply*) override;
  grpc::Status PollJoin(grpc::ServerContext*, const v1::PollJoinRequest*,
                        v1::PollJoinReply*) override;
  grpc::Status PendingJoins(grpc::ServerContext*, const v1::PendingJoinsRequest*,
                            v1::PendingJoinsReply*) override;
  grpc::Status GrantJoin(grpc::ServerContext*, const v1::GrantJoinRequest*,
                         v1::GrantJoinReply*) override;

 private:
  Serving& serving_;
};

}  // namespace renkei::wire
