// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/invitation.h"

#include <algorithm>
#include <utility>

#include "renkei/crypto/hash.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"

namespace renkei::identity {
namespace {

using syntax::Value;

constexpr std::string_view kPrefix = "renkei-join-1.";
constexpr std::string_view kIdLabel = "renkei-join-token-id/1\n";
constexpr size_t kIdHexDigits = 32;

// RFC 4648 section 5 without padding: a token is one word in a shell and for a double click.
std::string ToBase64Url(ByteSpan bytes) {
  std::string text = ToBase64(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

StatusOr<Bytes> FromBase64Url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) {
    return Error(Code::kInvalidArgument, "not base64url");
  }
  std::string padded(text);
  std::ranges::replace(padded, '-', '+');
  std::ranges::replace(padded, '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  return FromBase64(padded);
}

bool IsTokenId(std::string_view text) {
  return text.size() == kIdHexDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool IsCountry(std::string_view text) {
  return text.size() == 2 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string FileOf(const std::string& party_dir, const std::string& token_id) {
  return fmt::format("{}/invites/{}", party_dir, token_id);
}

StatusOr<Invitation> FromJson(const Value& value) {
  syntax::Fields fields(value, "join token");
  Invitation invitation;
  invitation.site = fields.NameOf<SiteId>("site");
  invitation.party = fields.NameOf<PartyId>("party");
  invitation.country = fields.Text("country");
  if (!IsCountry(invitation.country)) fields.Fail("country", "expected two capital letters");
  invitation.coordinator = fields.Text("coordinator");
  invitation.coordinator_party = fields.NameOf<PartyId>("coordinator_party");
  invitation.coordinator_root_pem = fields.Text("coordinator_root");
  invitation.expires = fields.Time("expires");
  invitation.weight_max =
      static_cast<uint64_t>(fields.Integer("weight_max", 1, kInvitationWeightMax));
  const auto charter = Digest::FromHexText(fields.Text("charter_sha256"));
  if (!charter.ok()) fields.Fail("charter_sha256", Message(charter.status()));
  auto secret = FromBase64(fields.Text("secret"));
  if (!secret.ok() || secret->size() != kInvitationSecretBytes) {
    fields.Fail("secret", "expected the base64 of 16 bytes");
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  invitation.charter_sha256 = *charter;
  invitation.secret = crypto::SecretBytes{ByteSpan(*secret)};
  crypto::Wipe(*secret);
  return invitation;
}

}  // namespace

std::string TokenId(const crypto::SecretBytes& secret) {
  Bytes bytes = ToBytes(kIdLabel);
  bytes.insert(bytes.end(), secret.reveal().begin(), secret.reveal().end());
  const std::string id = crypto::Sha256(bytes).hex().substr(0, kIdHexDigits);
  crypto::Wipe(bytes);
  return id;
}

std::string TokenText(const Invitation& invitation) {
  Value value = Value::Object();
  value.Set("site", invitation.site.text());
  value.Set("party", invitation.party.text());
  value.Set("country", invitation.country);
  value.Set("coordinator", invitation.coordinator);
  value.Set("coordinator_party", invitation.coordinator_party.text());
  value.Set("coordinator_root", invitation.coordinator_root_pem);
  value.Set("charter_sha256", invitation.charter_sha256.hex());
  value.Set("secret", ToBase64(invitation.secret.reveal()));
  value.Set("expires", FormatInstant(invitation.expires));
  value.Set("weight_max", invitation.weight_max);
  return std::string(kPrefix) + ToBase64Url(AsBytes(syntax::DumpJson(value)));
}

StatusOr<Invitation> ParseToken(std::string_view token) {
  if (token.size() > kTokenBytesMax || !token.starts_with(kPrefix)) {
    return Error(Code::kInvalidArgument,
                 "not a join token: it begins with {} and is one line that renkei site invite "
                 "prints",
                 kPrefix);
  }
  const auto json = FromBase64Url(token.substr(kPrefix.size()));
  if (!json.ok()) return Annotate(json.status(), "join token: cut off or changed");
  const auto value = syntax::ParseJson(AsText(*json));
  if (!value.ok()) return Error(Code::kInvalidArgument, "join token: cut off or changed");
  return FromJson(*value);
}

Status KeepInvitation(Disk& disk, const std::string& party_dir, const Invitation& invitation) {
  if (invitation.weight_max < 1 || invitation.weight_max > kInvitationWeightMax) {
    return Error(Code::kInvalidArgument, "weight_max {}: expected 1 to {}", invitation.weight_max,
                 kInvitationWeightMax);
  }
  // What cannot be read back is not given out.
  RK_RETURN_IF_ERROR(ParseToken(TokenText(invitation)).status());
  RK_RETURN_IF_ERROR(disk.MakeDirs(party_dir + "/invites"));
  return WriteWhole(disk, FileOf(party_dir, TokenId(invitation.secret)),
                    AsBytes(TokenText(invitation)));
}

StatusOr<Invitation> FindInvitation(Disk& disk, const std::string& party_dir,
                                    const std::string& token_id) {
  if (!IsTokenId(token_id)) return Error(Code::kInvalidArgument, "not the id of a join token");
  const std::string file = FileOf(party_dir, token_id);
  RK_ASSIGN_OR_RETURN(const bool used, disk.Exists(file + ".used"));
  if (used) {
    return Error(Code::kFailedPrecondition,
                 "{}: this token was used; invite the site again with renkei site invite", file);
  }
  RK_ASSIGN_OR_RETURN(const Bytes text, ReadWhole(disk, file, kTokenBytesMax));
  auto invitation = ParseToken(AsText(text));
  if (!invitation.ok()) return Annotate(invitation.status(), file);
  return invitation;
}

Status SpendInvitation(Disk& disk, const std::string& party_dir, const std::string& token_id) {
  if (!IsTokenId(token_id)) return Error(Code::kInvalidArgument, "not the id of a join token");
  const std::string file = FileOf(party_dir, token_id) + ".used";
  RK_ASSIGN_OR_RETURN(const auto mark, disk.Open(file, OpenMode::kCreateNew));
  RK_RETURN_IF_ERROR(mark->Sync());
  return disk.SyncDir(ParentOf(file));
}

}  // namespace renkei::identity
