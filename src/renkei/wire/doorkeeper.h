// SPDX-License-Identifier: Apache-2.0
// Who calls. TLS proved that the caller holds the key of the certificate that it showed; whether
// that certificate counts is decided here, on every call: chain, party, time.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include <grpcpp/server_context.h>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/identity/peer_id.h"
#include "renkei/wire/desk.h"

namespace renkei::wire {

// Thread-safe.
class Doorkeeper {
 public:
  Doorkeeper(Desk& desk, Clock& clock) : desk_(desk), clock_(clock) {}

  // kAnonymous when no certificate was shown; UNAUTHENTICATED when the one shown does not count.
  StatusOr<identity::PeerId> Identify(const grpc::ServerContext& context);
  // The same of a chain as ShownChain gives it: for a long call, again and again.
  StatusOr<identity::PeerId> IdentifyChain(const std::string& chain);
  // The chain that the caller showed, leaf first; "" when none.
  static std::string ShownChain(const grpc::ServerContext& context);

 private:
  struct Verdict {
    identity::PeerId peer;
    Instant at;
  };
  Desk& desk_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Verdict> verdicts_;  // by chain, of the last moments
};

}  // namespace renkei::wire
