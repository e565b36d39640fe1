// SPDX-License-Identifier: Apache-2.0
// A site's leaf and its party's issuer, with the letter box of a coordinator between them.
#include "renkei/site/leaf.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/log.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/base/steady_clock.h"
#include "renkei/crypto/x509.h"
#include "renkei/run/federation_testing.h"
#include "renkei/site/renewal_desk.h"

namespace renkei::site {
namespace {

using std::chrono::hours;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// What stays in the coordinator, whoever brings or fetches it.
struct Box {
  std::vector<std::string> asked;  // all of them, also those that were answered
  std::vector<std::string> answers;
  bool reachable = true;
};

class BoxPeer final : public run::Peer {
 public:
  explicit BoxPeer(Box& box) : box_(box) {}

  Status AskJoin(const std::string& request) override {
    if (!box_.reachable) return Error(Code::kUnavailable, "no connection");
    box_.asked.push_back(request);
    return Ok();
  }
  StatusOr<std::string> PollJoin(const std::string& nonce) override {
    for (const std::string& answer : box_.answers) {
      if (identity::ParseRenewalGrant(answer)->nonce == nonce) return answer;
    }
    return Error(Code::kNotFound, "no answer yet");
  }
  StatusOr<std::vector<std::string>> PendingJoins() override { return box_.asked; }
  Status GrantJoin(const std::string& answer) override {
    box_.answers.push_back(answer);
    return Ok();
  }

  StatusOr<run::Welcome> Hello() override { return Never(); }
  StatusOr<run::Page> Read(uint64_t, uint32_t, Milliseconds) override { return Never(); }
  StatusOr<run::Submitted> Submit(ByteSpan) override { return Never(); }
  StatusOr<std::vector<Digest>> ProveInclusion(uint64_t, uint64_t) override { return Never(); }
  StatusOr<std::vector<Digest>> ProveConsistency(uint64_t, uint64_t) override { return Never(); }
  Status Upload(store::Blobs&, const BlobId&, const run::Progress&) override { return Never(); }
  Status Download(const BlobId&, store::Blobs&, const run::Progress&) override { return Never(); }
  StatusOr<Bytes> Receipt(uint64_t) override { return Never(); }
  Status Report(const run::SiteProgress&) override { return Never(); }
  StatusOr<std::string> RunStatus(const RunId&) override { return Never(); }

 private:
  static Status Never() { return Error(Code::kInternal, "not asked of a stranger"); }
  Box& box_;
};

class LeafTest : public testing::Test {
 protected:
  void SetUp() override {
    log::SetLevel(log::Level::kOff);
    const PartyId party = run::TestFederation::Party("party-a");
    ASSERT_THAT(identity::PartyAuthority::Create(disk_, "party", party, *random_, clock_), IsOk());
    charter_ = federation_.charter;
    for (charter::Party& one : charter_.parties) {
      if (one.id == party) one.ca_pem = Authority().root_pem();
    }
    Write(federation_.Adopted(), "coordinator");
    Write(federation_.Enrolled(own_), "party-a");
    ASSERT_THAT(disk_.MakeDirs(files_.tls_dir()), IsOk());
    ASSERT_THAT(WriteWhole(disk_, files_.key(), federation_.key("f0").SeedText().reveal()), IsOk());
    const identity::TlsFiles tls = Issue();
    ASSERT_THAT(WriteWhole(disk_, files_.tls_chain(), AsBytes(tls.chain_pem)), IsOk());
    ASSERT_THAT(WriteWhole(disk_, files_.tls_key(), AsBytes(tls.key_pem)), IsOk());
    OpenDesk();
  }

  identity::PartyAuthority Authority() {
    return identity::PartyAuthority::Open(disk_, "party").value();
  }
  identity::PeerId Self() const {
    return {
        .party = federation_.PartyOf(own_), .kind = identity::PeerKind::kSite, .name = own_.text()};
  }
  identity::TlsFiles Issue() { return Authority().IssueTls(Self(), clock_.Now()).value(); }
  void Write(const record::Record& record, std::string_view signer) {
    ASSERT_THAT(book_.Apply(book_.size(), *record::Seal(record, federation_.key(signer))), IsOk());
  }
  std::unique_ptr<Leaf> Load(Clock& clock, const std::string& issuer_dir = "") {
    const SiteConfig config{.site = own_,
                            .party = federation_.PartyOf(own_),
                            .country = "US",
                            .coordinator = "127.0.0.1:7400",
                            .trainers = {},
                            .issuer_dir = issuer_dir};
    return Leaf::Load({.files = files_,
                       .config = config,
                       .charter = charter_,
                       .stranger = [this] { return std::make_unique<BoxPeer>(box_); }},
                      disk_, clock, *random_)
        .value();
  }
  void OpenDesk() {
    desk_ = std::make_unique<RenewalDesk>(
        RenewalDesk::Open(disk_, clock_, "party", "renewals.json", federation_.PartyOf(own_))
            .value());
  }
  void Answer() {
    clock_.Advance(kAnswerEvery);
    BoxPeer peer(box_);
    ASSERT_THAT(desk_->Answer(peer, book_), IsOk());
  }
  StatusOr<bool> RenewLater(Leaf& leaf) {
    clock_.Advance(kLookForAnswerEvery);
    return leaf.Renew(book_);
  }

  const run::TestFederation federation_{{.sites = 2}};
  const SiteId own_ = federation_.sites[0];
  charter::Charter charter_;
  LyingDisk disk_;
  ManualClock clock_{federation_.now};
  const std::unique_ptr<Random> random_ = MakeSeededRandom(5);
  const SiteFiles files_{"site"};
  run::Book book_;
  Box box_;
  std::unique_ptr<RenewalDesk> desk_;
};

TEST_F(LeafTest, IsRenewedByThePartysIssuerAtHalfItsLife) {
  const auto leaf = Load(clock_);
  clock_.Advance(hours(12) - Milliseconds(1000));
  ASSERT_THAT(leaf->Renew(book_), IsOkAndHolds(false));
  EXPECT_THAT(box_.asked, IsEmpty());
  const std::string before = leaf->tls().key_pem;
  clock_.Advance(Milliseconds(1000));
  ASSERT_THAT(leaf->Renew(book_), IsOkAndHolds(false)) << "it goes on with the old one meanwhile";
  EXPECT_THAT(box_.asked, SizeIs(1));
  Answer();
  ASSERT_THAT(RenewLater(*leaf), IsOkAndHolds(true));
  EXPECT_NE(leaf->tls().key_pem, before) << "a new key for every leaf";
  EXPECT_GT(leaf->tls().not_after, clock_.Now() + hours(23));
  EXPECT_EQ(Load(clock_)->tls().not_after, leaf->tls().not_after) << "kept on disk";
  EXPECT_THAT(RenewLater(*leaf), IsOkAndHolds(false));
}

TEST_F(LeafTest, ThatExpiredOverAWeekendIsRenewedAsWell) {
  clock_.Advance(hours(62));
  const auto leaf = Load(clock_);
  EXPECT_THAT(leaf->Renew(book_),
              StatusIs(Code::kUnauthenticated,
                       AllOf(HasSubstr("has not answered yet"), HasSubstr("site approve"))));
  Answer();
  ASSERT_THAT(RenewLater(*leaf), IsOkAndHolds(true));
  EXPECT_GT(leaf->tls().not_after, clock_.Now());
}

TEST_F(LeafTest, ThatIsNotThereIsAskedForLikeOneThatExpired) {
  ASSERT_THAT(RemoveTree(disk_, files_.tls_dir()), IsOk());
  const auto leaf = Load(clock_);
  EXPECT_THAT(leaf->Renew(book_), StatusIs(Code::kUnauthenticated));
  Answer();
  ASSERT_THAT(RenewLater(*leaf), IsOkAndHolds(true));
  EXPECT_EQ(Load(clock_)->tls().not_after, leaf->tls().not_after) << "kept on disk";
}

TEST_F(LeafTest, IsAskedForAgainWhenNobodyAnswersOrNobodyIsThere) {
  clock_.Advance(hours(62));
  const auto leaf = Load(clock_);
  box_.reachable = false;
  EXPECT_THAT(leaf->Renew(book_), StatusIs(Code::kUnauthenticated, HasSubstr("no connection")));
  box_.reachable = true;
  for (int i = 0; i < 300; ++i) {  // ten minutes
    ASSERT_THAT(RenewLater(*leaf), StatusIs(Code::kUnauthenticated));
  }
  EXPECT_THAT(box_.asked, SizeIs(5));
  Answer();
  ASSERT_THAT(RenewLater(*leaf), IsOkAndHolds(true)) << "the latest request counts";
}

TEST_F(LeafTest, IsNotRenewedAfterThirtyDaysUnlessAPersonConfirmsTheSite) {
  clock_.Advance(identity::kRenewalLife);
  const auto leaf = Load(clock_);
  const auto over = StatusIs(Code::kUnauthenticated,
                             AllOf(HasSubstr("could renew until 2026-12-24T00:00:00.000Z"),
                                   HasSubstr("site approve --site f0")));
  EXPECT_THAT(leaf->Renew(book_), over);
  Answer();
  EXPECT_THAT(box_.answers, IsEmpty());
  EXPECT_THAT(RenewLater(*leaf), over);
  record::SiteEnrolled again = federation_.Enrolled(own_);
  again.token_id = "confirmed";
  again.at = clock_.Now();
  Write(again, "party-a");
  Answer();
  EXPECT_THAT(RenewLater(*leaf), IsOkAndHolds(true));
}

TEST_F(LeafTest, OfASuspendedSiteIsNotRenewedNotEvenByItself) {
  Write(record::CrossingsSuspended{.party = federation_.PartyOf(own_), .site = own_, .at = {}},
        "party-a");
  clock_.Advance(hours(25));
  for (const char* issuer_dir : {"", "party"}) {
    const auto leaf = Load(clock_, issuer_dir);
    EXPECT_THAT(leaf->Renew(book_), StatusIs(Code::kUnauthenticated, HasSubstr("suspended")));
    Answer();
    EXPECT_THAT(box_.answers, IsEmpty());
    EXPECT_THAT(RenewLater(*leaf), StatusIs(Code::kUnauthenticated));
  }
  Write(record::CrossingsResumed{.party = federation_.PartyOf(own_), .site = own_, .at = {}},
        "party-a");
  EXPECT_THAT(Load(clock_, "party")->Renew(book_), IsOkAndHolds(true)) << "by its own issuer";
}

TEST_F(LeafTest, IsNotMadeForASiteWhosePartyHasLeft) {
  const SiteId site = federation_.sites[1];
  Write(federation_.Enrolled(site), "party-b");
  const record::SiteEnrolled enrolled = book_.FindSite(site)->enrolled;
  EXPECT_THAT(CheckMayHaveLeaf(book_, enrolled, clock_.Now()), IsOk());
  Write(record::PartyLeft{.party = federation_.PartyOf(site), .at = {}}, "party-b");
  EXPECT_THAT(CheckMayHaveLeaf(book_, enrolled, clock_.Now()),
              StatusIs(Code::kPermissionDenied, HasSubstr("party-left")));
}

TEST_F(LeafTest, IsNotTakenFromAnAnswerThatProvesNothing) {
  clock_.Advance(hours(25));
  const auto leaf = Load(clock_);
  const auto forge = [&](const identity::PeerId& peer, bool own_key) {
    clock_.Advance(kAskAgainEvery);  // a new request
    EXPECT_FALSE(leaf->Renew(book_).ok());
    const auto request = *identity::ParseRenewalRequest(box_.asked.back());
    const std::string other = *crypto::PublicKeyPem(crypto::GenerateTlsKeyPem());
    const std::string chain =
        *Authority().IssueChain(peer, own_key ? request.tls_public_key_pem : other, clock_.Now());
    box_.answers.push_back(identity::DumpRenewalGrant(
        {.nonce = request.nonce, .site = request.site, .chain_pem = chain}));
    return RenewLater(*leaf);
  };
  EXPECT_THAT(forge(Self(), false), StatusIs(Code::kUnauthenticated, HasSubstr("for another key")));
  identity::PeerId other = Self();
  other.name = "f2";
  EXPECT_THAT(forge(other, true), StatusIs(Code::kUnauthenticated, HasSubstr("not for")));
  EXPECT_THAT(forge(Self(), true), IsOkAndHolds(true));
}

TEST_F(LeafTest, IsDueWhenKeyAndChainDoNotBelongTogether) {
  ASSERT_THAT(WriteWhole(disk_, files_.tls_key(), AsBytes(crypto::GenerateTlsKeyPem())), IsOk());
  const auto leaf = Load(clock_);  // the machine stopped between two files
  EXPECT_THAT(leaf->Renew(book_), StatusIs(Code::kUnauthenticated));
  Answer();
  EXPECT_THAT(RenewLater(*leaf), IsOkAndHolds(true));
}

TEST_F(LeafTest, IsNotDueBecauseAClockJumpsToAndFro) {
  SteadyClock steady(clock_);
  const auto leaf = Load(steady);
  const std::string key = leaf->tls().key_pem;
  for (int i = 0; i < 100; ++i) {
    clock_.Jump(i % 2 == 0 ? hours(24) : -hours(24));
    ASSERT_THAT(RenewLater(*leaf), IsOkAndHolds(false)) << i;
  }
  EXPECT_THAT(box_.asked, IsEmpty());
  EXPECT_EQ(leaf->tls().key_pem, key);
}

TEST_F(LeafTest, TheIssuerAnswersARequestOnceAlsoAfterARestart) {
  clock_.Advance(hours(25));
  const auto leaf = Load(clock_);
  EXPECT_FALSE(leaf->Renew(book_).ok());
  Answer();
  EXPECT_THAT(box_.answers, SizeIs(1));
  Answer();  // The box still shows the request: a coordinator may replay what it has seen.
  OpenDesk();
  Answer();
  EXPECT_THAT(box_.answers, SizeIs(1));
  clock_.Advance(identity::kRenewalFresh);
  ASSERT_THAT(disk_.Remove("renewals.json"), IsOk());
  OpenDesk();
  Answer();
  EXPECT_THAT(box_.answers, SizeIs(1)) << "and by then it is too old anyway";
}

TEST_F(LeafTest, TheIssuerAnswersNobodyElse) {
  const auto ask = [&](const SiteId& site, std::string_view key, const Digest& charter) {
    box_.asked.push_back(identity::DumpRenewalRequest(identity::MakeRenewalRequest(
        {.site = site,
         .party = federation_.PartyOf(site),
         .charter_sha256 = charter,
         .tls_public_key_pem = *crypto::PublicKeyPem(crypto::GenerateTlsKeyPem()),
         .at = clock_.Now()},
        federation_.key(key), *random_)));
  };
  Write(federation_.Enrolled(federation_.sites[1]), "party-b");
  ask(federation_.sites[1], "f1", charter_.sha256);  // a site of another party
  ask(own_, "f1", charter_.sha256);                  // another's key
  ask(own_, "f0", Digest());                         // another charter
  box_.asked.push_back("{}");
  Answer();
  EXPECT_THAT(box_.answers, IsEmpty());
  ask(own_, "f0", charter_.sha256);
  Answer();
  EXPECT_THAT(box_.answers, SizeIs(1)) << "what is wrong does not hold up what is right";
}

}  // namespace
}  // namespace renkei::site
