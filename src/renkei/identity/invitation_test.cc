// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/invitation.h"

#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/identity/join_testing.h"

namespace renkei::identity {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(JoinToken, IsOneWordThatComesBack) {
  const Invitation invitation = InvitationOf(1);
  const std::string token = TokenText(invitation);
  EXPECT_THAT(token, testing::StartsWith("renkei-join-1."));
  EXPECT_EQ(token.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-_."),
            std::string::npos);
  const auto read = ParseToken(token);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->site, invitation.site);
  EXPECT_EQ(read->party, invitation.party);
  EXPECT_EQ(read->country, invitation.country);
  EXPECT_EQ(read->coordinator, invitation.coordinator);
  EXPECT_EQ(read->coordinator_party, invitation.coordinator_party);
  EXPECT_EQ(read->coordinator_root_pem, invitation.coordinator_root_pem);
  EXPECT_EQ(read->charter_sha256, invitation.charter_sha256);
  EXPECT_EQ(read->secret, invitation.secret);
  EXPECT_EQ(read->expires, invitation.expires);
  EXPECT_EQ(read->weight_max, invitation.weight_max);
  EXPECT_EQ(TokenText(*read), token);
}

TEST(JoinToken, CutOrChangedIsRefusedAndNotRepeated) {
  const std::string token = TokenText(InvitationOf(2));
  for (size_t length = 0; length < token.size(); ++length) {
    EXPECT_THAT(ParseToken(token.substr(0, length)), StatusIs(Code::kInvalidArgument)) << length;
  }
  const std::string body = token.substr(token.find('.') + 1);
  for (const std::string& bad :
       {"renkei-join-2." + body, "renkei-join-1." + body + "=", token + "\n", body,
        "renkei-join-1.+" + body, "renkei-join-1." + std::string(kTokenBytesMax, 'A')}) {
    const auto read = ParseToken(bad);
    EXPECT_THAT(read, StatusIs(Code::kInvalidArgument, Not(HasSubstr(body))));
  }
}

TEST(JoinToken, HasAnIdThatHangsOnTheSecretAlone) {
  Invitation invitation = InvitationOf(3);
  const std::string id = TokenId(invitation.secret);
  EXPECT_EQ(id.size(), 32u);
  invitation.weight_max = 7;
  EXPECT_EQ(TokenId(ParseToken(TokenText(invitation))->secret), id);
  EXPECT_NE(TokenId(InvitationOf(4).secret), id);
  EXPECT_THAT(TokenText(invitation), Not(HasSubstr(id)));
}

TEST(KeepInvitation, RefusesFieldsThatATokenCannotHave) {
  LyingDisk disk;
  const std::pair<std::string_view, std::function<void(Invitation&)>> cases[] = {
      {"no weight", [](Invitation& i) { i.weight_max = 0; }},
      {"too large a weight", [](Invitation& i) { i.weight_max = kInvitationWeightMax + 1; }},
      {"far too large a weight", [](Invitation& i) { i.weight_max = UINT64_MAX; }},
      {"no site", [](Invitation& i) { i.site = SiteId(); }},
      {"no country", [](Invitation& i) { i.country = ""; }},
      {"a country in words", [](Invitation& i) { i.country = "Japan"; }},
      {"a country in small letters", [](Invitation& i) { i.country = "jp"; }},
      {"no secret", [](Invitation& i) { i.secret = crypto::SecretBytes(); }},
      {"a long root", [](Invitation& i) { i.coordinator_root_pem.resize(kTokenBytesMax, 'x'); }},
  };
  for (const auto& [why, change] : cases) {
    Invitation invitation = InvitationOf(5);
    change(invitation);
    EXPECT_THAT(KeepInvitation(disk, "/acme", invitation), StatusIs(Code::kInvalidArgument)) << why;
  }
  EXPECT_THAT(disk.Exists("/acme/invites"), IsOkAndHolds(false));
}

TEST(Invitations, AreFoundUntilTheyAreSpent) {
  LyingDisk disk;
  const Invitation invitation = InvitationOf(6);
  const std::string id = TokenId(invitation.secret);
  ASSERT_THAT(KeepInvitation(disk, "/acme", invitation), IsOk());
  disk.Crash();
  const auto found = FindInvitation(disk, "/acme", id);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->secret, invitation.secret);
  EXPECT_THAT(SpendInvitation(disk, "/acme", id), IsOk());
  disk.Crash();
  EXPECT_THAT(SpendInvitation(disk, "/acme", id), StatusIs(Code::kAlreadyExists));
  EXPECT_THAT(FindInvitation(disk, "/acme", id), StatusIs(Code::kFailedPrecondition));
}

TEST(Invitations, AreLookedForByTheirIdAlone) {
  LyingDisk disk;
  ASSERT_THAT(KeepInvitation(disk, "/acme", InvitationOf(7)), IsOk());
  EXPECT_THAT(FindInvitation(disk, "/acme", TokenId(InvitationOf(8).secret)),
              StatusIs(Code::kNotFound));
  for (const std::string& id : {std::string(), std::string("../../etc/passwd"),
                                std::string(32, 'A'), std::string(33, 'a'), std::string(31, 'a')}) {
    EXPECT_THAT(FindInvitation(disk, "/acme", id), StatusIs(Code::kInvalidArgument)) << id;
    EXPECT_THAT(SpendInvitation(disk, "/acme", id), StatusIs(Code::kInvalidArgument)) << id;
  }
}

}  // namespace
}  // namespace renkei::identity
