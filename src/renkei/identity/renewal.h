// SPDX-License-Identifier: Apache-2.0
// A site asks its party for a new leaf with the key that it enrolled, its party answers; the
// coordinator between them can change neither: the request is signed, and the answer is a chain
// that proves itself. docs/formats/join-token.md, "Renewal".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"

namespace renkei::identity {

// Since its latest enrolment, a site's key may ask for leaves.
inline constexpr std::chrono::hours kRenewalLife{24 * 30};
// How far the instant of a request may be from the reader's clock.
inline constexpr std::chrono::minutes kRenewalFresh{10};

struct RenewalRequest {
  std::string nonce;  // 32 hex digits, used once: the name of the request
  SiteId site;
  PartyId party;
  Digest charter_sha256;
  std::string tls_public_key_pem;  // what the leaf will certify
  Instant at{};
  std::string signature;  // base64, of the enrolled key
};

// What the site says in its request.
struct RenewalFacts {
  SiteId site;
  PartyId party;
  Digest charter_sha256;
  std::string tls_public_key_pem;
  Instant at{};
};

RenewalRequest MakeRenewalRequest(const RenewalFacts& facts, const crypto::SigningKey& key,
                                  Random& random);
//   UNAUTHENTICATED      not signed by `enrolled`, or changed on the way
//   FAILED_PRECONDITION  made more than kRenewalFresh before or after `now`; names the difference
Status CheckRenewalRequest(const RenewalRequest& request, const crypto::PublicKey& enrolled,
                           Instant now);
std::string DumpRenewalRequest(const RenewalRequest& request);  // JSON
// INVALID_ARGUMENT unless such JSON. The signature is not checked.
StatusOr<RenewalRequest> ParseRenewalRequest(std::string_view json);

struct RenewalGrant {
  std::string nonce;  // of the request
  SiteId site;
  std::string chain_pem;  // the site's leaf and the issuer
};

// UNAUTHENTICATED unless the chain ends in `root_pem` of the request's party and certifies exactly
// its site with exactly its key at `now`.
Status CheckRenewalGrant(const RenewalGrant& grant, const RenewalRequest& request,
                         const std::string& root_pem, Instant now);
std::string DumpRenewalGrant(const RenewalGrant& grant);  // JSON
// INVALID_ARGUMENT unless such JSON. The chain is not checked.
StatusOr<RenewalGrant> ParseRenewalGrant(std::string_view json);

}  // namespace renkei::identity
