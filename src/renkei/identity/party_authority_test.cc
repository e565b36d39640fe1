// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/party_authority.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/x509.h"

namespace renkei::identity {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class PartyAuthorityTest : public testing::Test {
 protected:
  Status Create(const std::string& dir, const PartyId& party) {
    return PartyAuthority::Create(disk_, dir, party, *random_, clock_);
  }
  PeerId Site(const std::string& name) const {
    return {.party = acme_, .kind = PeerKind::kSite, .name = name};
  }
  void Copy(const std::string& from, const std::string& to) {
    const auto bytes = ReadWhole(disk_, from, 1 << 20);
    ASSERT_THAT(bytes, IsOk());
    ASSERT_THAT(WriteWhole(disk_, to, *bytes), IsOk());
  }

  LyingDisk disk_;
  const std::unique_ptr<Random> random_ = MakeSeededRandom(1);
  ManualClock clock_{ParseInstant("2026-11-24T12:00:00Z").value()};
  const PartyId acme_ = PartyId::Parse("acme").value();
};

TEST_F(PartyAuthorityTest, IssuesLeavesThatVerifyForADay) {
  ASSERT_THAT(Create("/acme", acme_), IsOk());
  const auto authority = PartyAuthority::Open(disk_, "/acme");
  ASSERT_THAT(authority, IsOk());
  EXPECT_EQ(authority->party(), acme_);
  const std::vector<PartyRoot> roots = {{.party = acme_, .ca_pem = authority->root_pem()}};
  const Instant now = clock_.Now();
  for (const PeerKind kind : {PeerKind::kSite, PeerKind::kPerson, PeerKind::kCoordinator}) {
    const PeerId peer = {.party = acme_, .kind = kind, .name = "main"};
    const auto tls = authority->IssueTls(peer, now);
    ASSERT_THAT(tls, IsOk());
    EXPECT_EQ(tls->not_after, now + hours(24));
    EXPECT_THAT(crypto::PublicKeyPem(tls->key_pem), IsOk());
    for (const Instant at : {now - seconds(299), now, now + hours(24) - seconds(1)}) {
      EXPECT_THAT(VerifyPeer(tls->chain_pem, roots, at), IsOkAndHolds(peer));
    }
    EXPECT_THAT(VerifyPeer(tls->chain_pem, roots, now + hours(24)),
                StatusIs(Code::kUnauthenticated));
    EXPECT_THAT(VerifyPeer(tls->chain_pem, roots, now - hours(1)),
                StatusIs(Code::kUnauthenticated));
  }
}

TEST_F(PartyAuthorityTest, CertifiesTheKeyOfARequest) {
  ASSERT_THAT(Create("/acme", acme_), IsOk());
  const auto authority = PartyAuthority::Open(disk_, "/acme");
  ASSERT_THAT(authority, IsOk());
  const std::string key = crypto::GenerateTlsKeyPem();
  const auto chain =
      authority->IssueChain(Site("fab"), crypto::PublicKeyPem(key).value(), clock_.Now());
  ASSERT_THAT(chain, IsOk());
  EXPECT_THAT(authority->IssueChain(Site("fab"), key, clock_.Now()),
              StatusIs(Code::kInvalidArgument));  // a private key is not asked for
  EXPECT_THAT(authority->IssueChain(Site("fab"), "garbage", clock_.Now()),
              StatusIs(Code::kInvalidArgument));
}

TEST_F(PartyAuthorityTest, SpeaksForItsOwnPeersAlone) {
  ASSERT_THAT(Create("/acme", acme_), IsOk());
  const auto authority = PartyAuthority::Open(disk_, "/acme");
  ASSERT_THAT(authority, IsOk());
  PeerId other = Site("fab");
  other.party = PartyId::Parse("other").value();
  EXPECT_THAT(authority->IssueTls(other, clock_.Now()), StatusIs(Code::kPermissionDenied));
  PeerId nobody = Site("fab");
  nobody.kind = PeerKind::kAnonymous;
  EXPECT_THAT(authority->IssueTls(nobody, clock_.Now()), StatusIs(Code::kInvalidArgument));
  for (const std::string name : {"", "Fab", "a/b", "../x", "a b"}) {
    EXPECT_THAT(authority->IssueTls(Site(name), clock_.Now()), StatusIs(Code::kInvalidArgument))
        << name;
  }
}

TEST_F(PartyAuthorityTest, TakesTheLongestNames) {
  const PartyId longest = PartyId::Parse(std::string(63, 'a')).value();
  ASSERT_THAT(Create("/long", longest), IsOk());
  const auto authority = PartyAuthority::Open(disk_, "/long");
  ASSERT_THAT(authority, IsOk());
  EXPECT_THAT(
      authority->IssueTls({.party = longest, .kind = PeerKind::kSite, .name = std::string(63, 'b')},
                          clock_.Now()),
      IsOk());
}

TEST_F(PartyAuthorityTest, IsMadeOnceAndSurvivesACrash) {
  ASSERT_THAT(Create("/acme", acme_), IsOk());
  disk_.Crash();
  const auto before = PartyAuthority::Open(disk_, "/acme");
  ASSERT_THAT(before, IsOk());
  EXPECT_THAT(Create("/acme", acme_), StatusIs(Code::kAlreadyExists));
  EXPECT_EQ(PartyAuthority::Open(disk_, "/acme")->root_pem(), before->root_pem());
  EXPECT_THAT(PartyAuthority::Open(disk_, "/nobody"), StatusIs(Code::kNotFound));
}

TEST_F(PartyAuthorityTest, IsWholeOrMadeAnewWhereverACrashCutsItsMaking) {
  bool whole = false;
  for (uint64_t step = 1; !whole; ++step) {
    const std::string dir = "/party-" + std::to_string(step);
    disk_.FailAfter(step);
    whole = Create(dir, acme_).ok();
    disk_.Crash();
    disk_.ClearFaults();
    if (const auto opened = PartyAuthority::Open(disk_, dir); opened.ok()) {
      EXPECT_THAT(opened->IssueTls(Site("fab"), clock_.Now()), IsOk()) << step;
    } else {
      EXPECT_THAT(Create(dir, acme_), IsOk()) << step;
      EXPECT_THAT(PartyAuthority::Open(disk_, dir), IsOk()) << step;
    }
    ASSERT_LT(step, 200u);
  }
}

TEST_F(PartyAuthorityTest, NeedsNotItsRootKey) {
  ASSERT_THAT(Create("/acme", acme_), IsOk());
  ASSERT_THAT(disk_.Remove("/acme/ca/root.key"), IsOk());
  const auto authority = PartyAuthority::Open(disk_, "/acme");
  ASSERT_THAT(authority, IsOk());
  EXPECT_THAT(authority->IssueTls(Site("fab"), clock_.Now()), IsOk());
}

TEST_F(PartyAuthorityTest, GivesOutNoLeafThatNobodyWouldBelieve) {
  ASSERT_THAT(Create("/acme", acme_), IsOk());
  ASSERT_THAT(Create("/again", acme_), IsOk());
  const auto good = PartyAuthority::Open(disk_, "/acme");
  EXPECT_THAT(good->IssueTls(Site("fab"), clock_.Now() + kIssuerLife),
              StatusIs(Code::kFailedPrecondition, testing::HasSubstr("expired")));
  Copy("/again/ca/root.pem", "/acme/ca/root.pem");
  const auto mixed = PartyAuthority::Open(disk_, "/acme");
  ASSERT_THAT(mixed, IsOk());
  EXPECT_THAT(mixed->IssueTls(Site("fab"), clock_.Now()), StatusIs(Code::kFailedPrecondition));
  Copy("/again/ca/issuer.key", "/acme/ca/issuer.key");
  EXPECT_THAT(PartyAuthority::Open(disk_, "/acme")->IssueTls(Site("fab"), clock_.Now()),
              StatusIs(Code::kInvalidArgument));
}

}  // namespace
}  // namespace renkei::identity
