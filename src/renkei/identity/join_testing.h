// SPDX-License-Identifier: Apache-2.0
// An invitation to play with. Tests only.
#pragma once

#include "renkei/base/random.h"
#include "renkei/crypto/hash.h"
#include "renkei/identity/invitation.h"

namespace renkei::identity {

// The same but for its secret, which `seed` makes.
inline Invitation InvitationOf(uint64_t seed) {
  const auto random = MakeSeededRandom(seed);
  return {.site = SiteId::Parse("fab-jp").value(),
          .party = PartyId::Parse("miyako-fab").value(),
          .country = "JP",
          .coordinator = "coordinator.example:7443",
          .coordinator_party = PartyId::Parse("sierra-semi").value(),
          .coordinator_root_pem = "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n",
          .charter_sha256 = crypto::Sha256(AsBytes("charter")),
          .secret = crypto::SecretBytes::Random(*random, kInvitationSecretBytes),
          .expires = ParseInstant("2026-12-01T00:00:00Z").value(),
          .weight_max = 100'000};
}

}  // namespace renkei::identity
