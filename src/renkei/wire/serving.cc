// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/serving.h"

#include <charconv>
#include <string>
#include <system_error>

namespace renkei::wire {
namespace {

Status CheckProtocol(ProtocolRange ours, const grpc::ServerContext& context) {
  const auto& headers = context.client_metadata();
  const auto named = headers.find(std::string(kProtocolHeader));
  uint32_t version = 0;
  if (named != headers.end()) {
    const grpc::string_ref text = named->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (error != std::errc() || end != text.data() + text.size()) version = 0;
  }
  if (version >= ours.min && version <= ours.max && version != 0) return Ok();
  return Error(Code::kFailedPrecondition,
               "the call names protocol {} (header {}), the coordinator speaks {} to {}: call "
               "Hello first",
               version, kProtocolHeader, ours.min, ours.max);
}

}  // namespace

StatusOr<identity::PeerId> BeginHello(Serving& serving, const grpc::ServerContext& context) {
  if (serving.closing) return Error(Code::kUnavailable, "the coordinator is shutting down");
  RK_ASSIGN_OR_RETURN(identity::PeerId caller, serving.door.Identify(context));
  if (caller.kind != identity::PeerKind::kAnonymous) {
    const auto remote = Endpoint::FromGrpc(context.peer());
    if (remote) serving.connections.Identify(*remote, caller.Uri());
  }
  return caller;
}

StatusOr<identity::PeerId> Begin(Serving& serving, const grpc::ServerContext& context,
                                 Access access) {
  RK_ASSIGN_OR_RETURN(identity::PeerId caller, BeginHello(serving, context));
  if (access == Access::kPeers && caller.kind == identity::PeerKind::kAnonymous) {
    return Error(Code::kUnauthenticated,
                 "this call needs a certificate of a site, person or coordinator");
  }
  RK_RETURN_IF_ERROR(CheckProtocol(serving.protocols, context));
  return caller;
}

}  // namespace renkei::wire
