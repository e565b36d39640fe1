// SPDX-License-Identifier: Apache-2.0
// What it means for the runs that a party leaves, and what may be deleted.
#include "renkei/run/leaving.h"

#include <map>
#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "renkei/base/status_testing.h"
#include "renkei/run/needed_blobs.h"
#include "renkei/run/waiting.h"
#include "renkei/run/world_testing.h"

namespace renkei::run {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

record::PartyLeft Left(std::string_view party) {
  return {.party = TestFederation::Party(party), .at = Federation().now};
}

class Leaving : public testing::Test {
 protected:
  void Begin(uint32_t quorum) {
    spec_ = Federation().Spec(TestFederation::MadeUpBlob(0), 3, quorum);
    world_.emplace(Federation(), spec_);
  }
  // Approved, all four sites ready, round 1 open.
  void BeginTraining(uint32_t quorum) {
    Begin(quorum);
    for (const char* party : {"party-a", "party-b"}) {
      Say(World::Person(party), Federation().Approved(party, spec_));
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
  uint64_t LatestGo(std::string_view party) {
    return world_->run().release_goes.at(TestFederation::Party(party)).first;
  }
  void Contribute(size_t site, bool with_bytes = true) {
    Say(world_->Site(SiteAt(site)),
        Federation().Contributed(world_->run(), SiteAt(site), Update(site)));
    if (with_bytes) {
      world_->Feed(UpdateStored{.round = world_->run().current.round, .site = SiteAt(site)});
    }
  }
  BlobId Update(size_t site) const {
    return TestFederation::MadeUpBlob(10 * world_->run().current.round + site);
  }
  void Reduce() {
    world_->reducing.reset();
    world_->Feed(Reduced{.round = world_->run().current.round,
                         .output = TestFederation::MadeUpBlob(90 + world_->run().current.round)});
  }
  std::string Code(const Author& author, const record::Record& record) {
    return world_->Submit(author, record).reason.code;
  }
  Phase phase() const { return world_->run().phase; }
  const RoundState& round() const { return world_->run().current; }
  std::vector<std::string> waits() const {
    return WaitingFor(world_->run(), world_->live(), world_->now).waiting_for;
  }
  std::vector<BlobId> NeededOf(std::vector<BlobId> blobs) const {
    std::ranges::sort(blobs);
    std::vector<BlobId> needed;
    const std::map<RunId, RunState> runs = {{Federation().run, world_->run()}};
    for (const auto& [blob, run] : FindNeeded(runs, blobs)) needed.push_back(blob);
    return needed;
  }

  std::string spec_;
  std::optional<World> world_;
};

TEST_F(Leaving, CountsWhatIsHereAndWaitsForNothingElseOfTheParty) {
  BeginTraining(2);
  Contribute(0);
  Contribute(1);
  Contribute(3, /*with_bytes=*/false);
  Say(World::Person("party-b"), Left("party-b"));
  EXPECT_EQ(phase(), Phase::kTraining);
  EXPECT_THAT(waits(), ElementsAre("update of site f2"));
  Contribute(2);
  ASSERT_EQ(phase(), Phase::kReducing);
  EXPECT_THAT(round().counted, SizeIs(3)) << "f1 may hold a receipt";
  EXPECT_THAT(round().not_counted, ElementsAre(record::NotCounted{SiteAt(3), "party-left"}));
  Reduce();
  for (const size_t site : {0, 2}) {
    Say(world_->Site(SiteAt(site)), Federation().Evaluated(world_->run(), SiteAt(site), 0.5));
  }
  ASSERT_EQ(phase(), Phase::kTraining) << "nobody waits for its evaluation";
  EXPECT_THAT(round().participants, ElementsAre(SiteAt(0), SiteAt(2)));
  EXPECT_THAT(round().recipients, Not(Contains(Federation().HolderOf(SiteAt(1)))));
}

TEST_F(Leaving, CountsWhatIsFoundAfterARestartOnceItWasLookedAt) {
  BeginTraining(2);
  Contribute(0);
  Contribute(1);
  Contribute(2);
  Say(World::Person("party-b"), Left("party-b"));
  ASSERT_EQ(phase(), Phase::kReducing) << "f3 said nothing and is not waited for";

  BeginTraining(2);
  Contribute(0);
  Contribute(1);
  world_->Feed(UpdateFound{.round = 1, .site = SiteAt(1)});
  Say(World::Person("party-b"), Left("party-b"));
  Contribute(2);
  EXPECT_THAT(round().counted, SizeIs(3));
}

TEST_F(Leaving, CountsNothingThatThePartyHadSuspended) {
  BeginTraining(2);
  Contribute(0);
  Contribute(1);
  Say(World::Person("party-b"),
      record::CrossingsSuspended{
          .party = TestFederation::Party("party-b"), .site = {}, .at = world_->now});
  Say(World::Person("party-b"), Left("party-b"));
  ASSERT_EQ(phase(), Phase::kTraining);
  Contribute(2);
  ASSERT_EQ(phase(), Phase::kReducing);
  EXPECT_THAT(round().counted, SizeIs(2));
  EXPECT_THAT(round().not_counted, Contains(record::NotCounted{SiteAt(1), "party-left"}));
}

TEST_F(Leaving, EndsEverythingThatThePartySays) {
  BeginTraining(2);
  Say(World::Person("party-b"), Left("party-b"));
  EXPECT_EQ(Code(World::Person("party-b"), Left("party-b")), "party-left");
  EXPECT_EQ(Code(World::Person("party-b"), Federation().Enrolled(SiteAt(1))), "party-left");
  EXPECT_EQ(
      Code(world_->Site(SiteAt(1)), Federation().Contributed(world_->run(), SiteAt(1), Update(1))),
      "party-left");
  EXPECT_EQ(world_->Submit(World::Person("party-b"), Left("party-b")).code,
            Code::kPermissionDenied);
  EXPECT_EQ(Code(World::Person("party-a"), Left("party-b")), "not-for-this-author");
  EXPECT_EQ(Code(World::Person("party-a"), Left("party-a")), "party-coordinates");
  Author operator_of_a = World::Person("party-a");
  operator_of_a.roles = {charter::Role::kOperator, charter::Role::kResearcher};
  EXPECT_EQ(Code(operator_of_a, Left("party-a")), "role-missing");
}

TEST_F(Leaving, FailsARunThatCanNoLongerBeApproved) {
  Begin(2);
  Say(World::Person("party-a"), Federation().Approved("party-a", spec_));
  Say(World::Person("party-b"), Left("party-b"));
  EXPECT_EQ(phase(), Phase::kFinished);
  EXPECT_EQ(world_->run().outcome, "failed");
  EXPECT_EQ(world_->run().code, "approvals-impossible");

  Begin(2);
  Say(World::Person("party-b"), Federation().Approved("party-b", spec_));
  Say(World::Person("party-b"), Left("party-b"));
  EXPECT_EQ(phase(), Phase::kSubmitted) << "its approval stands; party-a may still approve";
  Say(World::Person("party-a"), Federation().Approved("party-a", spec_));
  EXPECT_EQ(phase(), Phase::kStarting);
}

TEST_F(Leaving, FailsTheRunsOfAnOwnerThatLeft) {
  BeginTraining(2);
  Contribute(0);
  // The charter has party-a coordinate; the fold does not ask who may leave.
  std::map<RunId, RunState> runs = {{Federation().run, world_->run()}};
  const Departures left = {
      {TestFederation::Party("party-a"), {.index = 9, .remaining = std::nullopt}}};
  FoldDeparture(runs, Federation().charter, left, TestFederation::Party("party-a"), world_->now);
  const Outcome outcome = Step(runs.begin()->second, world_->live(), Recorded{});
  ASSERT_THAT(outcome.actions, SizeIs(1));
  const auto& finished =
      std::get<record::RunFinished>(std::get<Append>(outcome.actions.front()).record);
  EXPECT_EQ(finished.outcome, "failed");
  EXPECT_EQ(finished.code, "party-left");
}

TEST_F(Leaving, LeavesNoPauseBehindThatNobodyCouldTakeBack) {
  BeginTraining(2);
  Say(World::Person("party-b"),
      record::RunPauseAsked{
          .run = Federation().run, .party = TestFederation::Party("party-b"), .at = world_->now});
  Say(World::Person("party-b"), Left("party-b"));
  EXPECT_FALSE(world_->run().IsPaused());
}

TEST_F(Leaving, NeedsItsUpdatesOnlyWhileARoundDoes) {
  BeginTraining(2);
  const PartyId party_b = TestFederation::Party("party-b");
  for (size_t site = 0; site < 4; ++site) Contribute(site);
  const std::vector<BlobId> updates = {Update(0), Update(1), Update(2), Update(3)};
  std::map<RunId, RunState> runs = {{Federation().run, world_->run()}};
  ASSERT_EQ(phase(), Phase::kReducing);
  EXPECT_EQ(CountHeld(runs, party_b), 2u);
  EXPECT_TRUE(HasBlobsToDelete(runs, party_b, {.index = 1, .remaining = std::nullopt}));
  EXPECT_FALSE(HasBlobsToDelete(runs, party_b, {.index = 1, .remaining = 2}));
  EXPECT_TRUE(HasBlobsToDelete(runs, party_b, {.index = 1, .remaining = 3}));
  EXPECT_THAT(NeededOf(updates), SizeIs(4));
  Reduce();
  runs = {{Federation().run, world_->run()}};
  EXPECT_EQ(CountHeld(runs, party_b), 0u);
  EXPECT_TRUE(HasBlobsToDelete(runs, party_b, {.index = 1, .remaining = 2}));
  EXPECT_FALSE(HasBlobsToDelete(runs, party_b, {.index = 1, .remaining = 0}));
  EXPECT_THAT(NeededOf(updates), IsEmpty());
}

TEST_F(Leaving, TheModelsOfAnOpenRunAndTheLastAndReleasedOnesAreNeeded) {
  BeginTraining(2);
  const BlobId first = TestFederation::MadeUpBlob(0);
  std::vector<BlobId> models = {first};
  for (int done = 0; done < 3; ++done) {
    for (size_t site = 0; site < 4; ++site) Contribute(site);
    Reduce();
    models.push_back(world_->run().rounds.back().output);
    std::ranges::sort(models);
    EXPECT_EQ(NeededOf(models), models);
    if (done == 1) {
      record::Determined go = Federation().Determined("model", world_->run().owner_holder);
      go.blob = world_->run().Round(1)->output;
      Say(World::Person("party-a"), go);
      Say(World::Person("party-a"), record::Released{.run = Federation().run,
                                                     .round = 1,
                                                     .party = TestFederation::Party("party-a"),
                                                     .model = world_->run().Round(1)->output,
                                                     .model_sha256 = {},
                                                     .determination = LatestGo("party-a"),
                                                     .at = world_->now});
    }
    for (const SiteId& site : Federation().sites) {
      Say(world_->Site(site), Federation().Evaluated(world_->run(), site, 0.5));
    }
  }
  ASSERT_EQ(phase(), Phase::kFinished);
  std::vector<BlobId> kept = {world_->run().Round(1)->output, world_->run().Round(3)->output};
  std::ranges::sort(kept);
  EXPECT_EQ(NeededOf(models), kept);
}

}  // namespace
}  // namespace renkei::run
