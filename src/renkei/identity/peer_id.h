// SPDX-License-Identifier: Apache-2.0
// Who is at the other end: SPIFFE ids whose trust domain is the party, and the check of the
// certificate chain that proves one. docs/formats/identity.md.
//
//   spiffe://<party>/site/<site>
//   spiffe://<party>/person/<person>
//   spiffe://<party>/coordinator/<name>
#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>

#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"

namespace renkei::identity {

enum class PeerKind { kAnonymous, kSite, kPerson, kCoordinator };

struct PeerId {
  PartyId party;
  PeerKind kind = PeerKind::kAnonymous;
  std::string name;  // of the site, the person or the coordinator: a name as in ids.h

  // "" for kAnonymous, which no certificate carries.
  std::string Uri() const;
  // INVALID_ARGUMENT unless exactly one of the three forms above.
  static StatusOr<PeerId> Parse(std::string_view uri);

  auto operator<=>(const PeerId&) const = default;
};

// "spiffe://<party>", the URI name of a party's root and issuer.
std::string PartyUri(const PartyId& party);

struct PartyRoot {
  PartyId party;
  std::string ca_pem;
};

// The peer that `chain_pem` (leaf first) proves at `now`. The chain must end in the root of the
// very party that the leaf's URI names: another party's authority proves nothing about it.
//   UNAUTHENTICATED   otherwise, with the reason
//   INVALID_ARGUMENT  that party's root is not a certificate
StatusOr<PeerId> VerifyPeer(std::string_view chain_pem, std::span<const PartyRoot> roots,
                            Instant now);

}  // namespace renkei::identity
