// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/duties.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/run/federation_testing.h"
#include "renkei/site/coordinator_testing.h"

namespace renkei::site {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Two sites; f0's duties are asked for, the test plays everybody.
class DutiesTest : public testing::Test {
 protected:
  void StartRun(uint32_t rounds = 2, uint32_t quorum = 2) {
    coordinator_.StartRun(federation_.Spec(run::TestFederation::MadeUpBlob(1), rounds, quorum));
  }
  std::vector<std::string> Duties(const LocalFacts& facts) const {
    std::vector<std::string> texts;
    for (const Duty& duty : DutiesOf(coordinator_.book(), f0_, facts)) {
      texts.push_back(Describe(duty));
    }
    return texts;
  }
  std::vector<std::string> Duties() const { return Duties(Facts()); }
  LocalFacts Facts() const {
    return {.now = coordinator_.now,
            .trainers = {*TrainerId::Parse("wafer")},
            .held = {},
            .receipted = {}};
  }
  void Determine(const SiteId& site, record::Verdict verdict = record::Verdict::kGo) {
    for (const char* item : {"update", "metrics"}) {
      record::Determined determined = federation_.Determined(item, federation_.HolderOf(site));
      determined.verdict = verdict;
      coordinator_.Write(determined, site.text());
    }
  }
  uint64_t Contribute(const SiteId& site) {
    const BlobId update = run::TestFederation::MadeUpBlob(10 + site.text().back());
    return coordinator_.Write(federation_.Contributed(coordinator_.run(), site, update),
                              site.text());
  }
  void Decline(const SiteId& site, const char* code) {
    coordinator_.Write(record::Declined{.run = federation_.run,
                                        .round = coordinator_.run().next_round(),
                                        .site = site,
                                        .code = code,
                                        .at = federation_.now},
                       site.text());
  }

  run::TestFederation federation_{{.sites = 2}};
  TestCoordinator coordinator_{federation_};
  const SiteId f0_ = federation_.sites[0];
  const SiteId f1_ = federation_.sites[1];
};

TEST_F(DutiesTest, AreNoneBeforeARunIsApproved) { EXPECT_THAT(Duties(), IsEmpty()); }

TEST_F(DutiesTest, AreNoneForASiteThatIsNotEnrolled) {
  StartRun();
  EXPECT_THAT(DutiesOf(coordinator_.book(), *SiteId::Parse("f9"), Facts()), IsEmpty());
  EXPECT_THAT(DutiesOf(run::Book(), f0_, Facts()), IsEmpty());
}

TEST_F(DutiesTest, BeginWithTheGateForEachItemThatLeavesTheSite) {
  StartRun();
  EXPECT_THAT(Duties(),
              ElementsAre("determine update of run wafer-1", "determine metrics of run wafer-1"));
  LocalFacts held = Facts();
  held.held = {{federation_.run, "update"}};
  EXPECT_THAT(Duties(held), ElementsAre("determine metrics of run wafer-1"));
  Determine(f0_);
  EXPECT_THAT(Duties(), IsEmpty());
}

TEST_F(DutiesTest, AskTheGateAgainWhenADeterminationHasRunOut) {
  StartRun();
  Determine(f0_);
  LocalFacts later = Facts();
  later.now += std::chrono::days(31);
  EXPECT_THAT(Duties(later),
              ElementsAre("determine update of run wafer-1", "determine metrics of run wafer-1"));
}

TEST_F(DutiesTest, AreToDeclineWhatTheSiteWillNotDo) {
  StartRun(2, 1);
  LocalFacts without_trainer = Facts();
  without_trainer.trainers.clear();
  EXPECT_THAT(Duties(without_trainer),
              ElementsAre("decline round 1 of run wafer-1: trainer-not-mapped"));
  Determine(f0_, record::Verdict::kRefuse);
  EXPECT_THAT(Duties(), ElementsAre("decline round 1 of run wafer-1: not-permitted"));
}

TEST_F(DutiesTest, AreToDeclineWithoutConsentBeforeTheGateIsAsked) {
  StartRun(2, 1);
  LocalFacts facts = Facts();
  facts.consent.purposes = {"yields"};
  EXPECT_THAT(Duties(facts), ElementsAre("decline round 1 of run wafer-1: no-consent"));
  facts.consent = {.trainers = {{*TrainerId::Parse("resnet")}}, .purposes = {}};
  facts.trainers.clear();
  EXPECT_THAT(Duties(facts), ElementsAre("decline round 1 of run wafer-1: no-consent"));
  Determine(f0_);
  Determine(f1_);
  ASSERT_EQ(coordinator_.run().phase, run::Phase::kTraining);
  EXPECT_THAT(Duties(facts), ElementsAre("decline round 1 of run wafer-1: no-consent"));
  Decline(f0_, "no-consent");
  EXPECT_THAT(Duties(), IsEmpty()) << "for the whole run, whatever the file says later";
  EXPECT_EQ(coordinator_.run().Find(f0_)->out, "no-consent");
}

TEST_F(DutiesTest, AreToDeclineAfterTheTrainerWasTakenAwayInTheMiddleOfARun) {
  StartRun(2, 1);
  Determine(f0_);
  Determine(f1_);
  LocalFacts without_trainer = Facts();
  without_trainer.trainers.clear();
  EXPECT_THAT(Duties(without_trainer),
              ElementsAre("decline round 1 of run wafer-1: trainer-not-mapped"));
  Decline(f0_, "trainer-not-mapped");
  EXPECT_THAT(Duties(without_trainer), IsEmpty());
}

TEST_F(DutiesTest, OfASiteThatDrainsAreToFinishWhatItBeganAndDeclineTheRest) {
  StartRun(2, 1);
  LocalFacts facts = Facts();
  facts.draining = true;
  EXPECT_THAT(Duties(facts),
              ElementsAre("determine update of run wafer-1", "determine metrics of run wafer-1"))
      << "the run does not wait for its gate";
  EXPECT_THAT(InFlight(coordinator_.book(), f0_, facts), IsEmpty());
  Determine(f0_);
  Determine(f1_);
  EXPECT_THAT(Duties(facts), ElementsAre("decline round 1 of run wafer-1: draining"));
  facts.begun = {TrainRound{coordinator_.run().run, 1, coordinator_.run().current.base}};
  EXPECT_THAT(Duties(facts), ElementsAre("train round 1 of run wafer-1"));
  EXPECT_THAT(InFlight(coordinator_.book(), f0_, facts), SizeIs(1));
  const uint64_t entry = Contribute(f0_);
  EXPECT_THAT(Duties(facts), ElementsAre("deliver round 1 of run wafer-1"));
  facts.receipted = {entry};
  EXPECT_THAT(InFlight(coordinator_.book(), f0_, facts), IsEmpty());
  Contribute(f1_);
  coordinator_.Arrived(f0_);
  coordinator_.Arrived(f1_);
  ASSERT_EQ(coordinator_.run().phase, run::Phase::kEvaluating);
  EXPECT_THAT(Duties(facts), ElementsAre("decline round 1 of run wafer-1: draining"));
  facts.begun = {EvaluateModel{coordinator_.run().run, 1, *coordinator_.run().current.output}};
  EXPECT_THAT(Duties(facts), ElementsAre("evaluate round 1 of run wafer-1"));
}

TEST_F(DutiesTest, WaitForTheHoursWhenTheyBeginBeforeTheDeadlineAndElseDecline) {
  StartRun(2, 1);
  Determine(f0_);
  Determine(f1_);
  const Duty train = TrainRound{coordinator_.run().run, 1, coordinator_.run().current.base};
  LocalFacts facts = Facts();
  facts.closed_until = coordinator_.run().current.deadline - Milliseconds(1);
  EXPECT_THAT(Duties(facts), IsEmpty());
  facts.running = train;
  EXPECT_THAT(Duties(facts), ElementsAre("train round 1 of run wafer-1")) << "goes on to its end";
  facts.closed_until = coordinator_.run().current.deadline;
  EXPECT_THAT(Duties(facts), ElementsAre("decline round 1 of run wafer-1: outside-hours"))
      << "its update would come too late";
  facts.running.reset();
  EXPECT_THAT(Duties(facts), ElementsAre("decline round 1 of run wafer-1: outside-hours"));

  const uint64_t entry = Contribute(f0_);
  EXPECT_THAT(Duties(facts), IsEmpty()) << "no byte goes out, and what was promised stands";
  facts.draining = true;
  EXPECT_THAT(InFlight(coordinator_.book(), f0_, facts), SizeIs(1));
  facts.draining = false;
  Contribute(f1_);
  coordinator_.Arrived(f0_);
  coordinator_.Arrived(f1_);
  ASSERT_EQ(coordinator_.run().phase, run::Phase::kEvaluating);
  facts.receipted = {entry};
  const run::RunState& run = coordinator_.run();
  const Instant end = run.current.reduced + std::chrono::seconds(run.spec.evaluate_deadline_s);
  facts.closed_until = end - Milliseconds(1);
  EXPECT_THAT(Duties(facts), IsEmpty());
  facts.closed_until = end;
  EXPECT_THAT(Duties(facts), ElementsAre("decline round 1 of run wafer-1: outside-hours"));
  facts.running = EvaluateModel{run.run, 1, *run.current.output};
  EXPECT_THAT(Duties(facts), ElementsAre("evaluate round 1 of run wafer-1"));
}

TEST_F(DutiesTest, AreOfTheOldestRunsWhenTheSiteServesOnlySoMany) {
  StartRun(2, 1);
  Determine(f0_);
  Determine(f1_);
  LocalFacts facts = Facts();
  facts.runs_max = 1;
  EXPECT_THAT(Duties(facts), ElementsAre("train round 1 of run wafer-1"));
  federation_.run = *RunId::Parse("wafer-2");
  StartRun(2, 1);
  Determine(f0_);
  Determine(f1_);
  EXPECT_THAT(Duties(facts), ElementsAre("decline round 1 of run wafer-2: site-busy",
                                         "train round 1 of run wafer-1"));
  facts.running = TrainRound{federation_.run, 1, coordinator_.run().current.base};
  EXPECT_THAT(Duties(facts),
              ElementsAre("train round 1 of run wafer-1", "train round 1 of run wafer-2"))
      << "what runs, runs on";
  facts.running.reset();
  facts.runs_max = 2;
  EXPECT_THAT(Duties(facts), SizeIs(2));
  facts.runs_max = 1;
  federation_.run = *RunId::Parse("wafer-1");
  Decline(f0_, "trainer-not-mapped");
  EXPECT_THAT(Duties(facts), ElementsAre("train round 1 of run wafer-2"))
      << "a run that it is out of leaves its place to the next";
}

TEST_F(DutiesTest, InFlightAreAlsoPromisesThatASuspensionHolds) {
  StartRun(2, 1);
  Determine(f0_);
  Determine(f1_);
  LocalFacts facts = Facts();
  facts.draining = true;
  const auto suspend = [&](const SiteId& site) {
    coordinator_.Write(
        record::CrossingsSuspended{
            .party = federation_.PartyOf(site), .site = site, .at = federation_.now},
        federation_.PartyOf(site).text());
  };
  Contribute(f0_);
  suspend(f0_);
  EXPECT_THAT(Duties(facts), IsEmpty());
  EXPECT_THAT(InFlight(coordinator_.book(), f0_, facts), SizeIs(1));
  suspend(f1_);
  EXPECT_THAT(InFlight(coordinator_.book(), f1_, facts), IsEmpty()) << "it began nothing";
  facts.begun = {TrainRound{coordinator_.run().run, 1, coordinator_.run().current.base}};
  EXPECT_THAT(InFlight(coordinator_.book(), f1_, facts), SizeIs(1));
}

TEST_F(DutiesTest, FollowTheRound) {
  StartRun();
  Determine(f0_);
  Determine(f1_);
  EXPECT_THAT(Duties(), ElementsAre("train round 1 of run wafer-1"));

  const uint64_t entry = Contribute(f0_);
  EXPECT_THAT(Duties(), ElementsAre("deliver round 1 of run wafer-1"));
  EXPECT_TRUE(std::get<Deliver>(DutiesOf(coordinator_.book(), f0_, Facts())[0]).bytes_wanted);
  LocalFacts receipted = Facts();
  receipted.receipted = {entry};
  EXPECT_THAT(Duties(receipted), IsEmpty());

  Contribute(f1_);
  coordinator_.Arrived(f0_);
  coordinator_.Arrived(f1_);
  ASSERT_EQ(coordinator_.run().phase, run::Phase::kEvaluating);
  EXPECT_THAT(Duties(receipted), ElementsAre("evaluate round 1 of run wafer-1"));
  // A receipt that was missed is still asked for, without sending anything again.
  EXPECT_THAT(Duties(),
              ElementsAre("deliver round 1 of run wafer-1", "evaluate round 1 of run wafer-1"));
  EXPECT_FALSE(std::get<Deliver>(DutiesOf(coordinator_.book(), f0_, Facts())[0]).bytes_wanted);

  coordinator_.Write(federation_.Evaluated(coordinator_.run(), f0_, 0.5), "f0");
  EXPECT_THAT(Duties(receipted), IsEmpty());
  coordinator_.Write(federation_.Evaluated(coordinator_.run(), f1_, 0.5), "f1");
  EXPECT_THAT(Duties(receipted), ElementsAre("train round 2 of run wafer-1"));
}

TEST_F(DutiesTest, AreNoneInARoundThatTheSiteHasDeclined) {
  StartRun(2, 1);
  Determine(f0_);
  Determine(f1_);
  Decline(f0_, "trainer-failed");
  EXPECT_THAT(Duties(), IsEmpty());
}

TEST_F(DutiesTest, AreNoneForBytesThatComeTooLate) {
  StartRun(2, 1);
  Determine(f0_);
  Determine(f1_);
  Contribute(f0_);
  Contribute(f1_);
  coordinator_.Arrived(f1_);
  coordinator_.PassTo(coordinator_.now + std::chrono::seconds(101));
  ASSERT_EQ(coordinator_.run().phase, run::Phase::kEvaluating);
  EXPECT_THAT(Duties(), ElementsAre("evaluate round 1 of run wafer-1"));
}

TEST_F(DutiesTest, AreNoneOnceTheRunIsStopped) {
  StartRun();
  Determine(f0_);
  Determine(f1_);
  coordinator_.Write(
      record::RunStopAsked{
          .run = federation_.run, .party = federation_.PartyOf(f1_), .at = federation_.now},
      "party-b");
  EXPECT_THAT(Duties(), IsEmpty());
}

TEST_F(DutiesTest, SendToEverybodyWhoWillHoldTheResultButTheSenderItself) {
  StartRun();
  const record::Holder own = federation_.HolderOf(f0_);
  const gate::Crossing crossing = CrossingOf(charter::Charter(), coordinator_.run(), own, "update");
  EXPECT_THAT(crossing.recipients,
              ElementsAre(federation_.CoordinatorHolder(), federation_.OwnerHolder(),
                          federation_.HolderOf(f1_)));
  EXPECT_EQ(crossing.from, own);
  EXPECT_FALSE(crossing.blob.has_value());
}

}  // namespace
}  // namespace renkei::site
