// SPDX-License-Identifier: Apache-2.0
// A site asks to join, its party answers; the coordinator between them carries both and can
// change neither: each has a MAC under the invitation's secret. docs/formats/join-token.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"
#include "renkei/identity/invitation.h"

namespace renkei::identity {

inline constexpr int64_t kExamplesMax = (int64_t{1} << 53) - 1;  // exact in every JSON reader
inline constexpr size_t kDatasetDigestBytesMax = 256;

struct JoinRequest {
  std::string token_id;
  SiteId site;
  crypto::PublicKey key;           // signs the site's entries from now on
  std::string tls_public_key_pem;  // what the leaf will certify
  uint64_t dataset_examples = 0;   // at most kExamplesMax
  std::string dataset_digest;      // at most kDatasetDigestBytesMax
  Digest mac;
};

// What the site itself says in its request.
struct JoinFacts {
  crypto::PublicKey key;
  std::string tls_public_key_pem;
  uint64_t dataset_examples = 0;
  std::string dataset_digest;
};

JoinRequest MakeJoinRequest(const Invitation& invitation, const JoinFacts& facts);
//   UNAUTHENTICATED      not made with this invitation's secret, or changed on the way
//   FAILED_PRECONDITION  the invitation has expired
Status CheckJoinRequest(const JoinRequest& request, const Invitation& invitation, Instant now);
std::string DumpJoinRequest(const JoinRequest& request);  // JSON
// INVALID_ARGUMENT unless such JSON. The MAC is not checked.
StatusOr<JoinRequest> ParseJoinRequest(std::string_view json);

struct JoinGrant {
  std::string token_id;
  std::string chain_pem;  // the site's leaf and the issuer
  std::string root_pem;   // of the site's own party
  Digest mac;
};

JoinGrant MakeJoinGrant(const Invitation& invitation, const std::string& chain_pem,
                        const std::string& root_pem);
// UNAUTHENTICATED unless the holder of the invitation made it. What the chain proves is for
// VerifyPeer, with the root that the charter pins.
Status CheckJoinGrant(const JoinGrant& grant, const Invitation& invitation);
std::string DumpJoinGrant(const JoinGrant& grant);  // JSON
// INVALID_ARGUMENT unless such JSON. The MAC is not checked.
StatusOr<JoinGrant> ParseJoinGrant(std::string_view json);

}  // namespace renkei::identity
