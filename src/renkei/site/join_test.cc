// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/join.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/log.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/charter/charter.h"
#include "renkei/charter/draft.h"
#include "renkei/crypto/x509.h"
#include "renkei/identity/join.h"
#include "renkei/identity/party_authority.h"
#include "renkei/identity/peer_id.h"
#include "renkei/seal/envelope.h"
#include "renkei/site/site_files.h"

namespace renkei::site {
namespace {

using testing::HasSubstr;

crypto::SigningKey KeyOf(uint64_t seed) {
  const auto random = MakeSeededRandom(seed);
  return crypto::SigningKey::Generate(*random);
}

// A party with its authority, a charter, and an invitation; the letter box is this object.
class JoinTest : public testing::Test, protected run::Peer {
 protected:
  JoinTest() {
    log::SetLevel(log::Level::kOff);
    EXPECT_THAT(identity::PartyAuthority::Create(party_disk_, "party", party_, *random_, clock_),
                IsOk());
    authority_ = std::make_unique<identity::PartyAuthority>(
        identity::PartyAuthority::Open(party_disk_, "party").value());
    charter_envelope_ = MakeCharter("wafers");
    invitation_.site = *SiteId::Parse("site1");
    invitation_.party = party_;
    invitation_.country = "US";
    invitation_.coordinator = "127.0.0.1:7400";
    invitation_.coordinator_party = party_;
    invitation_.coordinator_root_pem = authority_->root_pem();
    invitation_.charter_sha256 = charter::Verify(charter_envelope_, clock_.Now())->sha256;
    invitation_.secret = crypto::SecretBytes::Random(*random_, identity::kInvitationSecretBytes);
    invitation_.expires = clock_.Now() + std::chrono::days(7);
    invitation_.weight_max = 1000;
    options_.dir = "sites/site1";
    options_.trainers[*TrainerId::Parse("wafer")] = {.words = {"/bin/true"}};
    options_.dataset_examples = 77;
    options_.poll_every = Milliseconds(1);
    EXPECT_THAT(disk_.MakeDirs("sites"), IsOk());
  }

  Bytes MakeCharter(const std::string& name) {
    charter::PartyCard card;
    card.party.id = party_;
    card.party.name = "Pacific Fab";
    card.party.country = "US";
    card.party.ca_pem = authority_->root_pem();
    card.party.people = {{.id = *PersonId::Parse("alice"),
                          .key = KeyOf(2).public_key(),
                          .roles = {charter::Role::kOfficer}}};
    card.coordinator = charter::CoordinatorSite{.party = party_,
                                                .site = *SiteId::Parse("hub"),
                                                .country = "US",
                                                .address = "127.0.0.1:7400",
                                                .key = KeyOf(1).public_key()};
    const auto text = charter::Draft({.name = name,
                                      .cards = {card},
                                      .purposes = {"research"},
                                      .created = clock_.Now() - std::chrono::days(1),
                                      .expires = clock_.Now() + std::chrono::days(300)});
    seal::Envelope envelope{.payload_type = std::string(charter::kPayloadType),
                            .payload = ToBytes(text.value()),
                            .signatures = {}};
    seal::AddSignature(envelope, KeyOf(2));
    return ToBytes(seal::DumpEnvelope(envelope));
  }

  // The party answers a request as `renkei site approve` does.
  std::string Answer(const std::string& request_json) {
    const auto request = identity::ParseJoinRequest(request_json).value();
    EXPECT_THAT(identity::CheckJoinRequest(request, invitation_, clock_.Now()), IsOk());
    const auto chain = authority_->IssueChain(
        {.party = party_, .kind = identity::PeerKind::kSite, .name = leaf_name_},
        request.tls_public_key_pem, clock_.Now());
    identity::JoinGrant grant =
        identity::MakeJoinGrant(invitation_, chain.value(), authority_->root_pem());
    if (change_grant_) change_grant_(grant);
    return identity::DumpJoinGrant(grant);
  }

  Status Join() {
    return site::Join(options_, invitation_, {.disk = disk_, .clock = clock_, .random = *random_},
                      *this, stop_.get_token());
  }
  bool Exists(const std::string& path) { return disk_.Exists(path).value(); }

  Status Blink() {
    if (unreachable_ == 0) return Ok();
    --unreachable_;
    clock_.Advance(Milliseconds(1'000));
    return Error(Code::kUnavailable, "no connection");
  }
  StatusOr<run::Welcome> Hello() override {
    RK_RETURN_IF_ERROR(Blink());
    return run::Welcome{
        .charter_envelope = charter_envelope_, .checkpoint = "", .server_version = "test"};
  }
  Status AskJoin(const std::string& json) override {
    RK_RETURN_IF_ERROR(Blink());
    requests_.push_back(json);
    return Ok();
  }
  StatusOr<std::string> PollJoin(const std::string&) override {
    if (on_poll_) on_poll_();
    if (polls_before_answer_-- > 0) return Error(Code::kNotFound, "not yet");
    return Answer(requests_.back());
  }
  StatusOr<run::Page> Read(uint64_t, uint32_t, Milliseconds) override { return Unused(); }
  StatusOr<run::Submitted> Submit(ByteSpan) override { return Unused(); }
  StatusOr<std::vector<Digest>> ProveInclusion(uint64_t, uint64_t) override { return Unused(); }
  StatusOr<std::vector<Digest>> ProveConsistency(uint64_t, uint64_t) override { return Unused(); }
  Status Upload(store::Blobs&, const BlobId&, const run::Progress&) override { return Unused(); }
  Status Download(const BlobId&, store::Blobs&, const run::Progress&) override { return Unused(); }
  StatusOr<Bytes> Receipt(uint64_t) override { return Unused(); }
  Status Report(const run::SiteProgress&) override { return Unused(); }
  StatusOr<std::string> RunStatus(const RunId&) override { return Unused(); }
  StatusOr<std::vector<std::string>> PendingJoins() override { return Unused(); }
  Status GrantJoin(const std::string&) override { return Unused(); }
  static Status Unused() { return Error(Code::kPermissionDenied, "anonymous"); }

  int unreachable_ = 0;  // calls that find nobody, a second each
  LyingDisk disk_;
  LyingDisk party_disk_;
  ManualClock clock_{*ParseInstant("2026-11-24T00:00:00Z")};
  std::unique_ptr<Random> random_ = MakeSeededRandom(5);
  const PartyId party_ = *PartyId::Parse("pacific");
  std::unique_ptr<identity::PartyAuthority> authority_;
  Bytes charter_envelope_;
  identity::Invitation invitation_;
  JoinOptions options_;
  std::stop_source stop_;
  std::vector<std::string> requests_;
  int polls_before_answer_ = 2;
  std::string leaf_name_ = "site1";
  std::function<void(identity::JoinGrant&)> change_grant_;
  std::function<void()> on_poll_;
};

TEST_F(JoinTest, MakesAWholeSite) {
  ASSERT_THAT(Join(), IsOk());
  const SiteFiles files{options_.dir};
  const auto text = ReadWhole(disk_, files.config(), 1 << 20);
  ASSERT_THAT(text, IsOk());
  const auto config = ParseSiteConfig(AsText(*text), files.config());
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->site, invitation_.site);
  EXPECT_EQ(config->trainers, options_.trainers);
  const auto key = ReadSiteKey(disk_, files.key());
  ASSERT_THAT(key, IsOk());
  const auto request = identity::ParseJoinRequest(requests_.at(0));
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->key, key->public_key());
  EXPECT_EQ(request->dataset_examples, 77U);
  EXPECT_THAT(ReadWhole(disk_, files.charter(), 1 << 20), IsOkAndHolds(charter_envelope_));
  const auto tls_key = ReadWhole(disk_, files.tls_key(), 1 << 20);
  ASSERT_THAT(tls_key, IsOk());
  EXPECT_THAT(crypto::PublicKeyPem(AsText(*tls_key)), IsOkAndHolds(request->tls_public_key_pem));
  EXPECT_FALSE(Exists("sites/site1.joining"));
  EXPECT_FALSE(Exists("sites/site1/token-id"));
  EXPECT_THAT(Join(), StatusIs(Code::kAlreadyExists));
}

TEST_F(JoinTest, FillsAnEmptyDirectoryAndNoOther) {
  ASSERT_THAT(disk_.MakeDirs(options_.dir), IsOk());
  ASSERT_THAT(WriteWhole(disk_, options_.dir + "/mine", AsBytes("x")), IsOk());
  EXPECT_THAT(Join(), StatusIs(Code::kAlreadyExists));
  EXPECT_TRUE(requests_.empty());
  ASSERT_THAT(disk_.Remove(options_.dir + "/mine"), IsOk());
  EXPECT_THAT(Join(), IsOk());
}

TEST_F(JoinTest, WaitsNoLongerThanItsPatienceAndGoesOnWithTheSameKeys) {
  options_.patience = Milliseconds(1'000);
  polls_before_answer_ = 1000;
  on_poll_ = [this] { clock_.Advance(Milliseconds(300)); };
  EXPECT_THAT(Join(), StatusIs(Code::kDeadlineExceeded, HasSubstr("renkei site approve")));
  EXPECT_FALSE(Exists(options_.dir));
  stop_.request_stop();
  EXPECT_THAT(Join(), StatusIs(Code::kCancelled));
  stop_ = {};
  polls_before_answer_ = 1;
  ASSERT_THAT(Join(), IsOk());
  ASSERT_EQ(requests_.size(), 3U);
  EXPECT_EQ(requests_[0], requests_[2]);
}

TEST_F(JoinTest, TriesAgainWhileTheCoordinatorIsAwayButNotForEver) {
  unreachable_ = 20;
  ASSERT_THAT(Join(), IsOk());
  options_.dir = "sites/site2";
  unreachable_ = 1000;
  EXPECT_THAT(Join(), StatusIs(Code::kUnavailable));
  EXPECT_EQ(unreachable_, 1000 - 30);
  options_.patience = Milliseconds(5'000);
  EXPECT_THAT(Join(), StatusIs(Code::kUnavailable));
  EXPECT_EQ(unreachable_, 1000 - 30 - 5);
}

TEST_F(JoinTest, MakesNewKeysForAnotherToken) {
  options_.patience = Milliseconds(1);
  polls_before_answer_ = 1000;
  on_poll_ = [this] { clock_.Advance(Milliseconds(300)); };
  EXPECT_THAT(Join(), StatusIs(Code::kDeadlineExceeded));
  invitation_.secret = crypto::SecretBytes::Random(*random_, identity::kInvitationSecretBytes);
  polls_before_answer_ = 0;
  ASSERT_THAT(Join(), IsOk());
  EXPECT_NE(identity::ParseJoinRequest(requests_[0])->key,
            identity::ParseJoinRequest(requests_[1])->key);
}

TEST_F(JoinTest, BelievesNobodyButItsOwnParty) {
  const auto other_random = MakeSeededRandom(6);
  ASSERT_THAT(identity::PartyAuthority::Create(party_disk_, "other", party_, *other_random, clock_),
              IsOk());
  const auto other = identity::PartyAuthority::Open(party_disk_, "other").value();
  identity::Invitation stranger;
  stranger.site = invitation_.site;
  stranger.secret = crypto::SecretBytes::Random(*random_, identity::kInvitationSecretBytes);
  const struct {
    const char* what;
    std::function<void(identity::JoinGrant&)> change;
    const char* leaf_name;
  } cases[] = {
      {"made without the secret",
       [&](identity::JoinGrant& g) {
         g = identity::MakeJoinGrant(stranger, g.chain_pem, g.root_pem);
         g.token_id = identity::TokenId(invitation_.secret);
       },
       "site1"},
      {"an answer to another request", [](identity::JoinGrant& g) { g.token_id[0] ^= 1; }, "site1"},
      {"another root than the charter's",
       [&](identity::JoinGrant& g) {
         g = identity::MakeJoinGrant(invitation_, g.chain_pem, other.root_pem());
       },
       "site1"},
      {"a certificate for another site", {}, "site2"},
      {"a chain that was cut",
       [&](identity::JoinGrant& g) {
         const std::string leaf = g.chain_pem.substr(0, g.chain_pem.find("-----BEGIN", 1));
         g = identity::MakeJoinGrant(invitation_, leaf, g.root_pem);
       },
       "site1"},
  };
  for (const auto& c : cases) {
    change_grant_ = c.change;
    leaf_name_ = c.leaf_name;
    polls_before_answer_ = 0;
    EXPECT_THAT(Join(), StatusIs(Code::kUnauthenticated)) << c.what;
    EXPECT_FALSE(Exists(options_.dir)) << c.what;
    EXPECT_FALSE(Exists(options_.dir + ".joining")) << c.what;
  }
}

TEST_F(JoinTest, JoinsNoOtherCharterThanItWasInvitedTo) {
  const Bytes invited = charter_envelope_;
  charter_envelope_ = MakeCharter("others");
  EXPECT_THAT(Join(), StatusIs(Code::kUnauthenticated, HasSubstr("invited to")));
  charter_envelope_ = invited;
  charter_envelope_[charter_envelope_.size() / 2] ^= 1;
  EXPECT_THAT(Join(), StatusIs(Code::kUnauthenticated));
  charter_envelope_ = invited;
  invitation_.expires = clock_.Now();
  EXPECT_THAT(Join(), StatusIs(Code::kUnauthenticated, HasSubstr("expired")));
  EXPECT_TRUE(requests_.empty());
  EXPECT_FALSE(Exists(options_.dir));
}

TEST_F(JoinTest, LeavesAWholeSiteOrNoneWhereverTheDiskFails) {
  for (uint64_t steps = 1;; ++steps) {
    options_.dir = fmt::format("sites/site{}", steps);
    polls_before_answer_ = 0;
    disk_.FailAfter(steps);
    const Status joined = Join();
    disk_.ClearFaults();
    disk_.Crash(random_.get());
    const SiteFiles files{options_.dir};
    if (Exists(options_.dir)) {
      EXPECT_THAT(ReadSiteKey(disk_, files.key()), IsOk()) << steps;
      for (const std::string& path : {files.config(), files.charter(), files.tls_chain()}) {
        EXPECT_TRUE(Exists(path)) << path << " " << steps;
      }
    } else {
      ASSERT_FALSE(joined.ok());
      polls_before_answer_ = 0;
      EXPECT_THAT(Join(), IsOk()) << steps;
    }
    if (joined.ok()) break;
  }
}

}  // namespace
}  // namespace renkei::site
