// SPDX-License-Identifier: Apache-2.0
// Letters between sites and their parties, and what a suspension does to them and to transfers.
#include <memory>
#include <string>

#include <gmock/gmock.h>

#include "renkei/coordinator/coordinator.h"
#include "renkei/coordinator/house_testing.h"
#include "renkei/coordinator/letter_box.h"
#include "renkei/identity/join.h"
#include "renkei/identity/renewal.h"

namespace renkei::coordinator {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Joins, GoBetweenASiteAndItsParty) {
  House house;
  ASSERT_THAT(house.Open(), IsOk());
  const SiteId site = house.federation.sites[0];
  identity::JoinRequest request;
  request.token_id = house.federation.Enrolled(site).token_id;
  request.site = site;
  request.key = house.federation.key(site.text()).public_key();
  request.tls_public_key_pem = "pem";
  const std::string json = identity::DumpJoinRequest(request);
  const identity::PeerId nobody;
  EXPECT_THAT(house.hub->AskJoin(nobody, "{}"), StatusIs(Code::kInvalidArgument));
  ASSERT_THAT(house.hub->AskJoin(nobody, json), IsOk());
  ASSERT_THAT(house.hub->AskJoin(nobody, json), IsOk());
  EXPECT_THAT(house.hub->PollJoin(nobody, request.token_id), StatusIs(Code::kNotFound));
  EXPECT_THAT(*house.hub->PendingJoins(House::Person("party-a")), SizeIs(1));
  EXPECT_THAT(house.hub->PendingJoins(house.Site(site)), StatusIs(Code::kPermissionDenied));
  identity::JoinGrant grant;
  grant.token_id = request.token_id;
  grant.chain_pem = "chain";
  grant.root_pem = "root";
  const std::string answer = identity::DumpJoinGrant(grant);
  EXPECT_THAT(house.hub->GrantJoin(House::Person("party-a"), answer),
              StatusIs(Code::kFailedPrecondition, HasSubstr("site.enrolled first")));
  ASSERT_THAT(house.SubmitPerson("party-a", house.federation.Enrolled(site)), IsOk());
  EXPECT_THAT(house.hub->GrantJoin(House::Person("party-b"), answer),
              StatusIs(Code::kPermissionDenied));
  ASSERT_THAT(house.Open(), IsOk()) << "letters survive a restart";
  EXPECT_THAT(*house.hub->PendingJoins(House::Person("party-a")), SizeIs(1));
  EXPECT_THAT(house.hub->GrantJoin(House::Person("party-a"), answer), IsOk());
  EXPECT_THAT(*house.hub->PendingJoins(House::Person("party-a")), IsEmpty());
  EXPECT_THAT(house.hub->PollJoin(nobody, request.token_id), IsOkAndHolds(answer));
  house.clock.Advance(kLetterLifetime);
  EXPECT_THAT(house.hub->PollJoin(nobody, request.token_id), StatusIs(Code::kNotFound));
}

// A letter of a site that renews its leaf, by its own key and clock.
std::string RenewalOf(const House& house, const SiteId& site, uint64_t seed, Instant at) {
  const auto random = MakeSeededRandom(seed);
  return identity::DumpRenewalRequest(
      identity::MakeRenewalRequest({.site = site,
                                    .party = house.federation.PartyOf(site),
                                    .charter_sha256 = house.federation.charter.sha256,
                                    .tls_public_key_pem = "pem",
                                    .at = at},
                                   house.federation.key(site.text()), *random));
}
std::string NonceOf(const std::string& request) {
  return identity::ParseRenewalRequest(request)->nonce;
}
std::string AnswerTo(const std::string& request) {
  return identity::DumpRenewalGrant({.nonce = NonceOf(request),
                                     .site = identity::ParseRenewalRequest(request)->site,
                                     .chain_pem = "chain"});
}

// A run that waits for its sites to say what they may send.
struct Lettered {
  Lettered() {
    EXPECT_THAT(house->Open(), IsOk());
    EXPECT_THAT(house->People(house->federation.Spec(house->model, 1, 4)), IsOk());
  }
  Status Ask(const std::string& request) { return house->hub->AskJoin({}, request); }
  Status Answer(const identity::PeerId& caller, const std::string& request) {
    return house->hub->GrantJoin(caller, AnswerTo(request));
  }
  const SiteId& site(size_t i) const { return house->federation.sites[i]; }

  std::unique_ptr<House> house = std::make_unique<House>();
};

TEST(Renewals, GoFromASiteWithoutACertificateToItsPartysIssuerAndBack) {
  Lettered l;
  House& house = *l.house;
  const std::string request = RenewalOf(house, l.site(0), 1, house.clock.Now());
  ASSERT_THAT(l.Ask(request), IsOk());
  EXPECT_THAT(*house.hub->PendingJoins(house.Site(l.site(2))), testing::ElementsAre(request));
  EXPECT_THAT(*house.hub->PendingJoins(House::Person("party-a")), testing::ElementsAre(request));
  EXPECT_THAT(*house.hub->PendingJoins(house.Site(l.site(1))), IsEmpty()) << "another party";
  EXPECT_THAT(l.Answer(house.Site(l.site(1)), request), StatusIs(Code::kPermissionDenied));
  EXPECT_THAT(l.Answer(House::Person("party-b"), request), StatusIs(Code::kPermissionDenied));
  EXPECT_THAT(l.Answer({}, request), StatusIs(Code::kUnauthenticated));
  EXPECT_THAT(house.hub->PollJoin({}, NonceOf(request)), StatusIs(Code::kNotFound));
  ASSERT_THAT(house.Open(), IsOk()) << "letters survive a restart";
  ASSERT_THAT(l.Answer(house.Site(l.site(2)), request), IsOk());
  EXPECT_THAT(house.hub->PollJoin({}, NonceOf(request)), IsOkAndHolds(AnswerTo(request)));
  EXPECT_THAT(*house.hub->PendingJoins(house.Site(l.site(2))), IsEmpty());
  EXPECT_THAT(l.Answer(house.Site(l.site(2)), request), StatusIs(Code::kFailedPrecondition))
      << "nothing waits for it any more";
}

TEST(Renewals, OfNobodyInTheLedgerAreNotKept) {
  Lettered l;
  House& house = *l.house;
  const Instant now = house.clock.Now();
  identity::RenewalRequest forged =
      *identity::ParseRenewalRequest(RenewalOf(house, l.site(0), 1, now));
  forged.site = l.site(2);
  EXPECT_THAT(l.Ask(identity::DumpRenewalRequest(forged)), StatusIs(Code::kUnauthenticated));
  forged = *identity::ParseRenewalRequest(RenewalOf(house, l.site(0), 1, now));
  forged.party = house.federation.PartyOf(l.site(1));
  EXPECT_THAT(l.Ask(identity::DumpRenewalRequest(forged)), StatusIs(Code::kUnauthenticated));
  EXPECT_THAT(l.Ask(RenewalOf(house, l.site(0), 1, now + std::chrono::hours(24))),
              StatusIs(Code::kFailedPrecondition, HasSubstr("86400 s ahead of")));
  EXPECT_THAT(*house.hub->PendingJoins(House::Person("party-a")), IsEmpty());
}

TEST(Renewals, AnOlderRequestBroughtAgainDoesNotReplaceTheLatest) {
  Lettered l;
  House& house = *l.house;
  const std::string old = RenewalOf(house, l.site(0), 1, house.clock.Now());
  ASSERT_THAT(l.Ask(old), IsOk());
  house.clock.Advance(Milliseconds(1000));
  const std::string latest = RenewalOf(house, l.site(0), 2, house.clock.Now());
  ASSERT_THAT(l.Ask(latest), IsOk());
  EXPECT_THAT(l.Ask(old), StatusIs(Code::kAlreadyExists));
  EXPECT_THAT(*house.hub->PendingJoins(House::Person("party-a")), testing::ElementsAre(latest));
  house.clock.Advance(identity::kRenewalFresh);
  EXPECT_THAT(*house.hub->PendingJoins(House::Person("party-a")), IsEmpty()) << "too old to answer";
}

TEST(Renewals, AreBoundedForEachSiteAndNotCrowdedOutByStrangers) {
  Lettered l;
  House& house = *l.house;
  identity::JoinRequest stranger;
  stranger.site = *SiteId::Parse("stranger");
  stranger.key = house.federation.key("f0").public_key();
  for (size_t i = 0; i < kStrangersPendingMax; ++i) {
    stranger.token_id = fmt::format("token-{}", i);
    ASSERT_THAT(l.Ask(identity::DumpJoinRequest(stranger)), IsOk());
  }
  for (uint32_t i = 0; i < kRenewalAsksPerMinute; ++i) {
    ASSERT_THAT(l.Ask(RenewalOf(house, l.site(0), i, house.clock.Now())), IsOk()) << i;
  }
  EXPECT_THAT(l.Ask(RenewalOf(house, l.site(0), 99, house.clock.Now())),
              StatusIs(Code::kResourceExhausted));
  EXPECT_THAT(l.Ask(RenewalOf(house, l.site(1), 99, house.clock.Now())), IsOk());
  EXPECT_THAT(*house.hub->PendingJoins(house.Site(l.site(2))), SizeIs(1)) << "the latest alone";
}

record::CrossingsSuspended Suspend(House& house, std::string_view party, const SiteId& site = {}) {
  return {.party = run::TestFederation::Party(party), .site = site, .at = house.clock.Now()};
}

TEST(Renewals, OfASuspendedSiteOrByOneAreRefused) {
  Lettered l;
  House& house = *l.house;
  const std::string request = RenewalOf(house, l.site(0), 1, house.clock.Now());
  ASSERT_THAT(l.Ask(request), IsOk());
  ASSERT_THAT(house.SubmitPerson("party-a", Suspend(house, "party-a", l.site(2))), IsOk());
  EXPECT_THAT(l.Answer(house.Site(l.site(2)), request), StatusIs(Code::kPermissionDenied))
      << "the issuer is suspended";
  EXPECT_THAT(house.hub->PendingJoins(house.Site(l.site(2))), StatusIs(Code::kPermissionDenied));
  ASSERT_THAT(house.SubmitPerson("party-a", Suspend(house, "party-a", l.site(0))), IsOk());
  EXPECT_THAT(l.Answer(House::Person("party-a"), request),
              StatusIs(Code::kPermissionDenied, HasSubstr("suspended")));
  EXPECT_THAT(l.Ask(RenewalOf(house, l.site(0), 2, house.clock.Now())),
              StatusIs(Code::kPermissionDenied, HasSubstr("suspended")));
}

// Every site has said what it would send, and one of them has begun to send it.
TEST(Suspension, EndsTransfersThatWereAllowedWhenTheyBegan) {
  Lettered l;
  House& house = *l.house;
  while (house.Run().phase != run::Phase::kTraining) {
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
    house.hub->Turn();
  }
  const SiteId f1 = l.site(1);
  const BlobId update = *WriteModel(*house.at_home, House::Trained(house.first, 1, 1));
  record::Contributed entry = house.federation.Contributed(house.Run(), f1, update);
  ASSERT_THAT(house.SubmitSite(f1, entry), IsOk());
  auto sink = house.hub->BeginUpload(house.Site(f1), update, *house.at_home->Leaves(update));
  ASSERT_THAT(sink, IsOk());
  const auto upload = [&] { return house.hub->CheckUpload(house.Site(f1), update); };
  const auto download = [&](const identity::PeerId& caller) {
    return house.hub->CheckDownload(caller, house.model);
  };
  EXPECT_THAT(upload(), IsOk());
  EXPECT_THAT(download(house.Site(l.site(3))), IsOk());

  const auto no = StatusIs(Code::kPermissionDenied, HasSubstr("suspended"));
  ASSERT_THAT(house.SubmitPerson("party-b", Suspend(house, "party-b", f1)), IsOk());
  EXPECT_THAT(upload(), no);
  EXPECT_THAT(house.hub->FinishUpload(house.Site(f1), update), no);
  EXPECT_THAT(house.hub->BeginUpload(house.Site(f1), update, {}), no);
  EXPECT_THAT(download(house.Site(f1)), no);
  EXPECT_THAT(download(house.Site(l.site(3))), IsOk()) << "another site of the party";
  ASSERT_THAT(house.SubmitPerson("party-b", Suspend(house, "party-b")), IsOk());
  EXPECT_THAT(download(house.Site(l.site(3))), no);
  EXPECT_THAT(house.hub->OpenDownload(house.Site(l.site(3)), house.model), no);
  EXPECT_THAT(download(House::Person("party-b")), no);
  EXPECT_THAT(download(house.Site(l.site(0))), IsOk()) << "the other party";

  for (const SiteId& site : {SiteId(), f1}) {
    const record::CrossingsResumed resumed{
        .party = house.federation.PartyOf(f1), .site = site, .at = house.clock.Now()};
    ASSERT_THAT(house.SubmitPerson("party-b", resumed), IsOk());
  }
  EXPECT_THAT(upload(), IsOk());
  ASSERT_THAT(house.SubmitPerson("party-a", Suspend(house, "party-a")), IsOk());
  EXPECT_THAT(upload(), no) << "the owner and the coordinator are of party-a";
  EXPECT_THAT(download(house.Site(l.site(3))), no);
}

TEST(LetterBox, IsBounded) {
  LyingDisk disk;
  auto box = LetterBox::Open(disk, "letters.json").value();
  const Instant now = *ParseInstant("2026-11-24T00:00:00Z");
  const auto ask = [&](size_t number, bool known) {
    const std::string id = fmt::format("{}-{}", known ? "site" : "token", number);
    return box->Ask({.id = id,
                     .from = id,
                     .known = known,
                     .json = "letter of " + id,
                     .until = now + kLetterLifetime},
                    now);
  };
  for (size_t i = 0; i < kStrangersPendingMax; ++i) ASSERT_THAT(ask(i, false), IsOk()) << i;
  EXPECT_THAT(ask(kStrangersPendingMax, false), StatusIs(Code::kResourceExhausted));
  EXPECT_THAT(ask(3, false), IsOk()) << "one that waits may ask again";
  EXPECT_THAT(ask(0, true), IsOk()) << "strangers do not keep out who is known";
  EXPECT_THAT(box->Ask({.id = "x",
                        .from = "x",
                        .known = true,
                        .json = std::string(kLetterBytesMax + 1, ' '),
                        .until = now + kLetterLifetime},
                       now),
              StatusIs(Code::kResourceExhausted));
  EXPECT_EQ(LetterBox::Open(disk, "letters.json").value()->Pending(now), box->Pending(now));
  EXPECT_THAT(box->Pending(now + kLetterLifetime), IsEmpty());
}

}  // namespace
}  // namespace renkei::coordinator
