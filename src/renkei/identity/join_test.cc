// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/join.h"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/hash.h"
#include "renkei/identity/join_testing.h"

namespace renkei::identity {
namespace {

using testing::HasSubstr;

const Instant kNow = ParseInstant("2026-11-24T12:00:00Z").value();

crypto::PublicKey KeyOf(uint64_t seed) {
  const auto random = MakeSeededRandom(seed);
  return crypto::SigningKey::Generate(*random).public_key();
}

JoinFacts Facts() {
  return {.key = KeyOf(1),
          .tls_public_key_pem = "-----BEGIN PUBLIC KEY-----\n",
          .dataset_examples = 600,
          .dataset_digest = "abc"};
}

TEST(JoinRequest, ComesBackFromItsJsonAndIsAccepted) {
  const Invitation invitation = InvitationOf(1);
  const JoinRequest request = MakeJoinRequest(invitation, Facts());
  const auto read = ParseJoinRequest(DumpJoinRequest(request));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(DumpJoinRequest(*read), DumpJoinRequest(request));
  EXPECT_EQ(read->key, KeyOf(1));
  EXPECT_THAT(CheckJoinRequest(*read, invitation, kNow), IsOk());
}

TEST(JoinRequest, ThatTheCoordinatorChangedIsRefused) {
  const Invitation invitation = InvitationOf(1);
  const std::pair<std::string_view, std::function<void(JoinRequest&)>> cases[] = {
      {"another signing key", [](JoinRequest& r) { r.key = KeyOf(2); }},
      {"another TLS key", [](JoinRequest& r) { r.tls_public_key_pem += "\n"; }},
      {"another site", [](JoinRequest& r) { r.site = SiteId::Parse("fab-us").value(); }},
      {"another token", [](JoinRequest& r) { r.token_id = TokenId(InvitationOf(2).secret); }},
      {"more examples", [](JoinRequest& r) { ++r.dataset_examples; }},
      {"another data set", [](JoinRequest& r) { r.dataset_digest = "abd"; }},
      {"another MAC", [](JoinRequest& r) { r.mac.bytes[31] ^= 1; }},
      {"no MAC", [](JoinRequest& r) { r.mac = Digest(); }},
      {"a byte moved from one field to the next",
       [](JoinRequest& r) {
         r.dataset_digest = "0" + r.dataset_digest;
         r.dataset_examples = 60;
       }},
  };
  for (const auto& [why, change] : cases) {
    JoinRequest request = MakeJoinRequest(invitation, Facts());
    change(request);
    EXPECT_THAT(CheckJoinRequest(request, invitation, kNow), StatusIs(Code::kUnauthenticated))
        << why;
  }
}

TEST(JoinRequest, MadeWithAnotherInvitationIsRefused) {
  const Invitation invitation = InvitationOf(1);
  const Invitation other = InvitationOf(2);
  EXPECT_THAT(CheckJoinRequest(MakeJoinRequest(other, Facts()), invitation, kNow),
              StatusIs(Code::kUnauthenticated));
  Invitation renamed = InvitationOf(1);
  renamed.site = SiteId::Parse("fab-us").value();  // a token edited by its holder
  EXPECT_THAT(CheckJoinRequest(MakeJoinRequest(renamed, Facts()), invitation, kNow),
              StatusIs(Code::kUnauthenticated));
}

// The MAC as docs/formats/join-token.md says it, made by hand over another token's id.
TEST(JoinRequest, ThatNamesAnotherTokenUnderAGoodMacIsRefused) {
  const Invitation invitation = InvitationOf(1);
  JoinRequest request = MakeJoinRequest(invitation, Facts());
  const auto mac = [&] {
    std::string message = "renkei-join-request/1";
    for (const std::string& part :
         {request.token_id, request.site.text(), request.key.Text(), request.tls_public_key_pem,
          std::to_string(request.dataset_examples), request.dataset_digest}) {
      message += "\n" + std::to_string(part.size()) + ":" + part;
    }
    return crypto::HmacSha256(invitation.secret.reveal(), AsBytes(message));
  };
  EXPECT_EQ(request.mac, mac());
  request.token_id = TokenId(InvitationOf(2).secret);
  request.mac = mac();
  EXPECT_THAT(CheckJoinRequest(request, invitation, kNow), StatusIs(Code::kUnauthenticated));
}

TEST(JoinRequest, IsAcceptedUntilTheInvitationExpires) {
  const Invitation invitation = InvitationOf(1);
  const JoinRequest request = MakeJoinRequest(invitation, Facts());
  EXPECT_THAT(CheckJoinRequest(request, invitation, invitation.expires - Milliseconds(1)), IsOk());
  EXPECT_THAT(CheckJoinRequest(request, invitation, invitation.expires),
              StatusIs(Code::kFailedPrecondition, HasSubstr("expired")));
}

TEST(JoinRequest, OfOtherJsonIsRefused) {
  const std::string good = DumpJoinRequest(MakeJoinRequest(InvitationOf(1), Facts()));
  ASSERT_THAT(ParseJoinRequest(good), IsOk());
  const std::pair<std::string, std::string> cases[] = {
      {"\"token_id\"", "\"id\""},
      {"\"fab-jp\"", "\"Fab\""},
      {"ed25519:", "rsa:"},
      {":600", ":-1"},
      {":600", ":9007199254740992"},
      {":600", ":6.5"},
      {":600", ":\"600\""},
      {"\"abc\"", "\"" + std::string(257, 'x') + "\""},
      {"\"mac\":\"", "\"mac\":\"00"},
      {"{", "{\"more\":1,"},
      {"}", "} "},
  };
  for (const auto& [from, to] : cases) {
    std::string json = good;
    json.replace(json.find(from), from.size(), to);
    if (from == "}") json += "x";
    EXPECT_THAT(ParseJoinRequest(json), StatusIs(Code::kInvalidArgument)) << to;
  }
  EXPECT_THAT(ParseJoinRequest(""), StatusIs(Code::kInvalidArgument));
}

TEST(JoinGrant, OfTheSamePartyIsAcceptedAndNoOther) {
  const Invitation invitation = InvitationOf(1);
  const JoinGrant grant = MakeJoinGrant(invitation, "chain", "root");
  const auto read = ParseJoinGrant(DumpJoinGrant(grant));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(DumpJoinGrant(*read), DumpJoinGrant(grant));
  EXPECT_THAT(CheckJoinGrant(*read, invitation), IsOk());
  const std::pair<std::string_view, std::function<void(JoinGrant&)>> cases[] = {
      {"another chain", [](JoinGrant& g) { g.chain_pem = "other"; }},
      {"another root", [](JoinGrant& g) { g.root_pem = "other"; }},
      {"another token", [](JoinGrant& g) { g.token_id = TokenId(InvitationOf(2).secret); }},
      {"another MAC", [](JoinGrant& g) { g.mac.bytes[0] ^= 1; }},
      {"bytes moved from chain to root",
       [](JoinGrant& g) {
         g.chain_pem = "chai";
         g.root_pem = "nroot";
       }},
  };
  for (const auto& [why, change] : cases) {
    JoinGrant changed = grant;
    change(changed);
    EXPECT_THAT(CheckJoinGrant(changed, invitation), StatusIs(Code::kUnauthenticated)) << why;
  }
  EXPECT_THAT(CheckJoinGrant(MakeJoinGrant(InvitationOf(2), "chain", "root"), invitation),
              StatusIs(Code::kUnauthenticated));
}

TEST(JoinGrant, OfOtherJsonIsRefused) {
  const std::string good = DumpJoinGrant(MakeJoinGrant(InvitationOf(1), "chain", "root"));
  EXPECT_THAT(ParseJoinGrant("{}"), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseJoinGrant("{\"more\":1," + good.substr(1)), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseJoinGrant(good.substr(0, good.size() - 1)), StatusIs(Code::kInvalidArgument));
}

TEST(Join, IsAsTheDocumentShows) {
  const auto disk = MakeRealDisk();
  const auto read = [&](const std::string& name) {
    const auto page = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/" + name, 1 << 20);
    return page.ok() ? ToText(*page) : std::string();
  };
  // The block after the n-th fence that says nothing of its language.
  const auto block = [](const std::string& document, int n) {
    size_t at = 0;
    for (int i = 0; i < n; ++i) at = document.find("\n```\n", at) + 5;
    return document.substr(at, document.find("```\n", at) - at);
  };
  const std::string identity = read("identity.md");
  const std::string root = block(identity, 1);
  const std::string chain = block(identity, 3);
  const std::string document = read("join-token.md");
  const std::string token = block(document, 1);
  const auto invitation = ParseToken(token.substr(0, token.find('\n')));
  ASSERT_THAT(invitation, IsOk());
  EXPECT_EQ(TokenText(*invitation) + "\n", token);
  EXPECT_EQ(invitation->coordinator_root_pem, root);
  EXPECT_EQ(ToHex(invitation->secret.reveal()), "000102030405060708090a0b0c0d0e0f");
  EXPECT_THAT(document, HasSubstr("```\n" + TokenId(invitation->secret) + "\n```"));

  const size_t at = document.find("{\"token_id\"");
  const auto request = ParseJoinRequest(document.substr(at, document.find('\n', at) - at));
  ASSERT_THAT(request, IsOk());
  EXPECT_THAT(CheckJoinRequest(*request, *invitation, kNow), IsOk());
  EXPECT_THAT(document, HasSubstr("```json\n" + DumpJoinRequest(*request) + "\n```"));
  EXPECT_THAT(
      document,
      HasSubstr("```json\n" + DumpJoinGrant(MakeJoinGrant(*invitation, chain, root)) + "\n```"));
}

}  // namespace
}  // namespace renkei::identity
