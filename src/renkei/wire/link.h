// SPDX-License-Identifier: Apache-2.0
// A client's way to its coordinator: two connections (one for calls, one for bulk data), the
// agreed protocol, and what to make of calls that fail.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include "renkei/base/clock.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/v1/coordinator.grpc.pb.h"
#include "renkei/wire/backoff.h"
#include "renkei/wire/grpc_peer.h"
#include "renkei/wire/stall_watch.h"
#include "renkei/wire/tls.h"

namespace renkei::wire {

// Thread-safe.
class Link {
 public:
  Link(PeerOptions options, Clock& clock, Random& random);

  v1::Coordinator::Stub& calls() { return *calls_; }
  // Shared with the streams that run on it when it is replaced.
  std::shared_ptr<v1::Coordinator::Stub> bulk();
  // After a stall: the next stream takes a new connection, for the old one may be dead and gRPC
  // would learn it from an unanswered ping only.
  void ReplaceBulk(const std::shared_ptr<v1::Coordinator::Stub>& stalled);
  StallWatch& stalls() { return stalls_; }
  Clock& clock() { return clock_; }
  const PeerOptions& options() const { return options_; }
  uint32_t protocol() const { return protocol_; }  // 0: not agreed yet

  // Says Hello unless a protocol is agreed already.
  Status Agree();
  StatusOr<v1::HelloReply> SayHello();

  // Waits before another try, or until a connection that was lost is there again. Meanwhile this
  // thread does what connecting needs: without a call that waits, gRPC looks at its sockets every
  // five seconds only. CANCELLED when asked to stop.
  Status Pause(Backoff& backoff);
  // Ours of gRPC's: where it failed, and whose certificate did not count. UNAVAILABLE is what
  // may be tried again: no connection, a broken one, no answer in time.
  Status Explain(const grpc::Status& status) const;

 private:
  // One that is being made, or nullptr.
  std::shared_ptr<grpc::Channel> Connecting();

  const PeerOptions options_;
  Clock& clock_;
  Random& random_;
  std::mutex random_mutex_;
  StallWatch stalls_;
  const std::shared_ptr<ServerExpectation> expectation_;  // gRPC's verifier holds it too
  const std::shared_ptr<grpc::Channel> calls_channel_;
  const std::unique_ptr<v1::Coordinator::Stub> calls_;
  std::mutex bulk_mutex_;  // guards the next two
  std::shared_ptr<grpc::Channel> bulk_channel_;
  std::shared_ptr<v1::Coordinator::Stub> bulk_;
  std::atomic<uint32_t> protocol_ = 0;
};

// One call's context: ends when the peer is asked to stop. Without a deadline: a transfer.
class LinkCall {
 public:
  LinkCall(const Link& link, std::optional<Milliseconds> deadline);
  grpc::ClientContext& context() { return context_; }

 private:
  struct Cancel {
    grpc::ClientContext* context;
    void operator()() const { context->TryCancel(); }
  };
  grpc::ClientContext context_;
  std::stop_callback<Cancel> on_stop_;
};

}  // namespace renkei::wire
