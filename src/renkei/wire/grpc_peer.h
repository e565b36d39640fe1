// SPDX-License-Identifier: Apache-2.0
// The coordinator as seen over gRPC: run::Peer for sites and for people's commands.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/identity/peer_id.h"
#include "renkei/run/peer.h"
#include "renkei/wire/protocol.h"

namespace renkei::wire {

struct PeerOptions {
  std::string address;                     // host:port
  std::vector<identity::PartyRoot> roots;  // must hold that of the coordinator's party
  identity::PeerId coordinator;            // who must answer; an empty name: any of that party
  std::string chain_pem;                   // the caller's leaf and its issuer; empty to join
  std::string key_pem;
  ProtocolRange protocols = kProtocols;
  Milliseconds stall_limit{60'000};     // a transfer that stands still for longer is resumed
  Milliseconds patience{300'000};       // a transfer without any progress for longer fails
  Milliseconds keepalive = kKeepalive;  // a silent connection is pinged, and left after twice that
  std::stop_token stop;                 // running calls end with CANCELLED once it is asked
};

// Does not connect yet. Calls are made again after a lost connection where that is harmless
// (all but GrantJoin), with capped exponential backoff. UNAVAILABLE names the address;
// UNAUTHENTICATED says whether the coordinator's certificate or the caller's does not count;
// FAILED_PRECONDITION from the first call names both protocol versions.
// A renewed leaf takes a new peer. `clock` and `random` outlive it.
std::unique_ptr<run::Peer> MakeGrpcPeer(PeerOptions options, Clock& clock, Random& random);

}  // namespace renkei::wire
