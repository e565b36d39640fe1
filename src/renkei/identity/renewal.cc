// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/renewal.h"

#include <algorithm>

#include "renkei/crypto/x509.h"
#include "renkei/identity/framing.h"
#include "renkei/identity/peer_id.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"

namespace renkei::identity {
namespace {

using syntax::Value;

constexpr size_t kNonceBytes = 16;

Bytes SignedBytes(const RenewalRequest& request) {
  return Framed(
      "renkei-renewal-request/1",
      {request.nonce, request.site.text(), request.party.text(), request.charter_sha256.hex(),
       request.tls_public_key_pem, FormatInstant(request.at)});
}

std::string NonceField(syntax::Fields& fields) {
  std::string nonce = fields.Text("nonce");
  const bool hex = std::ranges::all_of(
      nonce, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (!hex || nonce.size() != 2 * kNonceBytes) {
    fields.Fail("nonce", fmt::format("not {} hex digits", 2 * kNonceBytes));
  }
  return nonce;
}

}  // namespace

RenewalRequest MakeRenewalRequest(const RenewalFacts& facts, const crypto::SigningKey& key,
                                  Random& random) {
  RenewalRequest request{.nonce = ToHex(random.Take(kNonceBytes)),
                         .site = facts.site,
                         .party = facts.party,
                         .charter_sha256 = facts.charter_sha256,
                         .tls_public_key_pem = facts.tls_public_key_pem,
                         .at = facts.at,
                         .signature = {}};
  request.signature = ToBase64(key.Sign(SignedBytes(request)));
  return request;
}

Status CheckRenewalRequest(const RenewalRequest& request, const crypto::PublicKey& enrolled,
                           Instant now) {
  const auto signature = FromBase64(request.signature);
  if (!signature.ok() || !crypto::Verify(enrolled, SignedBytes(request), *signature)) {
    return Error(Code::kUnauthenticated,
                 "renewal request: it is not signed by the key that site {} enrolled",
                 request.site);
  }
  const Milliseconds ahead = request.at - now;
  if (ahead <= kRenewalFresh && ahead >= -kRenewalFresh) return Ok();
  return Error(Code::kFailedPrecondition,
               "renewal request: made at {} by the clock of site {}, {} s {} the clock here; set "
               "the clock that is wrong, or ask again",
               FormatInstant(request.at), request.site, std::abs(ahead.count()) / 1000,
               ahead.count() > 0 ? "ahead of" : "behind");
}

std::string DumpRenewalRequest(const RenewalRequest& request) {
  Value value = Value::Object();
  value.Set("nonce", request.nonce);
  value.Set("site", request.site.text());
  value.Set("party", request.party.text());
  value.Set("charter_sha256", request.charter_sha256.hex());
  value.Set("tls_public_key", request.tls_public_key_pem);
  value.Set("at", FormatInstant(request.at));
  value.Set("signature", request.signature);
  return syntax::DumpJson(value);
}

StatusOr<RenewalRequest> ParseRenewalRequest(std::string_view json) {
  RK_ASSIGN_OR_RETURN(const Value value, syntax::ParseJson(json));
  syntax::Fields fields(value, "renewal request");
  RenewalRequest request;
  request.nonce = NonceField(fields);
  request.site = fields.NameOf<SiteId>("site");
  request.party = fields.NameOf<PartyId>("party");
  const auto charter = Digest::FromHexText(fields.Text("charter_sha256"));
  if (charter.ok()) {
    request.charter_sha256 = *charter;
  } else {
    fields.Fail("charter_sha256", Message(charter.status()));
  }
  request.tls_public_key_pem = fields.Text("tls_public_key");
  request.at = fields.Time("at");
  request.signature = fields.Text("signature");
  RK_RETURN_IF_ERROR(fields.Finish());
  return request;
}

Status CheckRenewalGrant(const RenewalGrant& grant, const RenewalRequest& request,
                         const std::string& root_pem, Instant now) {
  if (grant.nonce != request.nonce || grant.site != request.site) {
    return Error(Code::kUnauthenticated, "renewal: the answer is to another request");
  }
  RK_ASSIGN_OR_RETURN(const crypto::VerifiedLeaf leaf,
                      crypto::VerifyChain(grant.chain_pem, root_pem, now));
  const PeerId expected{
      .party = request.party, .kind = PeerKind::kSite, .name = request.site.text()};
  if (leaf.uri_san != expected.Uri()) {
    return Error(Code::kUnauthenticated, "renewal: the certificate is for {}, not for {}",
                 leaf.uri_san, expected.Uri());
  }
  if (leaf.public_key_pem != request.tls_public_key_pem) {
    return Error(Code::kUnauthenticated, "renewal: the certificate is for another key");
  }
  return Ok();
}

std::string DumpRenewalGrant(const RenewalGrant& grant) {
  Value value = Value::Object();
  value.Set("nonce", grant.nonce);
  value.Set("site", grant.site.text());
  value.Set("chain", grant.chain_pem);
  return syntax::DumpJson(value);
}

StatusOr<RenewalGrant> ParseRenewalGrant(std::string_view json) {
  RK_ASSIGN_OR_RETURN(const Value value, syntax::ParseJson(json));
  syntax::Fields fields(value, "renewal grant");
  RenewalGrant grant;
  grant.nonce = NonceField(fields);
  grant.site = fields.NameOf<SiteId>("site");
  grant.chain_pem = fields.Text("chain");
  RK_RETURN_IF_ERROR(fields.Finish());
  return grant;
}

}  // namespace renkei::identity
