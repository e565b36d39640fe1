// SPDX-License-Identifier: Apache-2.0
// A party's single-use invitation of a site, and its token: one line that a person carries to the
// site's machine. The secret in it never reaches the coordinator. docs/formats/join-token.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/crypto/secret.h"

namespace renkei::identity {

inline constexpr size_t kInvitationSecretBytes = 16;
inline constexpr size_t kTokenBytesMax = 8192;
inline constexpr uint64_t kInvitationWeightMax = (1 << 29) - 1;  // design, section 6

struct Invitation {
  SiteId site;
  PartyId party;
  std::string country;      // of the site
  std::string coordinator;  // host:port
  PartyId coordinator_party;
  std::string coordinator_root_pem;  // pinned: the site trusts no other
  Digest charter_sha256;             // of the charter's exact TOML bytes
  crypto::SecretBytes secret;        // kInvitationSecretBytes
  Instant expires{};
  uint64_t weight_max = 0;  // 1 to kInvitationWeightMax
};

// 32 hex digits that name the invitation without giving the secret away.
std::string TokenId(const crypto::SecretBytes& secret);

// "renkei-join-1." and base64url (RFC 4648 section 5, no padding) of the JSON.
std::string TokenText(const Invitation& invitation);
//   INVALID_ARGUMENT  not a token, cut off or changed; the text is not repeated
StatusOr<Invitation> ParseToken(std::string_view token);

// DIR/invites/<token id>: the token; beside it <token id>.used once it was.
//   INVALID_ARGUMENT  a field that a token cannot have
Status KeepInvitation(Disk& disk, const std::string& party_dir, const Invitation& invitation);
//   NOT_FOUND            no such invitation of this party
//   FAILED_PRECONDITION  it was used
StatusOr<Invitation> FindInvitation(Disk& disk, const std::string& party_dir,
                                    const std::string& token_id);
// Durable when it returns. ALREADY_EXISTS when it was used.
Status SpendInvitation(Disk& disk, const std::string& party_dir, const std::string& token_id);

}  // namespace renkei::identity
