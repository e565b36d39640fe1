// SPDX-License-Identifier: Apache-2.0
// A pause over a restart, and what the coordinator answers to a party that has left.
#include <string>

#include <gmock/gmock.h>

#include "renkei/coordinator/access.h"
#include "renkei/coordinator/house_testing.h"
#include "renkei/identity/renewal.h"

namespace renkei::coordinator {
namespace {

using testing::HasSubstr;

// All determinations stand and the first round is open; f0 and f2 are of party-a, f1 and f3 of
// party-b.
void OpenFirstRound(House& house) {
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.People(house.federation.Spec(house.model, 2, 2, "")), IsOk());
  house.hub->Turn();
  for (int i = 0; i < 2; ++i) {
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
  }
  house.hub->Turn();
  ASSERT_EQ(house.Run().phase, run::Phase::kTraining);
}

void Leave(House& house) {
  ASSERT_THAT(house.SubmitPerson("party-b",
                                 record::PartyLeft{.party = run::TestFederation::Party("party-b"),
                                                   .at = house.clock.Now()}),
              IsOk());
}

TEST(Pausing, LastsOverARestartAndLosesNothing) {
  House house;
  ASSERT_NO_FATAL_FAILURE(OpenFirstRound(house));
  const auto said = [&](auto record) {
    record.run = house.federation.run;
    record.party = run::TestFederation::Party("party-b");
    record.at = house.clock.Now();
    return house.SubmitPerson("party-b", record);
  };
  ASSERT_THAT(said(record::RunPauseAsked()), IsOk());
  for (int turn = 0; turn < 20; ++turn) {
    if (turn == 10) {
      ASSERT_THAT(house.Open(), IsOk());
    }
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
    house.hub->Turn();
    house.clock.Advance(std::chrono::hours(1));
  }
  EXPECT_EQ(house.Run().phase, run::Phase::kEvaluating);
  EXPECT_EQ(house.Run().rounds.size(), 1u) << "the round is finished, and no other opens";
  EXPECT_EQ(house.Run().current.counted.size(), 4u);
  EXPECT_THAT(house.hub->RunStatus(House::Person("party-a"), house.federation.run),
              IsOkAndHolds(HasSubstr(R"("paused_by":["party-b"])")));
  ASSERT_THAT(said(record::RunResumeAsked()), IsOk());
  ASSERT_THAT(house.LiveToTheEnd(house.Run().spec_toml), IsOk());
  EXPECT_EQ(house.Run().outcome, "completed") << house.Run().code;
}

TEST(APartyThatLeft, ReadsTheLedgerUpToItsLeavingAndNoFurther) {
  House house;
  ASSERT_NO_FATAL_FAILURE(OpenFirstRound(house));
  ASSERT_NO_FATAL_FAILURE(Leave(house));
  const uint64_t end = house.hub->BookNow().left().begin()->second.index + 1;
  ASSERT_THAT(house.Act(house.federation.sites[0]), IsOk());
  const auto all = house.hub->Read(House::Person("party-a"), end, 256, Milliseconds(0));
  ASSERT_THAT(all, IsOk());
  EXPECT_FALSE(all->entries.empty());
  const identity::PeerId site = house.Site(house.federation.sites[1]);
  for (const identity::PeerId& gone : {House::Person("party-b"), site}) {
    const auto page = house.hub->Read(gone, end - 1, 256, Milliseconds(0));
    ASSERT_THAT(page, IsOk());
    EXPECT_EQ(page->entries.size(), 1u) << "its own leaving";
    const auto more = house.hub->Read(gone, end, 256, Milliseconds(0));
    ASSERT_THAT(more, IsOk());
    EXPECT_TRUE(more->entries.empty());
    EXPECT_THAT(house.hub->Read(gone, end + 1, 256, Milliseconds(0)), StatusIs(Code::kOutOfRange));
    EXPECT_THAT(house.hub->ProveInclusion(gone, 0, end), IsOk()) << "it keeps its proofs";
  }
}

TEST(APartyThatLeft, IsRefusedEverythingElse) {
  House house;
  ASSERT_NO_FATAL_FAILURE(OpenFirstRound(house));
  for (const size_t one : {0, 1}) {
    ASSERT_THAT(house.Act(house.federation.sites[one]), IsOk());
  }
  const SiteId gone = house.federation.sites[1];
  const identity::PeerId site = house.Site(gone);
  const run::Contribution contribution = house.Run().current.contributed.at(gone);
  ASSERT_NO_FATAL_FAILURE(Leave(house));
  const auto left = StatusIs(Code::kPermissionDenied, HasSubstr("party-left"));
  EXPECT_THAT(house.hub->OpenDownload(site, house.model).status(), left);
  EXPECT_THAT(house.hub->BeginUpload(site, contribution.update, {}).status(), left);
  EXPECT_THAT(house.hub->CheckUpload(site, contribution.update), left);
  EXPECT_THAT(house.hub->FinishUpload(site, contribution.update), left);
  EXPECT_THAT(house.hub->RunStatus(site, house.federation.run).status(), left);
  EXPECT_THAT(house.hub->PendingJoins(House::Person("party-b")).status(), left);
  EXPECT_THAT(
      house.hub->Report(
          site, {.run = house.federation.run, .round = 1, .phase = "training", .fraction = 0}),
      left);
  EXPECT_THAT(
      house.SubmitSite(gone, house.federation.Contributed(house.Run(), gone, house.model)).status(),
      left);
  const auto random = MakeSeededRandom(3);
  const identity::RenewalRequest request =
      identity::MakeRenewalRequest({.site = gone,
                                    .party = site.party,
                                    .charter_sha256 = house.federation.charter.sha256,
                                    .tls_public_key_pem = "pem",
                                    .at = house.clock.Now()},
                                   house.federation.key(gone.text()), *random);
  EXPECT_THAT(house.hub->AskJoin({}, identity::DumpRenewalRequest(request)), left);
  EXPECT_THAT(CheckMayRenew(house.hub->BookNow(), site, gone), left);
  EXPECT_THAT(CheckMayGrant(house.hub->BookNow(), House::Person("party-b"),
                            house.federation.Enrolled(gone).token_id),
              left);
  EXPECT_THAT(house.hub->Receipt(site, contribution.index), IsOk()) << "a promise is a promise";
}

TEST(APartyThatLeft, IsCountedInTheOpenRoundByItsReceiptAndInNoOther) {
  House house;
  ASSERT_NO_FATAL_FAILURE(OpenFirstRound(house));
  const auto& sites = house.federation.sites;
  ASSERT_THAT(house.Act(sites[1]), IsOk());
  ASSERT_NO_FATAL_FAILURE(Leave(house));
  ASSERT_THAT(house.Open(), IsOk()) << "what is here is looked at again";
  for (int turn = 0; turn < 40 && !house.Finished(); ++turn) {
    house.hub->Turn();
    for (const size_t one : {0, 2}) ASSERT_THAT(house.Act(sites[one]), IsOk());
    if (house.Run().current.round == 1 && house.Run().phase != run::Phase::kTraining) {
      EXPECT_EQ(house.Run().current.counted.size(), 3u);
    }
    house.clock.Advance(Milliseconds(10));
  }
  EXPECT_EQ(house.Run().outcome, "completed") << house.Run().code;
  EXPECT_EQ(house.Run().current.participants.size(), 2u);
}

}  // namespace
}  // namespace renkei::coordinator
