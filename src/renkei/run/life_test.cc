// SPDX-License-Identifier: Apache-2.0
// Laws of a run's life over random orders of events: nothing counts twice or after the close,
// every step of the coordinator is one that its readers accept, and every run ends or waits with
// a reason.
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/base/random.h"
#include "renkei/run/waiting.h"
#include "renkei/run/world_testing.h"

namespace renkei::run {
namespace {

constexpr uint64_t kOrders = 3000;
constexpr int kMoves = 120;

// Everybody does anything at any time, mostly sensible things.
class Chaos {
 public:
  explicit Chaos(uint64_t seed)
      : random_(MakeSeededRandom(seed)),
        spec_(Federation().Spec(
            TestFederation::MadeUpBlob(0), 1 + static_cast<uint32_t>(random_->Below(3)),
            1 + static_cast<uint32_t>(random_->Below(4)),
            Chance(3) ? "early_stop = { metric = \"loss\", goal = \"min\", patience = 1 }" : "")),
        world_(Federation(), spec_) {}

  void Live() {
    for (int i = 0; i < kMoves && world_.run().phase != Phase::kFinished; ++i) {
      Move();
      CheckNothingCountsTwice();
      if (testing::Test::HasFailure()) return;
      CheckReason();
    }
    Settle();
  }

  const World& world() const { return world_; }

 private:
  bool Chance(uint64_t one_in) { return random_->Below(one_in) == 0; }
  const SiteId& AnySite() {
    const auto& sites = Federation().sites;
    return sites[random_->Below(sites.size())];
  }
  uint32_t AnyRound() {
    const uint32_t round = world_.run().current.round;
    return Chance(4) ? static_cast<uint32_t>(random_->Below(4)) : round;
  }

  // What the phase is waiting for.
  void Sensible() {
    switch (world_.run().phase) {
      case Phase::kSubmitted:
        return Approve();
      case Phase::kStarting:
        return Determine();
      case Phase::kTraining:
        return Contribute();
      case Phase::kReducing:
        return FinishReduction();
      case Phase::kEvaluating:
        return Evaluate();
      case Phase::kFinished:
        return;
    }
  }

  void Move() {
    if (Chance(2)) return Sensible();
    switch (random_->Below(12)) {
      case 0:
        return Approve();
      case 1:
      case 2:
        return Determine();
      case 3:
      case 4:
        return Contribute();
      case 5:
        return Store();
      case 6:
        return Decline();
      case 7:
        return Evaluate();
      case 8:
        return FinishReduction();
      case 9:
        return PassTime();
      case 10:
        if (Chance(4)) world_.Crash();
        return;
      default:
        return Rare();
    }
  }

  void Approve() {
    const char* party = Chance(2) ? "party-a" : "party-b";
    world_.Submit(World::Person(party), Federation().Approved(party, spec_));
  }

  void Determine() {
    if (Chance(3)) {
      record::Determined model = Federation().Determined("model", Federation().CoordinatorHolder());
      world_.Submit(world_.Coordinator(), model);
      return world_.Feed(ModelStored{});
    }
    const SiteId& site = AnySite();
    record::Determined determined =
        Federation().Determined(Chance(2) ? "update" : "metrics", Federation().HolderOf(site));
    if (Chance(20)) determined.verdict = record::Verdict::kRefuse;
    if (Chance(20)) determined.verdict = record::Verdict::kHold;
    if (Chance(20)) determined.recipients.pop_back();
    if (Chance(20)) determined.uses_max = 1;
    world_.Submit(world_.Site(site), determined);
  }

  void Contribute() {
    if (world_.run().phase == Phase::kSubmitted) return;
    const SiteId& site = AnySite();
    record::Contributed entry = Federation().Contributed(
        world_.run(), site, TestFederation::MadeUpBlob(1 + world_.index()));
    entry.round = AnyRound();
    if (Chance(10)) entry.examples = random_->Below(1000);
    if (Chance(10)) entry.base = TestFederation::MadeUpBlob(99);
    const Decision first = world_.Submit(world_.Site(site), entry);
    if (!first.ok()) return;
    EXPECT_FALSE(world_.Submit(world_.Site(site), entry).ok()) << "a replay was taken";
    const RoundState& round = world_.run().current;
    if (Chance(2)) world_.Feed(UpdateStored{.round = round.round, .site = site});
  }

  void Store() {
    const SiteId site = AnySite();
    const uint32_t round = AnyRound();
    if (Chance(5)) {
      world_.Feed(UpdateBad{.round = round, .site = site, .code = "update-invalid"});
    } else {
      world_.Feed(UpdateStored{.round = round, .site = site});
    }
  }

  void Decline() {
    const SiteId& site = AnySite();
    if (!Chance(3)) return;
    const record::Declined entry{.run = Federation().run,
                                 .round = Chance(2) ? world_.run().next_round() : AnyRound(),
                                 .site = site,
                                 .code = Chance(3) ? "trainer-not-mapped" : "trainer-failed",
                                 .at = world_.now};
    if (world_.Submit(world_.Site(site), entry).ok()) {
      EXPECT_FALSE(world_.Submit(world_.Site(site), entry).ok()) << "declined twice";
    }
  }

  void Evaluate() {
    const SiteId& site = AnySite();
    record::Evaluated entry =
        Federation().Evaluated(world_.run(), site, static_cast<double>(random_->Below(100)) / 100);
    entry.round = AnyRound();
    if (world_.Submit(world_.Site(site), entry).ok()) {
      EXPECT_FALSE(world_.Submit(world_.Site(site), entry).ok()) << "evaluated twice";
    }
  }

  void FinishReduction() {
    if (!world_.reducing || Chance(10)) {  // Also one that nobody asked for.
      world_.Feed(Reduced{.round = AnyRound(), .output = TestFederation::MadeUpBlob(7)});
      world_.reducing.reset();
      return;
    }
    const uint32_t round = world_.reducing->round;
    world_.reducing.reset();
    if (Chance(4)) return world_.Feed(ReduceFailed{.round = round});
    world_.Feed(Reduced{.round = round, .output = TestFederation::MadeUpBlob(1000 + round)});
  }

  void PassTime() {
    if (Chance(3) && world_.wake) return world_.PassTo(*world_.wake);
    world_.PassTo(world_.now + Milliseconds(random_->Below(20'000)));
  }

  void Rare() {
    if (Chance(40)) {
      world_.Submit(World::Person("party-b"),
                    record::RunStopAsked{.run = Federation().run,
                                         .party = TestFederation::Party("party-b"),
                                         .at = world_.now});
    }
    if (Chance(40)) world_.Feed(ModelBad{"model-invalid"});
    if (Chance(8)) PauseOrResume(Chance(2) ? "party-a" : "party-b");
  }

  void PauseOrResume(std::string_view party) {
    const PartyId id = TestFederation::Party(party);
    if (world_.run().paused_by.contains(id)) {
      world_.Submit(World::Person(party),
                    record::RunResumeAsked{.run = Federation().run, .party = id, .at = world_.now});
    } else {
      world_.Submit(World::Person(party),
                    record::RunPauseAsked{.run = Federation().run, .party = id, .at = world_.now});
    }
  }

  void CheckNothingCountsTwice() {
    std::set<uint32_t> closed;
    std::set<uint64_t> counted;
    std::set<uint32_t> reduced;
    bool finished = false;
    for (const record::Record& record : world_.appended) {
      EXPECT_FALSE(finished) << "an entry after the end";
      if (const auto* close = std::get_if<record::RoundClosed>(&record)) {
        EXPECT_TRUE(closed.insert(close->round).second) << "a round closed twice";
        EXPECT_GE(close->counted.size(), world_.run().spec.quorum);
        for (const record::Counted& one : close->counted) {
          EXPECT_TRUE(counted.insert(one.entry).second) << "an update counted twice";
        }
      }
      if (const auto* reduce = std::get_if<record::RoundReduced>(&record)) {
        EXPECT_TRUE(closed.contains(reduce->round)) << "reduced before it closed";
        EXPECT_TRUE(reduced.insert(reduce->round).second) << "reduced twice";
      }
      finished = std::holds_alternative<record::RunFinished>(record);
    }
  }

  // What is not finished waits for something by name, or for a moment.
  void CheckReason() {
    if (world_.run().phase == Phase::kFinished) return;
    const Waiting waiting = WaitingFor(world_.run(), world_.live(), world_.now);
    EXPECT_FALSE(waiting.next.empty());
    EXPECT_TRUE(!waiting.waiting_for.empty() || world_.wake)
        << "waits for nothing in phase " << NameOf(world_.run().phase);
  }

  // Pauses are taken back; from then on nobody speaks but the coordinator: time alone has to end
  // the run, unless it waits for people to approve it.
  void Settle() {
    for (const std::string_view party : {"party-a", "party-b"}) {
      if (world_.run().paused_by.contains(TestFederation::Party(party))) PauseOrResume(party);
    }
    for (int i = 0; i < 50 && world_.run().phase > Phase::kSubmitted; ++i) {
      if (world_.run().phase == Phase::kFinished) return;
      if (world_.reducing) {
        const uint32_t round = world_.reducing->round;
        world_.reducing.reset();
        world_.Feed(Reduced{.round = round, .output = TestFederation::MadeUpBlob(2000 + round)});
        continue;
      }
      ASSERT_TRUE(world_.wake) << "nothing would ever happen in phase "
                               << NameOf(world_.run().phase);
      world_.PassTo(*world_.wake);
    }
    EXPECT_TRUE(world_.run().phase == Phase::kFinished || world_.run().phase == Phase::kSubmitted);
  }

  std::unique_ptr<Random> random_;
  std::string spec_;
  World world_;
};

TEST(Life, HoldsItsLawsInAnyOrderOfEvents) {
  std::map<std::string, int> ends;
  for (uint64_t seed = 0; seed < kOrders; ++seed) {
    Chaos chaos(seed);
    chaos.Live();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
    const RunState& run = chaos.world().run();
    ++ends[run.phase == Phase::kFinished ? run.outcome + " " + run.code
                                         : std::string(NameOf(run.phase))];
  }
  // The orders reach every kind of end, or they would prove little.
  for (const char* end :
       {"completed ", "stopped stop-asked", "early-stop no-improvement", "failed quorum-not-met",
        "failed quorum-impossible", "failed model-invalid", "failed model-missing"}) {
    EXPECT_GT(ends[end], 0) << end;
  }
}

// The same contributions in any order of arrival close with the same list.
TEST(Life, CountsTheSameWhateverTheOrderOfArrival) {
  const std::string spec = Federation().Spec(TestFederation::MadeUpBlob(0), 1, 4);
  std::optional<std::vector<SiteId>> expected;
  for (uint64_t seed = 0; seed < 24; ++seed) {
    auto random = MakeSeededRandom(seed);
    World world(Federation(), spec);
    for (const char* party : {"party-a", "party-b"}) {
      world.Submit(World::Person(party), Federation().Approved(party, spec));
    }
    world.Submit(world.Coordinator(),
                 Federation().Determined("model", Federation().CoordinatorHolder()));
    for (const SiteId& site : Federation().sites) {
      for (const char* item : {"update", "metrics"}) {
        world.Submit(world.Site(site), Federation().Determined(item, Federation().HolderOf(site)));
      }
    }
    world.Feed(ModelStored{});
    ASSERT_EQ(world.run().phase, Phase::kTraining);
    std::vector<SiteId> order = Federation().sites;
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random->Below(i)]);
    for (const SiteId& site : order) {
      const auto entry =
          Federation().Contributed(world.run(), site, TestFederation::MadeUpBlob(50));
      ASSERT_TRUE(world.Submit(world.Site(site), entry).ok());
      world.Feed(UpdateStored{.round = 1, .site = site});
    }
    ASSERT_EQ(world.run().phase, Phase::kReducing);
    std::vector<SiteId> counted;
    for (const record::ReduceInput& input : world.reducing->inputs) counted.push_back(input.site);
    if (!expected) expected = counted;
    EXPECT_EQ(counted, *expected);
    EXPECT_EQ(counted, Federation().sites);
  }
}

}  // namespace
}  // namespace renkei::run
