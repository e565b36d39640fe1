// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/join.h"

#include <utility>
#include <vector>

#include "renkei/crypto/hash.h"
#include "renkei/identity/framing.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"

namespace renkei::identity {
namespace {

using syntax::Value;

Digest Mac(const crypto::SecretBytes& secret, std::string_view label,
           const std::vector<std::string>& parts) {
  return crypto::HmacSha256(secret.reveal(), Framed(label, parts));
}

Digest RequestMac(const JoinRequest& request, const Invitation& invitation) {
  return Mac(invitation.secret, "renkei-join-request/1",
             {request.token_id, request.site.text(), request.key.Text(), request.tls_public_key_pem,
              std::to_string(request.dataset_examples), request.dataset_digest});
}

Digest GrantMac(const JoinGrant& grant, const Invitation& invitation) {
  return Mac(invitation.secret, "renkei-join-grant/1",
             {grant.token_id, grant.chain_pem, grant.root_pem});
}

Digest DigestField(syntax::Fields& fields, std::string_view key) {
  const auto digest = Digest::FromHexText(fields.Text(key));
  if (digest.ok()) return *digest;
  fields.Fail(key, Message(digest.status()));
  return {};
}

}  // namespace

JoinRequest MakeJoinRequest(const Invitation& invitation, const JoinFacts& facts) {
  JoinRequest request = {.token_id = TokenId(invitation.secret),
                         .site = invitation.site,
                         .key = facts.key,
                         .tls_public_key_pem = facts.tls_public_key_pem,
                         .dataset_examples = facts.dataset_examples,
                         .dataset_digest = facts.dataset_digest,
                         .mac = {}};
  request.mac = RequestMac(request, invitation);
  return request;
}

Status CheckJoinRequest(const JoinRequest& request, const Invitation& invitation, Instant now) {
  if (request.token_id != TokenId(invitation.secret) || request.site != invitation.site ||
      !crypto::EqualInConstantTime(request.mac.span(), RequestMac(request, invitation).span())) {
    return Error(Code::kUnauthenticated,
                 "join request: it does not come from the holder of the token");
  }
  if (now < invitation.expires) return Ok();
  return Error(Code::kFailedPrecondition, "join request: the token expired at {}",
               FormatInstant(invitation.expires));
}

std::string DumpJoinRequest(const JoinRequest& request) {
  Value value = Value::Object();
  value.Set("token_id", request.token_id);
  value.Set("site", request.site.text());
  value.Set("key", request.key.Text());
  value.Set("tls_public_key", request.tls_public_key_pem);
  value.Set("dataset_examples", request.dataset_examples);
  value.Set("dataset_digest", request.dataset_digest);
  value.Set("mac", request.mac.hex());
  return syntax::DumpJson(value);
}

StatusOr<JoinRequest> ParseJoinRequest(std::string_view json) {
  RK_ASSIGN_OR_RETURN(const Value value, syntax::ParseJson(json));
  syntax::Fields fields(value, "join request");
  JoinRequest request;
  request.token_id = fields.Text("token_id");
  request.site = fields.NameOf<SiteId>("site");
  request.key = fields.NameOf<crypto::PublicKey>("key");
  request.tls_public_key_pem = fields.Text("tls_public_key");
  request.dataset_examples =
      static_cast<uint64_t>(fields.Integer("dataset_examples", 0, kExamplesMax));
  request.dataset_digest = fields.Text("dataset_digest");
  if (request.dataset_digest.size() > kDatasetDigestBytesMax) {
    fields.Fail("dataset_digest", fmt::format("more than {} bytes", kDatasetDigestBytesMax));
  }
  request.mac = DigestField(fields, "mac");
  RK_RETURN_IF_ERROR(fields.Finish());
  return request;
}

JoinGrant MakeJoinGrant(const Invitation& invitation, const std::string& chain_pem,
                        const std::string& root_pem) {
  JoinGrant grant = {.token_id = TokenId(invitation.secret),
                     .chain_pem = chain_pem,
                     .root_pem = root_pem,
                     .mac = {}};
  grant.mac = GrantMac(grant, invitation);
  return grant;
}

Status CheckJoinGrant(const JoinGrant& grant, const Invitation& invitation) {
  if (grant.token_id == TokenId(invitation.secret) &&
      crypto::EqualInConstantTime(grant.mac.span(), GrantMac(grant, invitation).span())) {
    return Ok();
  }
  return Error(Code::kUnauthenticated, "join grant: it does not come from party {}",
               invitation.party);
}

std::string DumpJoinGrant(const JoinGrant& grant) {
  Value value = Value::Object();
  value.Set("token_id", grant.token_id);
  value.Set("chain", grant.chain_pem);
  value.Set("root", grant.root_pem);
  value.Set("mac", grant.mac.hex());
  return syntax::DumpJson(value);
}

StatusOr<JoinGrant> ParseJoinGrant(std::string_view json) {
  RK_ASSIGN_OR_RETURN(const Value value, syntax::ParseJson(json));
  syntax::Fields fields(value, "join grant");
  JoinGrant grant;
  grant.token_id = fields.Text("token_id");
  grant.chain_pem = fields.Text("chain");
  grant.root_pem = fields.Text("root");
  grant.mac = DigestField(fields, "mac");
  RK_RETURN_IF_ERROR(fields.Finish());
  return grant;
}

}  // namespace renkei::identity
