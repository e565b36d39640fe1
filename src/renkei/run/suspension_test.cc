// SPDX-License-Identifier: Apache-2.0
// What a suspension does to the life of a run, and who may suspend what.
#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "renkei/base/status_testing.h"
#include "renkei/run/suspensions.h"
#include "renkei/run/waiting.h"
#include "renkei/run/world_testing.h"

namespace renkei::run {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

record::CrossingsSuspended Suspended(std::string_view party, const SiteId& site = {}) {
  return {.party = TestFederation::Party(party), .site = site, .at = Federation().now};
}
record::CrossingsResumed Resumed(std::string_view party, const SiteId& site = {}) {
  return {.party = TestFederation::Party(party), .site = site, .at = Federation().now};
}

class Suspension : public testing::Test {
 protected:
  // Approved, all four sites ready, round 1 open.
  void BeginTraining(uint32_t quorum) {
    const std::string spec = Federation().Spec(TestFederation::MadeUpBlob(0), 2, quorum);
    world_.emplace(Federation(), spec);
    for (const char* party : {"party-a", "party-b"}) {
      Say(World::Person(party), Federation().Approved(party, spec));
    }
    Say(world_->Coordinator(), Federation().Determined("model", Federation().CoordinatorHolder()));
    for (const SiteId& site : Federation().sites) {
      for (const char* item : {"update", "metrics"}) {
        Say(world_->Site(site), Federation().Determined(item, Federation().HolderOf(site)));
      }
    }
    world_->Feed(ModelStored{});
    ASSERT_EQ(phase(), Phase::kTraining);
  }
  void Say(const Author& author, const record::Record& record) {
    const Decision decision = world_->Submit(author, record);
    ASSERT_TRUE(decision.ok()) << decision.ToStatus();
  }
  Decision Contribute(size_t site) {
    Decision decision =
        world_->Submit(world_->Site(SiteAt(site)),
                       Federation().Contributed(world_->run(), SiteAt(site),
                                                TestFederation::MadeUpBlob(10 + site)));
    if (decision.ok()) {
      world_->Feed(UpdateStored{.round = world_->run().current.round, .site = SiteAt(site)});
    }
    return decision;
  }
  Phase phase() const { return world_->run().phase; }
  std::vector<std::string> waits() const {
    return WaitingFor(world_->run(), world_->live(), world_->now).waiting_for;
  }
  std::vector<record::NotCounted> NotCounted() const {
    for (const record::Record& record : world_->appended) {
      if (const auto* closed = std::get_if<record::RoundClosed>(&record))
        return closed->not_counted;
    }
    return {};
  }
  void ReduceAndEvaluate(const std::vector<size_t>& sites) {
    world_->Feed(
        Reduced{.round = world_->run().current.round, .output = TestFederation::MadeUpBlob(99)});
    world_->reducing.reset();
    for (const size_t site : sites) {
      Say(world_->Site(SiteAt(site)), Federation().Evaluated(world_->run(), SiteAt(site), 0.5));
    }
  }

  std::optional<World> world_;
};

TEST_F(Suspension, OfASiteTakesItOutOfTheRoundEvenWithItsUpdateHere) {
  BeginTraining(2);
  for (size_t site = 0; site < 3; ++site) ASSERT_TRUE(Contribute(site).ok());
  Say(World::Person("party-a"), Suspended("party-a", SiteAt(0)));
  EXPECT_EQ(phase(), Phase::kTraining) << "f3 is still waited for";
  ASSERT_TRUE(Contribute(3).ok());
  EXPECT_EQ(phase(), Phase::kReducing);
  EXPECT_THAT(NotCounted(), ElementsAre(record::NotCounted{SiteAt(0), "suspended"}));
  EXPECT_THAT(world_->run().current.counted, SizeIs(3));
}

TEST_F(Suspension, OfAPartyTakesAllItsSitesOutAndNobodyWaitsForThem) {
  BeginTraining(2);
  ASSERT_TRUE(Contribute(0).ok());
  ASSERT_TRUE(Contribute(2).ok());
  EXPECT_EQ(phase(), Phase::kTraining);
  Say(World::Person("party-b"), Suspended("party-b"));
  EXPECT_EQ(phase(), Phase::kReducing);
  EXPECT_THAT(NotCounted(), ElementsAre(record::NotCounted{SiteAt(1), "suspended"},
                                        record::NotCounted{SiteAt(3), "suspended"}));
  ReduceAndEvaluate({0, 2});
  EXPECT_EQ(phase(), Phase::kTraining) << "the next round, without the suspended";
  EXPECT_THAT(world_->run().current.participants, ElementsAre(SiteAt(0), SiteAt(2)));
}

TEST_F(Suspension, IsTakenBackInTheSameRound) {
  BeginTraining(4);
  for (const size_t site : {0, 2, 3}) ASSERT_TRUE(Contribute(site).ok());
  Say(World::Person("party-b"), Suspended("party-b", SiteAt(1)));
  const Decision no = Contribute(1);
  EXPECT_EQ(no.reason.code, "suspended");
  EXPECT_EQ(no.code, Code::kFailedPrecondition) << "of the moment: no reason to leave the run";
  EXPECT_EQ(phase(), Phase::kTraining) << "the quorum needs it: it may come back";
  EXPECT_THAT(waits(), Contains(HasSubstr("party-b to resume site f1")));
  Say(World::Person("party-b"), Resumed("party-b", SiteAt(1)));
  ASSERT_TRUE(Contribute(1).ok());
  EXPECT_EQ(phase(), Phase::kReducing);
  EXPECT_THAT(world_->run().current.counted, SizeIs(4));
}

TEST_F(Suspension, OfTheQuorumEndsTheRunWhenItStandsForTwoDeadlines) {
  BeginTraining(4);
  Say(World::Person("party-b"), Suspended("party-b"));
  world_->PassTo(world_->run().current.deadline + seconds(99));
  EXPECT_EQ(phase(), Phase::kTraining);
  world_->PassTo(world_->run().current.deadline + seconds(100));
  EXPECT_EQ(phase(), Phase::kFinished);
  EXPECT_EQ(world_->run().code, "quorum-not-met");
}

TEST_F(Suspension, OfTheOwningPartyStopsEverythingUntilItIsTakenBack) {
  BeginTraining(2);
  Say(World::Person("party-a"), Suspended("party-a"));
  EXPECT_EQ(Contribute(1).reason.code, "suspended") << "a site of the other party";
  EXPECT_EQ(phase(), Phase::kTraining);
  Say(World::Person("party-a"), Resumed("party-a"));
  for (size_t site = 0; site < 4; ++site) ASSERT_TRUE(Contribute(site).ok());
  EXPECT_EQ(phase(), Phase::kReducing);
}

TEST_F(Suspension, LetsNoGoAndNoEvaluationThrough) {
  BeginTraining(2);
  for (size_t site = 0; site < 4; ++site) ASSERT_TRUE(Contribute(site).ok());
  Say(World::Person("party-b"), Suspended("party-b", SiteAt(3)));
  ReduceAndEvaluate({0, 1});
  record::Determined go = Federation().Determined("metrics", Federation().HolderOf(SiteAt(3)));
  EXPECT_EQ(world_->Submit(world_->Site(SiteAt(3)), go).reason.code, "suspended");
  go.verdict = record::Verdict::kHold;
  EXPECT_TRUE(world_->Submit(world_->Site(SiteAt(3)), go).ok()) << "a hold lets nothing out";
  const auto evaluated = Federation().Evaluated(world_->run(), SiteAt(3), 0.5);
  EXPECT_EQ(world_->Submit(world_->Site(SiteAt(3)), evaluated).reason.code, "suspended");
}

TEST_F(Suspension, ACoordinatorThatCountsTheSuspendedIsCaught) {
  BeginTraining(2);
  for (size_t site = 0; site < 3; ++site) ASSERT_TRUE(Contribute(site).ok());
  record::RoundClosed closed{.run = Federation().run,
                             .round = 1,
                             .counted = {},
                             .not_counted = {{.site = SiteAt(3), .code = "late"}},
                             .at = world_->now};
  for (size_t site = 0; site < 3; ++site) {
    closed.counted.push_back({.site = SiteAt(site),
                              .entry = world_->run().current.contributed.at(SiteAt(site)).index,
                              .weight = 100});
  }
  Say(World::Person("party-a"), Suspended("party-a", SiteAt(0)));
  EXPECT_EQ(world_->Submit(world_->Coordinator(), closed).reason.code, "coordinator-contradicts");
  Say(World::Person("party-a"), Resumed("party-a", SiteAt(0)));
  EXPECT_TRUE(world_->Submit(world_->Coordinator(), closed).ok());
}

TEST_F(Suspension, IsForAnOfficerOfThePartyAndOnce) {
  BeginTraining(2);
  const auto code = [&](const Author& author, const record::Record& record) {
    return world_->Submit(author, record).reason.code;
  };
  Author researcher = World::Person("party-a");
  researcher.roles = {charter::Role::kResearcher, charter::Role::kOperator};
  EXPECT_EQ(code(researcher, Suspended("party-a")), "role-missing");
  EXPECT_EQ(code(World::Person("party-b"), Suspended("party-a")), "not-for-this-author");
  EXPECT_EQ(code(World::Person("party-a"), Suspended("party-a", SiteAt(1))), "not-for-this-author");
  EXPECT_EQ(code(World::Person("party-a"), Suspended("party-a", *SiteId::Parse("f9"))),
            "site-unknown");
  EXPECT_EQ(code(world_->Site(SiteAt(0)), Suspended("party-a", SiteAt(0))), "not-for-this-author");
  EXPECT_EQ(code(world_->Coordinator(), Suspended("party-a")), "not-for-this-author");
  EXPECT_EQ(code(World::Person("party-a"), Resumed("party-a")), "not-suspended");
  Say(World::Person("party-a"), Suspended("party-a"));
  EXPECT_EQ(code(World::Person("party-a"), Suspended("party-a")), "suspended-already");
  Say(World::Person("party-a"), Suspended("party-a", SiteAt(0)));
  Say(World::Person("party-a"), Resumed("party-a"));
  EXPECT_TRUE(world_->run().IsHalted(SiteAt(0))) << "the site's own suspension stays";
  EXPECT_FALSE(world_->run().IsHalted(SiteAt(2)));
}

}  // namespace
}  // namespace renkei::run
