// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/link.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <utility>

#include <grpcpp/create_channel.h>

#include "renkei/base/version.h"
#include "renkei/wire/status_codes.h"
#include "renkei/wire/transport.h"

namespace renkei::wire {
namespace {

constexpr Milliseconds kHelloDeadline{30'000};

constexpr Milliseconds kPauseSlice{100};  // how soon a stop is noticed

std::shared_ptr<grpc::Channel> Connect(const PeerOptions& options,
                                       std::shared_ptr<ServerExpectation> expectation) {
  return grpc::CreateCustomChannel(
      options.address,
      MakeChannelCredentials(options.chain_pem, options.key_pem, std::move(expectation)),
      ClientArguments(options.keepalive));
}

}  // namespace

Link::Link(PeerOptions options, Clock& clock, Random& random)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      stalls_(clock, options_.stall_limit),
      expectation_(
          std::make_shared<ServerExpectation>(options_.roots, options_.coordinator, clock)),
      calls_channel_(Connect(options_, expectation_)),
      calls_(v1::Coordinator::NewStub(calls_channel_)),
      bulk_channel_(Connect(options_, expectation_)),
      bulk_(v1::Coordinator::NewStub(bulk_channel_)) {}

std::shared_ptr<v1::Coordinator::Stub> Link::bulk() {
  const std::lock_guard lock(bulk_mutex_);
  return bulk_;
}

void Link::ReplaceBulk(const std::shared_ptr<v1::Coordinator::Stub>& stalled) {
  const std::lock_guard lock(bulk_mutex_);
  if (bulk_ != stalled) return;
  bulk_channel_ = Connect(options_, expectation_);
  bulk_ = v1::Coordinator::NewStub(bulk_channel_);
}

Status Link::Agree() { return protocol_ != 0 ? Ok() : SayHello().status(); }

StatusOr<v1::HelloReply> Link::SayHello() {
  v1::HelloRequest request;
  request.set_protocol_min(options_.protocols.min);
  request.set_protocol_max(options_.protocols.max);
  request.set_version(std::string(Version()));
  v1::HelloReply reply;
  LinkCall call(*this, kHelloDeadline);
  RK_RETURN_IF_ERROR(Explain(calls_->Hello(&call.context(), request, &reply)));
  if (reply.protocol() < options_.protocols.min || reply.protocol() > options_.protocols.max) {
    return Error(Code::kFailedPrecondition,
                 "the coordinator at {} chose protocol {}, which is not between {} and {}",
                 options_.address, reply.protocol(), options_.protocols.min,
                 options_.protocols.max);
  }
  protocol_ = reply.protocol();
  return reply;
}

std::shared_ptr<grpc::Channel> Link::Connecting() {
  const std::lock_guard lock(bulk_mutex_);
  for (const auto& channel : {calls_channel_, bulk_channel_}) {
    const grpc_connectivity_state state = channel->GetState(/*try_to_connect=*/false);
    // One that is idle connects with its next call.
    if (state != GRPC_CHANNEL_READY && state != GRPC_CHANNEL_IDLE) return channel;
  }
  return nullptr;
}

Status Link::Pause(Backoff& backoff) {
  Milliseconds pause;
  {
    const std::lock_guard lock(random_mutex_);
    pause = backoff.Next(random_);
  }
  using Monotonic = std::chrono::steady_clock;
  const Monotonic::time_point end = Monotonic::now() + pause;
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  bool was_lost = false;
  while (!options_.stop.stop_requested() && Monotonic::now() < end) {
    const auto left = std::chrono::ceil<Milliseconds>(end - Monotonic::now());
    const std::shared_ptr<grpc::Channel> connecting = Connecting();
    if (connecting != nullptr) {
      was_lost = true;
      connecting->WaitForStateChange(
          connecting->GetState(/*try_to_connect=*/false),
          std::chrono::system_clock::now() + std::min(left, kPauseSlice));
    } else if (was_lost) {
      break;
    } else {
      stopped.wait_for(lock, options_.stop, left, [] { return false; });
    }
  }
  if (options_.stop.stop_requested()) return Error(Code::kCancelled, "asked to stop");
  return Ok();
}

Status Link::Explain(const grpc::Status& status) const {
  if (status.ok()) return Ok();
  if (options_.stop.stop_requested()) return Error(Code::kCancelled, "asked to stop");
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      // gRPC carries the verifier's reason in the text of the failed connection.
      if (const Status last = expectation_->last();
          !last.ok() && status.error_message().find(Message(last)) != std::string::npos) {
        return last;
      }
      [[fallthrough]];
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Error(Code::kUnavailable, "coordinator at {}: {}", options_.address,
                   status.error_message());
    case grpc::StatusCode::DATA_LOSS:
      // Its disk, not a proof that we have checked: it may be mended.
      return Error(Code::kUnavailable, "the storage of the coordinator at {} fails: {}",
                   options_.address, status.error_message());
    default:
      return FromGrpc(status);
  }
}

LinkCall::LinkCall(const Link& link, std::optional<Milliseconds> deadline)
    : on_stop_(link.options().stop, Cancel{&context_}) {
  if (deadline) context_.set_deadline(std::chrono::system_clock::now() + *deadline);
  if (link.protocol() != 0) {
    context_.AddMetadata(std::string(kProtocolHeader), std::to_string(link.protocol()));
  }
}

}  // namespace renkei::wire
