// SPDX-License-Identifier: Apache-2.0
// TLS as Renkei uses it in gRPC: version 1.3 alone, certificates that name ids and not hosts, and
// chains checked by identity::VerifyPeer instead of gRPC's one pool of roots.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/identity/peer_id.h"

namespace renkei::wire {

// Once per process, before the first TLS context: leaves no cipher suite of TLS 1.2 that our
// P-256 certificates could serve, since this gRPC has no public setting of the version, and
// sends what gRPC and protobuf log to our log (debug: peers can cause those lines at will).
void PrepareGrpc();

// Whether a server may show `chain_pem`: it proves a coordinator at `now`, and `key_pem` is the
// leaf's key.
//   INVALID_ARGUMENT  otherwise, with the reason
Status CheckServable(const std::string& chain_pem, const std::string& key_pem,
                     const std::vector<identity::PartyRoot>& roots, Instant now);

// Asks for a client certificate and takes any or none; callers are checked per call.
std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const std::string& chain_pem,
                                                               const std::string& key_pem);

// Whom a client expects to answer. Thread-safe.
class ServerExpectation {
 public:
  ServerExpectation(std::vector<identity::PartyRoot> roots, identity::PeerId coordinator,
                    Clock& clock);
  // UNAUTHENTICATED, with the reason, unless the chain proves the coordinator.
  Status Check(const std::string& chain_pem);
  // What the last Check answered; OK before the first.
  Status last() const;

 private:
  const std::vector<identity::PartyRoot> roots_;
  const identity::PeerId coordinator_;
  Clock& clock_;
  mutable std::mutex mutex_;
  Status last_;
};

// Without a chain: no client certificate. gRPC shares ownership of what it calls back.
std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials(
    const std::string& chain_pem, const std::string& key_pem,
    std::shared_ptr<ServerExpectation> expectation);

}  // namespace renkei::wire
