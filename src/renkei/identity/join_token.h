// SPDX-License-Identifier: Apache-2.0
// What a party gives to a site of its own so that it can join: where to go, whom to believe, and
// a secret that binds the request and its answer to this invitation.
// docs/formats/join-token.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/crypto/secret.h"

namespace renkei::identity {

inline constexpr std::string_view kTokenPrefix = "renkei-join-1.";
inline constexpr size_t kTokenSecretBytes = 16;
inline constexpr size_t kTokenBytesMax = 16 << 10;

struct Invitation {
  SiteId site;
  PartyId party;
  std::string country;      // of the site, ISO 3166 alpha-2
  std::string coordinator;  // host:port
  PartyId coordinator_party;
  std::string coordinator_root_pem;  // pins who may answer there
  Digest charter_sha256;
  crypto::SecretBytes secret;  // kTokenSecretBytes
  Instant expires{};
  uint64_t weight_max = 0;
};

// One line: the prefix and base64url (RFC 4648 section 5, no padding) of the fields as JSON. It
// holds the secret: for the site's operator alone.
std::string TokenText(const Invitation& invitation);
// INVALID_ARGUMENT unless exactly such a line; white space around it is fine.
StatusOr<Invitation> ParseToken(std::string_view text);

// The public name of an invitation, 32 hex digits; tells nothing about the secret.
std::string TokenId(const crypto::SecretBytes& secret);

}  // namespace renkei::identity
