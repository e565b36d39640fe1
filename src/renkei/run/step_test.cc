// SPDX-License-Identifier: Apache-2.0
// The straggler rule and the phases, one situation after another.
#include "renkei/run/step.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/run/waiting.h"
#include "renkei/run/world_testing.h"

namespace renkei::run {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RunStep : public testing::Test {
 protected:
  void Begin(uint32_t rounds, uint32_t quorum, std::string_view more = "") {
    spec_ = Federation().Spec(TestFederation::MadeUpBlob(0), rounds, quorum, more);
    world_.emplace(Federation(), spec_);
  }
  void Approve() {
    for (const char* party : {"party-a", "party-b"}) {
      ASSERT_TRUE(world_->Submit(World::Person(party), Federation().Approved(party, spec_)).ok());
    }
  }
  void Stand(size_t site) {
    for (const char* item : {"update", "metrics"}) {
      ASSERT_TRUE(world_
                      ->Submit(world_->Site(SiteAt(site)),
                               Federation().Determined(item, Federation().HolderOf(SiteAt(site))))
                      .ok());
    }
  }
  void StandCoordinator() {
    world_->Submit(world_->Coordinator(),
                   Federation().Determined("model", Federation().CoordinatorHolder()));
    world_->Feed(ModelStored{});
  }
  // Approved, all four sites ready, round 1 open.
  void BeginTraining(uint32_t rounds, uint32_t quorum, std::string_view more = "") {
    Begin(rounds, quorum, more);
    Approve();
    StandCoordinator();
    for (size_t site = 0; site < 4; ++site) Stand(site);
    ASSERT_EQ(phase(), Phase::kTraining);
  }
  void Contribute(size_t site, bool with_bytes = true) {
    const auto entry = Federation().Contributed(world_->run(), SiteAt(site),
                                                TestFederation::MadeUpBlob(10 + site));
    const Decision decision = world_->Submit(world_->Site(SiteAt(site)), entry);
    ASSERT_TRUE(decision.ok()) << decision.ToStatus();
    if (with_bytes) {
      world_->Feed(UpdateStored{.round = world_->run().current.round, .site = SiteAt(site)});
    }
  }
  Decision Decline(size_t site, std::string code) {
    const uint32_t round =
        phase() == Phase::kStarting ? world_->run().next_round() : world_->run().current.round;
    return world_->Submit(world_->Site(SiteAt(site)), record::Declined{.run = Federation().run,
                                                                       .round = round,
                                                                       .site = SiteAt(site),
                                                                       .code = std::move(code),
                                                                       .at = world_->now});
  }
  Decision Pause(std::string_view party) {
    return world_->Submit(
        World::Person(party),
        record::RunPauseAsked{
            .run = Federation().run, .party = TestFederation::Party(party), .at = world_->now});
  }
  Decision Resume(std::string_view party) {
    return world_->Submit(
        World::Person(party),
        record::RunResumeAsked{
            .run = Federation().run, .party = TestFederation::Party(party), .at = world_->now});
  }
  void ReduceTo(uint64_t blob) {
    ASSERT_TRUE(world_->reducing);
    const uint32_t round = world_->reducing->round;
    world_->reducing.reset();
    world_->Feed(Reduced{.round = round, .output = TestFederation::MadeUpBlob(blob)});
  }
  Decision Evaluate(size_t site, double loss) {
    return world_->Submit(world_->Site(SiteAt(site)),
                          Federation().Evaluated(world_->run(), SiteAt(site), loss));
  }
  Phase phase() const { return world_->run().phase; }
  std::vector<std::string> waits() const {
    return WaitingFor(world_->run(), world_->live(), world_->now).waiting_for;
  }
  const record::RoundClosed& Closed() const {
    for (const record::Record& record : world_->appended) {
      if (const auto* closed = std::get_if<record::RoundClosed>(&record)) return *closed;
    }
    CheckFailed(__FILE__, __LINE__, "a round closed");
  }

  std::string spec_;
  std::optional<World> world_;
};

TEST_F(RunStep, LivesThroughTwoRoundsToItsEnd) {
  BeginTraining(2, 3);
  for (uint32_t round = 1; round <= 2; ++round) {
    EXPECT_EQ(world_->run().current.round, round);
    for (size_t site = 0; site < 4; ++site) Contribute(site);
    EXPECT_EQ(phase(), Phase::kReducing);
    ReduceTo(100 + round);
    EXPECT_EQ(phase(), Phase::kEvaluating);
    for (size_t site = 0; site < 4; ++site) EXPECT_TRUE(Evaluate(site, 0.5 / round).ok());
  }
  EXPECT_EQ(phase(), Phase::kFinished);
  EXPECT_EQ(world_->run().outcome, "completed");
  EXPECT_EQ(world_->run().model, TestFederation::MadeUpBlob(102));
  EXPECT_EQ(world_->run().rounds[1].mean.metrics.at("loss"), 0.25);
  EXPECT_EQ(world_->run().rounds[1].mean.examples, 400u);
  std::vector<std::string> kinds;
  for (const record::Record& record : world_->appended) kinds.push_back(record::KindOf(record));
  EXPECT_THAT(kinds, ElementsAre("round.opened", "round.closed", "round.reduced", "round.opened",
                                 "round.closed", "round.reduced", "run.finished"));
}

TEST_F(RunStep, OpensOnlyWhenEveryGoStandsAndSaysWhatItWaitsFor) {
  Begin(1, 3);
  EXPECT_THAT(waits(), ElementsAre("approval of 2 more parties"));
  Approve();
  EXPECT_EQ(phase(), Phase::kStarting);
  EXPECT_THAT(waits(), Contains("the bytes of the model"));
  EXPECT_THAT(waits(), Contains("the coordinator's determination for the model"));
  StandCoordinator();
  for (size_t site = 0; site < 3; ++site) Stand(site);
  EXPECT_EQ(phase(), Phase::kStarting);
  EXPECT_THAT(waits(), ElementsAre("determinations of site f3"));
  Stand(3);
  EXPECT_EQ(phase(), Phase::kTraining);
  EXPECT_THAT(waits(), SizeIs(4));
}

TEST_F(RunStep, OpensWithoutASiteThatDeclinesOrRefuses) {
  Begin(1, 2);
  Approve();
  StandCoordinator();
  Stand(0);
  Stand(1);
  EXPECT_TRUE(Decline(2, "trainer-not-mapped").ok());
  EXPECT_EQ(phase(), Phase::kStarting);
  record::Determined refuse = Federation().Determined("update", Federation().HolderOf(SiteAt(3)));
  refuse.verdict = record::Verdict::kRefuse;
  world_->Submit(world_->Site(SiteAt(3)), refuse);
  EXPECT_EQ(phase(), Phase::kTraining);
  EXPECT_THAT(world_->run().current.participants, ElementsAre(SiteAt(0), SiteAt(1)));
}

TEST_F(RunStep, OpensAtTheStartDeadlineWithAQuorumAndFailsWithoutOne) {
  for (const bool quorum : {true, false}) {
    Begin(1, 2);
    Approve();
    StandCoordinator();
    Stand(0);
    if (quorum) Stand(1);
    ASSERT_TRUE(world_->wake);
    EXPECT_EQ(*world_->wake, Federation().now + seconds(50));
    world_->PassTo(*world_->wake - Milliseconds(1));
    EXPECT_EQ(phase(), Phase::kStarting);
    world_->PassTo(*world_->wake);
    EXPECT_EQ(phase(), quorum ? Phase::kTraining : Phase::kFinished);
    if (!quorum) {
      EXPECT_EQ(world_->run().code, "quorum-not-met");
    }
  }
}

TEST_F(RunStep, ALateSiteMayJoinTheNextRound) {
  Begin(2, 2);
  Approve();
  StandCoordinator();
  Stand(0);
  Stand(1);
  world_->PassTo(*world_->wake);
  Stand(3);
  EXPECT_THAT(world_->run().current.participants, SizeIs(2));
  Contribute(0);
  Contribute(1);
  ReduceTo(101);
  EXPECT_TRUE(Evaluate(0, 0.5).ok());
  EXPECT_EQ(Evaluate(3, 0.5).reason.code, "not-a-participant");
  EXPECT_TRUE(Evaluate(1, 0.5).ok());
  EXPECT_THAT(world_->run().current.participants, ElementsAre(SiteAt(0), SiteAt(1), SiteAt(3)));
}

TEST_F(RunStep, ClosesAtTheDeadlineWithAQuorumAndNamesTheFateOfEachOther) {
  BeginTraining(1, 1);
  Contribute(0);
  Contribute(1, false);
  EXPECT_TRUE(Decline(2, "trainer-failed").ok());
  EXPECT_EQ(phase(), Phase::kTraining);
  EXPECT_THAT(waits(), ElementsAre("bytes of site f1", "update of site f3"));
  world_->PassTo(world_->run().current.deadline);
  EXPECT_EQ(phase(), Phase::kReducing);
  ASSERT_THAT(Closed().counted, SizeIs(1));
  EXPECT_EQ(Closed().counted[0].site, SiteAt(0));
  EXPECT_EQ(Closed().counted[0].weight, 100u);
  EXPECT_THAT(Closed().not_counted, ElementsAre(record::NotCounted{SiteAt(1), "bytes-missing"},
                                                record::NotCounted{SiteAt(2), "trainer-failed"},
                                                record::NotCounted{SiteAt(3), "late"}));
  const auto late =
      Federation().Contributed(world_->run(), SiteAt(3), TestFederation::MadeUpBlob(77));
  EXPECT_EQ(world_->Submit(world_->Site(SiteAt(3)), late).code, Code::kFailedPrecondition);
  world_->Feed(UpdateStored{.round = 1, .site = SiteAt(1)});
  EXPECT_THAT(world_->reducing->inputs, SizeIs(1));
}

TEST_F(RunStep, ClosesAfterARestartOnlyWhenAllThatIsHereWasLookedAt) {
  BeginTraining(2, 2);
  for (size_t site = 0; site < 3; ++site) Contribute(site, /*with_bytes=*/false);
  for (size_t site = 0; site < 3; ++site) {
    world_->Feed(UpdateFound{.round = 1, .site = SiteAt(site)});
  }
  world_->PassTo(world_->run().current.deadline + seconds(1));
  world_->Feed(UpdateStored{.round = 1, .site = SiteAt(0)});
  world_->Feed(UpdateStored{.round = 1, .site = SiteAt(1)});
  EXPECT_EQ(phase(), Phase::kTraining) << "the third may hold a receipt";
  world_->Feed(UpdateStored{.round = 1, .site = SiteAt(2)});
  EXPECT_EQ(phase(), Phase::kReducing);
  EXPECT_THAT(world_->run().current.counted, SizeIs(3));
}

TEST_F(RunStep, ClosesWithoutWhatItsOwnDiskHasLost) {
  BeginTraining(2, 2);
  for (size_t site = 0; site < 3; ++site) Contribute(site, /*with_bytes=*/site < 2);
  world_->Feed(UpdateFound{.round = 1, .site = SiteAt(2)});
  world_->PassTo(world_->run().current.deadline);
  EXPECT_EQ(phase(), Phase::kTraining);
  world_->Feed(UpdateUnreadable{.round = 1, .site = SiteAt(2)});
  EXPECT_EQ(phase(), Phase::kReducing);
  EXPECT_THAT(world_->run().current.counted, SizeIs(2));
}

TEST_F(RunStep, WaitsForTheQuorumAsLongAgainAfterTheDeadlineThenFails) {
  for (const bool comes : {true, false}) {
    BeginTraining(1, 2);
    Contribute(0);
    world_->PassTo(world_->run().current.deadline);
    EXPECT_EQ(phase(), Phase::kTraining);
    EXPECT_THAT(WaitingFor(world_->run(), world_->live(), world_->now).next,
                HasSubstr("the deadline has passed"));
    if (comes) {
      Contribute(3);
      EXPECT_EQ(phase(), Phase::kReducing);
      continue;
    }
    ASSERT_TRUE(world_->wake);
    EXPECT_EQ(*world_->wake, world_->run().current.deadline + seconds(100));
    world_->PassTo(*world_->wake);
    EXPECT_EQ(phase(), Phase::kFinished);
    EXPECT_EQ(world_->run().outcome, "failed");
    EXPECT_EQ(world_->run().code, "quorum-not-met");
  }
}

TEST_F(RunStep, FailsAtOnceWhenTheQuorumHasBecomeImpossible) {
  BeginTraining(1, 3);
  EXPECT_TRUE(Decline(0, "trainer-failed").ok());
  Contribute(1, false);
  EXPECT_EQ(phase(), Phase::kTraining);
  world_->Feed(UpdateBad{.round = 1, .site = SiteAt(1), .code = "update-invalid"});
  EXPECT_EQ(phase(), Phase::kFinished);
  EXPECT_EQ(world_->run().code, "quorum-impossible");
}

TEST_F(RunStep, ABadUpdateDoesNotCountEvenIfItsBytesAreSaidToBeGoodLater) {
  BeginTraining(1, 2);
  Contribute(0);
  Contribute(1, false);
  world_->Feed(UpdateBad{.round = 1, .site = SiteAt(1), .code = "update-invalid"});
  world_->Feed(UpdateStored{.round = 1, .site = SiteAt(1)});
  Contribute(2);
  Contribute(3);
  EXPECT_THAT(Closed().counted, SizeIs(3));
  EXPECT_THAT(Closed().not_counted, ElementsAre(record::NotCounted{SiteAt(1), "update-invalid"}));
}

TEST_F(RunStep, GoesOnAfterTheEvaluationDeadlineWithoutTheSilent) {
  BeginTraining(2, 3);
  for (size_t site = 0; site < 4; ++site) Contribute(site);
  ReduceTo(101);
  EXPECT_TRUE(Evaluate(0, 0.5).ok());
  EXPECT_TRUE(Decline(1, "trainer-failed").ok());
  EXPECT_THAT(waits(), ElementsAre("evaluation of site f2", "evaluation of site f3"));
  world_->PassTo(*world_->wake);
  EXPECT_EQ(phase(), Phase::kTraining);
  EXPECT_EQ(world_->run().current.round, 2u);
  EXPECT_EQ(world_->run().current.base, TestFederation::MadeUpBlob(101));
}

TEST_F(RunStep, StopsEarlyWithTheModelOfTheBestRound) {
  BeginTraining(9, 3, "early_stop = { metric = \"loss\", goal = \"min\", patience = 2 }");
  const double losses[] = {0.9, 0.4, 0.5, 0.6};
  for (const double loss : losses) {
    for (size_t site = 0; site < 4; ++site) Contribute(site);
    ReduceTo(100 + world_->run().current.round);
    for (size_t site = 0; site < 4; ++site) EXPECT_TRUE(Evaluate(site, loss).ok());
  }
  EXPECT_EQ(phase(), Phase::kFinished);
  EXPECT_EQ(world_->run().outcome, "early-stop");
  EXPECT_EQ(world_->run().model, TestFederation::MadeUpBlob(102));
}

TEST_F(RunStep, StopsWhenAskedInAnyPhase) {
  for (int stage = 0; stage < 4; ++stage) {
    if (stage == 0) Begin(2, 3);
    if (stage > 0) BeginTraining(2, 3);
    for (size_t site = 0; stage > 1 && site < 4; ++site) Contribute(site);
    if (stage > 2) ReduceTo(101);
    const record::RunStopAsked stop{
        .run = Federation().run, .party = TestFederation::Party("party-b"), .at = world_->now};
    EXPECT_TRUE(world_->Submit(World::Person("party-b"), stop).ok()) << stage;
    EXPECT_EQ(phase(), Phase::kFinished) << stage;
    EXPECT_EQ(world_->run().outcome, "stopped") << stage;
    EXPECT_EQ(world_->run().model.has_value(), stage == 3) << stage;
    EXPECT_FALSE(world_->Submit(World::Person("party-b"), stop).ok());
  }
}

TEST_F(RunStep, KeepsTheMeansOfAllRoundsAndTheSitesOfTheNewest) {
  BeginTraining(60, 4);
  for (uint32_t round = 1; round <= 60; ++round) {
    for (size_t site = 0; site < 4; ++site) Contribute(site);
    ReduceTo(100 + round);
    for (size_t site = 0; site < 4; ++site) {
      record::Evaluated entry = Federation().Evaluated(world_->run(), SiteAt(site), 0.5);
      for (int i = 0; i < 999; ++i) entry.metrics[fmt::format("m{}", i)] = 1;
      ASSERT_TRUE(world_->Submit(world_->Site(SiteAt(site)), entry).ok());
    }
  }
  ASSERT_EQ(world_->run().outcome, "completed");
  size_t kept = 0;
  for (const RoundRecord& round : world_->run().rounds) {
    EXPECT_EQ(round.mean.metrics.at("loss"), 0.5);
    kept += round.sites.size() * 1000;
  }
  EXPECT_LE(kept, kScoredValuesMax + 4000);
  EXPECT_GE(kept, kScoredValuesMax - 4000);
}

TEST_F(RunStep, TriesAReductionAgainWithPausesAndThenGivesUp) {
  BeginTraining(1, 3);
  for (size_t site = 0; site < 4; ++site) Contribute(site);
  for (uint32_t attempt = 1; attempt <= kReduceAttemptsMax; ++attempt) {
    ASSERT_TRUE(world_->reducing) << attempt;
    world_->reducing.reset();
    world_->Feed(ReduceFailed{.round = 1});
    if (attempt == kReduceAttemptsMax) break;
    EXPECT_FALSE(world_->reducing);
    EXPECT_THAT(waits(), ElementsAre(HasSubstr("failures")));
    world_->PassTo(*world_->wake);
  }
  EXPECT_EQ(phase(), Phase::kFinished);
  EXPECT_EQ(world_->run().code, "reduce-failed");
}

TEST_F(RunStep, WaitsForRoomForAReductionAsLongAsItTakes) {
  BeginTraining(1, 3);
  for (size_t site = 0; site < 4; ++site) Contribute(site);
  for (uint32_t attempt = 1; attempt <= 3 * kReduceAttemptsMax; ++attempt) {
    ASSERT_TRUE(world_->reducing) << attempt;
    world_->reducing.reset();
    world_->Feed(ReduceFailed{.round = 1, .lack_of_room = "hub/blobs: No space left"});
    EXPECT_THAT(waits(), ElementsAre(HasSubstr("hub/blobs: No space left")));
    world_->PassTo(*world_->wake);
  }
  ReduceTo(101);
  EXPECT_EQ(phase(), Phase::kEvaluating);
}

TEST_F(RunStep, OpensNoRoundWithoutRoomAndForgetsNoDeadline) {
  Begin(2, 3);
  Approve();
  world_->Feed(Room{"room on the coordinator's disk: hub/blobs"});
  StandCoordinator();
  for (size_t site = 0; site < 4; ++site) Stand(site);
  EXPECT_EQ(phase(), Phase::kStarting);
  EXPECT_THAT(waits(), ElementsAre(HasSubstr("room on the coordinator's disk")));
  world_->PassTo(world_->now + seconds(10'000));
  EXPECT_EQ(phase(), Phase::kStarting);
  ASSERT_TRUE(world_->wake);
  world_->Feed(Room{""});
  EXPECT_EQ(phase(), Phase::kTraining);
}

TEST_F(RunStep, ACrashInTheMiddleOfAnythingGoesOnWhereItWas) {
  BeginTraining(1, 4);
  for (size_t site = 0; site < 3; ++site) Contribute(site);
  world_->Crash();
  EXPECT_EQ(phase(), Phase::kTraining);
  Contribute(3);
  ASSERT_EQ(phase(), Phase::kReducing);
  world_->Crash();
  ASSERT_TRUE(world_->reducing);
  EXPECT_THAT(world_->reducing->inputs, SizeIs(4));
  ReduceTo(101);
  world_->Crash();
  for (size_t site = 0; site < 4; ++site) EXPECT_TRUE(Evaluate(site, 0.5).ok());
  EXPECT_EQ(world_->run().outcome, "completed");
  EXPECT_THAT(waits(), IsEmpty());
}

TEST(Transitions, AreUniqueAndEveryPhaseButTheLastCanEnd) {
  const auto rows = LegalTransitions();
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(rows[i].from == rows[j].from && rows[i].kind == rows[j].kind &&
                   rows[i].to == rows[j].to)
          << rows[i].kind;
    }
    if (rows[i].from == Phase::kFinished) {
      EXPECT_EQ(rows[i].to, Phase::kFinished);
    }
  }
  for (int phase = 0; phase < static_cast<int>(Phase::kFinished); ++phase) {
    EXPECT_TRUE(IsLegal(static_cast<Phase>(phase), "run.finished", Phase::kFinished));
  }
  EXPECT_FALSE(IsLegal(Phase::kReducing, "update.contributed"));
  EXPECT_FALSE(IsLegal(Phase::kFinished, "round.opened"));
}

TEST_F(RunStep, FinishesTheOpenRoundWhilePausedAndOpensNoOther) {
  BeginTraining(2, 2);
  Contribute(0);
  ASSERT_TRUE(Pause("party-b").ok());
  EXPECT_THAT(waits(), Contains("paused by party-b"));
  for (size_t site = 1; site < 4; ++site) Contribute(site);
  ASSERT_EQ(phase(), Phase::kReducing);
  EXPECT_THAT(world_->run().current.counted, SizeIs(4)) << "nothing is lost";
  ReduceTo(99);
  for (size_t site = 0; site < 4; ++site) Evaluate(site, 0.5);
  EXPECT_EQ(phase(), Phase::kEvaluating);
  EXPECT_FALSE(world_->wake) << "nothing falls due while it is paused";
  EXPECT_THAT(waits(), ElementsAre("paused by party-b"));
  ASSERT_TRUE(Resume("party-b").ok());
  EXPECT_EQ(phase(), Phase::kTraining);
  EXPECT_EQ(world_->run().current.round, 2u);
}

TEST_F(RunStep, CountsNoPausedTimeAgainstTheStartOfARound) {
  for (const bool first : {true, false}) {
    if (first) {
      Begin(2, 2);
      Approve();
      StandCoordinator();
      Stand(0);
    } else {
      BeginTraining(2, 4);
      for (size_t site = 0; site < 4; ++site) Contribute(site);
      ReduceTo(99);
      for (size_t site = 0; site < 3; ++site) Evaluate(site, 0.5);
      record::Determined hold = Federation().Determined("update", Federation().HolderOf(SiteAt(1)));
      hold.verdict = record::Verdict::kHold;
      ASSERT_TRUE(world_->Submit(world_->Site(SiteAt(1)), hold).ok());
      Evaluate(3, 0.5);
    }
    const Phase before = phase();
    ASSERT_TRUE(Pause("party-a").ok());
    world_->PassTo(world_->now + seconds(86'400));
    ASSERT_EQ(phase(), before);
    ASSERT_TRUE(Resume("party-a").ok());
    EXPECT_EQ(phase(), before) << "the quorum is not ready";
    ASSERT_TRUE(world_->wake);
    EXPECT_EQ(*world_->wake, world_->now + seconds(50)) << "the whole start deadline, anew";
    world_->PassTo(*world_->wake);
    EXPECT_EQ(world_->run().code, "quorum-not-met");
  }
}

TEST_F(RunStep, StaysPausedUntilEachPartyHasTakenItsOwnBack) {
  Begin(1, 4);
  ASSERT_TRUE(Pause("party-a").ok()) << "before it is approved";
  EXPECT_EQ(Pause("party-a").reason.code, "paused-already");
  EXPECT_EQ(Resume("party-b").reason.code, "not-paused") << "nobody lifts another's pause";
  ASSERT_TRUE(Pause("party-b").ok());
  Approve();
  StandCoordinator();
  for (size_t site = 0; site < 4; ++site) Stand(site);
  EXPECT_EQ(phase(), Phase::kStarting);
  EXPECT_THAT(waits(), ElementsAre("paused by party-a", "paused by party-b"));
  ASSERT_TRUE(Resume("party-a").ok());
  EXPECT_EQ(phase(), Phase::kStarting);
  ASSERT_TRUE(Resume("party-b").ok());
  EXPECT_EQ(phase(), Phase::kTraining);
  EXPECT_EQ(Resume("party-b").reason.code, "not-paused");
}

TEST_F(RunStep, StopsAlsoWhilePaused) {
  Begin(1, 4);
  Approve();
  ASSERT_TRUE(Pause("party-a").ok());
  ASSERT_TRUE(world_
                  ->Submit(World::Person("party-b"),
                           record::RunStopAsked{.run = Federation().run,
                                                .party = TestFederation::Party("party-b"),
                                                .at = world_->now})
                  .ok());
  EXPECT_EQ(world_->run().outcome, "stopped");
  EXPECT_EQ(Pause("party-b").reason.code, "not-now") << "it is over";
}

TEST_F(RunStep, CatchesACoordinatorThatOpensARoundInAPause) {
  Begin(1, 4);
  Approve();
  ASSERT_TRUE(Pause("party-b").ok());
  StandCoordinator();
  for (size_t site = 0; site < 4; ++site) Stand(site);
  const record::RoundOpened opened{.run = Federation().run,
                                   .round = 1,
                                   .base = world_->run().NextBase(),
                                   .participants = Federation().sites,
                                   .recipients = ResultRecipients(world_->run()),
                                   .deadline = world_->now + seconds(100),
                                   .owner_determination = world_->run().owner_go->index,
                                   .at = world_->now};
  EXPECT_EQ(world_->Submit(world_->Coordinator(), opened).reason.code, "coordinator-contradicts");
  Author nobody = World::Person("party-a");
  nobody.roles = {charter::Role::kAuditor};
  const record::RunPauseAsked pause{
      .run = Federation().run, .party = nobody.party, .at = world_->now};
  EXPECT_EQ(world_->Submit(nobody, pause).reason.code, "role-missing");
  EXPECT_EQ(world_->Submit(World::Person("party-b"), pause).reason.code, "not-for-this-author");
}

}  // namespace
}  // namespace renkei::run
