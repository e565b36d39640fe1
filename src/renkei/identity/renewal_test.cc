// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/renewal.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "renkei/base/disk.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/hash.h"
#include "renkei/crypto/x509.h"
#include "renkei/identity/join_testing.h"
#include "renkei/identity/letters.h"
#include "renkei/identity/party_authority.h"

namespace renkei::identity {
namespace {

using testing::HasSubstr;

const Instant kNow = ParseInstant("2026-11-24T12:00:00Z").value();

crypto::SigningKey KeyOf(uint64_t seed) {
  const auto random = MakeSeededRandom(seed);
  return crypto::SigningKey::Generate(*random);
}

RenewalFacts Facts(std::string tls_public_key_pem = "-----BEGIN PUBLIC KEY-----\n") {
  return {.site = SiteId::Parse("fab-jp").value(),
          .party = PartyId::Parse("miyako-fab").value(),
          .charter_sha256 = crypto::Sha256(AsBytes("charter")),
          .tls_public_key_pem = std::move(tls_public_key_pem),
          .at = kNow};
}

RenewalRequest RequestOf(const RenewalFacts& facts, uint64_t seed = 1) {
  const auto random = MakeSeededRandom(seed);
  return MakeRenewalRequest(facts, KeyOf(1), *random);
}

TEST(RenewalRequest, ComesBackFromItsJsonAndIsAccepted) {
  const RenewalRequest request = RequestOf(Facts());
  const auto read = ParseRenewalRequest(DumpRenewalRequest(request));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(DumpRenewalRequest(*read), DumpRenewalRequest(request));
  EXPECT_THAT(CheckRenewalRequest(*read, KeyOf(1).public_key(), kNow), IsOk());
}

TEST(RenewalRequest, IsOfItsKeyAloneAndAsItWasSigned) {
  const std::pair<std::string_view, std::function<void(RenewalRequest&)>> cases[] = {
      {"another nonce", [](RenewalRequest& r) { r.nonce[0] ^= 1; }},
      {"another site", [](RenewalRequest& r) { r.site = SiteId::Parse("fab-us").value(); }},
      {"another party", [](RenewalRequest& r) { r.party = PartyId::Parse("other").value(); }},
      {"another charter", [](RenewalRequest& r) { r.charter_sha256 = Digest(); }},
      {"another TLS key", [](RenewalRequest& r) { r.tls_public_key_pem += "\n"; }},
      {"a later instant", [](RenewalRequest& r) { r.at += Milliseconds(1); }},
      {"another signature", [](RenewalRequest& r) { r.signature[5] ^= 1; }},
      {"no signature", [](RenewalRequest& r) { r.signature.clear(); }},
  };
  for (const auto& [why, change] : cases) {
    RenewalRequest request = RequestOf(Facts());
    change(request);
    EXPECT_THAT(CheckRenewalRequest(request, KeyOf(1).public_key(), kNow),
                StatusIs(Code::kUnauthenticated))
        << why;
  }
  EXPECT_THAT(CheckRenewalRequest(RequestOf(Facts()), KeyOf(2).public_key(), kNow),
              StatusIs(Code::kUnauthenticated));
}

TEST(RenewalRequest, MadeByAClockThatIsFarOffSaysByHowMuch) {
  const RenewalRequest request = RequestOf(Facts());
  const auto at = [&](Milliseconds later) {
    return CheckRenewalRequest(request, KeyOf(1).public_key(), kNow + later);
  };
  EXPECT_THAT(at(kRenewalFresh), IsOk());
  EXPECT_THAT(at(-kRenewalFresh), IsOk());
  EXPECT_THAT(at(kRenewalFresh + Milliseconds(1)),
              StatusIs(Code::kFailedPrecondition, HasSubstr("600 s behind")));
  EXPECT_THAT(at(-std::chrono::hours(24)),
              StatusIs(Code::kFailedPrecondition, HasSubstr("86400 s ahead of")));
}

TEST(RenewalRequest, ThatIsNoneIsRefused) {
  const std::string good = DumpRenewalRequest(RequestOf(Facts()));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return ParseRenewalRequest(text);
  };
  EXPECT_THAT(with("\"site\"", "\"sight\""), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(with("\"nonce\":\"", "\"nonce\":\"0"), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(with("2026-", "2026+"), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(with("fab-jp", "../jp"), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseRenewalRequest("[]"), StatusIs(Code::kInvalidArgument));
}

TEST(RenewalRequest, IsAsTheDocumentShows) {
  const auto disk = MakeRealDisk();
  const auto page = ReadWhole(*disk, RENKEI_SOURCE_DIR "/docs/formats/join-token.md", 1 << 20);
  ASSERT_THAT(page, IsOk());
  const std::string document = ToText(*page);
  const size_t at = document.find("{\"nonce\"");
  const std::string example = document.substr(at, document.find('\n', at) - at);
  const auto request = ParseRenewalRequest(example);
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(DumpRenewalRequest(*request), example);
  const auto key = crypto::PublicKey::Parse("ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  EXPECT_THAT(CheckRenewalRequest(*request, *key, kNow), IsOk());
}

TEST(Letters, AreTakenForWhatTheyAre) {
  const auto renewal = ParseRequest(DumpRenewalRequest(RequestOf(Facts())));
  ASSERT_THAT(renewal, IsOk());
  EXPECT_TRUE(std::holds_alternative<RenewalRequest>(*renewal));
  const auto join = ParseRequest(DumpJoinRequest(MakeJoinRequest(
      InvitationOf(1),
      {.key = KeyOf(1).public_key(), .tls_public_key_pem = "pem", .dataset_digest = ""})));
  ASSERT_THAT(join, IsOk());
  EXPECT_TRUE(std::holds_alternative<JoinRequest>(*join));
  EXPECT_THAT(ParseRequest("{}"), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(ParseGrant("7"), StatusIs(Code::kInvalidArgument));
}

class Grant : public testing::Test {
 protected:
  void SetUp() override {
    clock_.Jump(kNow - clock_.Now());
    for (const auto& party : {Facts().party, PartyId::Parse("other").value()}) {
      ASSERT_THAT(PartyAuthority::Create(disk_, party.text(), party, *random_, clock_), IsOk());
    }
  }
  PartyAuthority Of(const std::string& party) { return PartyAuthority::Open(disk_, party).value(); }
  RenewalGrant Answer(const std::string& party, const PeerId& peer, const std::string& key) {
    return {.nonce = request_.nonce,
            .site = request_.site,
            .chain_pem = Of(party).IssueChain(peer, key, clock_.Now()).value()};
  }
  Status Check(const RenewalGrant& grant) {
    return CheckRenewalGrant(grant, request_, Of("miyako-fab").root_pem(), clock_.Now());
  }

  LyingDisk disk_;
  ManualClock clock_{kNow};
  const std::unique_ptr<Random> random_ = MakeSeededRandom(9);
  const std::string key_ = crypto::PublicKeyPem(crypto::GenerateTlsKeyPem()).value();
  const RenewalRequest request_ = RequestOf(Facts(key_));
  const PeerId self_{.party = Facts().party, .kind = PeerKind::kSite, .name = "fab-jp"};
};

TEST_F(Grant, ProvesItselfByTheRootOfTheParty) {
  const RenewalGrant grant = Answer("miyako-fab", self_, key_);
  const auto read = ParseRenewalGrant(DumpRenewalGrant(grant));
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(Check(*read), IsOk());
}

TEST_F(Grant, OfAnotherPartySiteKeyOrTimeIsRefused) {
  const auto refused = StatusIs(Code::kUnauthenticated);
  PeerId other = self_;
  other.name = "fab-us";
  EXPECT_THAT(Check(Answer("miyako-fab", other, key_)), refused) << "another site";
  other = self_;
  other.kind = PeerKind::kPerson;
  EXPECT_THAT(Check(Answer("miyako-fab", other, key_)), refused) << "a person";
  const std::string other_key = crypto::PublicKeyPem(crypto::GenerateTlsKeyPem()).value();
  EXPECT_THAT(Check(Answer("miyako-fab", self_, other_key)), refused) << "another key";
  other = self_;
  other.party = PartyId::Parse("other").value();
  EXPECT_THAT(Check(Answer("other", other, key_)), refused) << "another party's authority";
  RenewalGrant grant = Answer("miyako-fab", self_, key_);
  grant.nonce[0] ^= 1;
  EXPECT_THAT(Check(grant), refused) << "to another request";
  grant = Answer("miyako-fab", self_, key_);
  clock_.Advance(kLeafLife);
  EXPECT_THAT(Check(grant), refused) << "expired";
}

}  // namespace
}  // namespace renkei::identity
