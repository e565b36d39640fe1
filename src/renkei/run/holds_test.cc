// SPDX-License-Identifier: Apache-2.0
// What officers decide about held crossings, over sealed entries.
#include "renkei/run/holds.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "renkei/base/status_testing.h"
#include "renkei/run/rules.h"
#include "renkei/run/scribe_testing.h"

namespace renkei::run {
namespace {

using std::chrono::hours;
using testing::ElementsAre;

constexpr hours kHoldHours{72};  // of the charter

const TestFederation& FederationWith(uint32_t officers) {
  static const auto& one = *new TestFederation({.sites = 3, .officers = 1});
  static const auto& two = *new TestFederation({.sites = 3, .officers = 2});
  return officers == 1 ? one : two;
}

// Three sites: f0 and f2 of party-a, which owns the run and coordinates; f1 of party-b.
class HoldsTest : public testing::Test {
 protected:
  void Begin(uint32_t officers = 1) {
    federation_ = &FederationWith(officers);
    scribe_ = std::make_unique<Scribe>(*federation_);
  }
  // A run that both parties have approved; nobody has determined anything but its owner.
  void StartRun() {
    const std::string spec = federation_->Spec(TestFederation::MadeUpBlob(0), 2, 2);
    scribe_->Prepare(spec);
    for (const char* party : {"party-a", "party-b"}) {
      Say(federation_->Approved(party, spec), party);
    }
    scribe_->Feed(ModelStored{});
  }
  void StartRunWithOthersReady() {
    StartRun();
    Say(federation_->Determined("model", federation_->CoordinatorHolder()), "coordinator");
    for (const size_t site : {0, 2}) {
      for (const char* item : {"update", "metrics"}) {
        Say(federation_->Determined(item, Holder(site)), Site(site).text());
      }
    }
  }

  uint64_t Say(const record::Record& record, const std::string& signer) {
    const Status written = scribe_->Write(record, signer);
    EXPECT_THAT(written, IsOk()) << record::KindOf(record);
    return scribe_->book.size() - 1;
  }
  std::string Code(const record::Record& record, const std::string& signer) {
    const Bytes envelope = record::Seal(record, federation_->key(signer)).value();
    return scribe_->book.Check(envelope, scribe_->now).reason.code;
  }
  uint64_t Hold(std::string item, const record::Holder& from, const std::string& signer) {
    record::Determined determined = federation_->Determined(std::move(item), from);
    determined.verdict = record::Verdict::kHold;
    determined.reasons = {{.code = "export-rules-hold", .cite = "rules", .text = "held"}};
    determined.at = scribe_->now;
    return Say(determined, signer);
  }
  uint64_t HoldOfF1(std::string item = "update") { return Hold(std::move(item), Holder(1), "f1"); }

  record::CrossingApproved Approved(uint64_t hold, std::string_view party = "party-b") const {
    return {.party = TestFederation::Party(party),
            .determination = hold,
            .scope = "run",
            .until = scribe_->now + hours(24),
            .uses = 10,
            .reason_sha256 = {},
            .licence = "",
            .quantity = 0,
            .at = scribe_->now};
  }
  record::CrossingApproved Licensed(uint64_t hold, uint64_t quantity) const {
    record::CrossingApproved approved = Approved(hold);
    approved.licence = "L-1";
    approved.quantity = quantity;
    return approved;
  }
  record::CrossingDenied Denied(uint64_t hold, std::string_view party = "party-b") const {
    return {.party = TestFederation::Party(party),
            .determination = hold,
            .reason_sha256 = {},
            .at = scribe_->now};
  }
  record::LicenceRecorded Licence(uint64_t quantity) const {
    return {.party = TestFederation::Party("party-b"),
            .licence = "L-1",
            .unit = "crossings",
            .quantity = quantity,
            .until = scribe_->now + hours(48),
            .at = scribe_->now};
  }

  const SiteId& Site(size_t site) const { return federation_->sites[site]; }
  record::Holder Holder(size_t site) const { return federation_->HolderOf(Site(site)); }
  const RunState& run() const { return scribe_->run(); }
  const Candidate& F1() const { return *run().Find(Site(1)); }
  const HoldState& HeldAt(uint64_t entry) const { return scribe_->book.holds().held.at(entry); }
  const LicenceState& Licence() const { return scribe_->book.holds().licences.begin()->second; }
  void PassTo(Instant when) {
    scribe_->now = when;
    scribe_->Feed(Tick{when});
  }

  const TestFederation* federation_ = nullptr;
  std::unique_ptr<Scribe> scribe_;
};

TEST_F(HoldsTest, AnApprovedHoldStandsWithinTheLimitsThatItsOfficerGave) {
  Begin();
  StartRun();
  const uint64_t hold = HoldOfF1();
  EXPECT_EQ(F1().update_held, (Held{.index = hold, .until = scribe_->now + kHoldHours}));
  EXPECT_FALSE(F1().update);
  EXPECT_TRUE(HeldAt(hold).IsOpenAt(scribe_->now));
  const uint64_t approval = Say(Approved(hold), "party-b");
  ASSERT_TRUE(F1().update);
  EXPECT_EQ(F1().update->index, hold);
  EXPECT_EQ(F1().update->valid_until, scribe_->now + hours(24));
  EXPECT_EQ(F1().update->uses_max, 10u);
  EXPECT_FALSE(F1().update_held);
  EXPECT_EQ(HeldAt(hold).approved, approval);
  EXPECT_FALSE(HeldAt(hold).IsOpenAt(scribe_->now));
}

TEST_F(HoldsTest, AnApprovalOfOneCrossingIsOneUseAndNoneIsMoreThanTheGateGave) {
  Begin();
  StartRun();
  const uint64_t update = HoldOfF1("update");
  record::CrossingApproved once = Approved(update);
  once.scope = "crossing";
  Say(once, "party-b");
  EXPECT_EQ(F1().update->uses_max, 1u);
  const uint64_t metrics = HoldOfF1("metrics");
  record::CrossingApproved often = Approved(metrics);
  often.uses = 1000000;
  Say(often, "party-b");
  EXPECT_EQ(F1().metrics->uses_max, HeldAt(metrics).uses_max);
}

TEST_F(HoldsTest, AsManyOfficersApproveAsBindThePartyAndTheNarrowestOfTheirLimitsHolds) {
  Begin(2);
  StartRun();
  const uint64_t hold = HoldOfF1();
  Say(Approved(hold), "party-b");
  EXPECT_FALSE(F1().update);
  EXPECT_TRUE(F1().update_held);
  EXPECT_EQ(HeldAt(hold).approved, 0u);
  EXPECT_EQ(Code(Approved(hold), "party-b"), "approved-already") << "the same officer again";
  record::CrossingApproved second = Approved(hold);
  second.licence = "L-1";
  second.quantity = 1;
  EXPECT_EQ(Code(second, "party-b/2"), "approval-not-valid") << "another licence than the first";
  second = Approved(hold);
  second.until = scribe_->now + hours(5);
  second.uses = 3;
  Say(second, "party-b/2");
  ASSERT_TRUE(F1().update);
  EXPECT_EQ(F1().update->valid_until, scribe_->now + hours(5));
  EXPECT_EQ(F1().update->uses_max, 3u);
  EXPECT_EQ(Code(Approved(hold), "party-b"), "approved-already") << "it stands";
}

TEST_F(HoldsTest, OneOfTwoOfficersDenies) {
  Begin(2);
  StartRun();
  const uint64_t hold = HoldOfF1();
  Say(Approved(hold), "party-b");
  Say(Denied(hold), "party-b/2");
  EXPECT_TRUE(F1().refused);
  EXPECT_EQ(Code(Approved(hold), "party-b/2"), "denied-already");
}

TEST_F(HoldsTest, OfficersOfTheSendersPartyDecideAndNobodyElse) {
  Begin();
  StartRun();
  const uint64_t hold = HoldOfF1();
  EXPECT_EQ(Code(Approved(hold, "party-a"), "party-a"), "not-for-this-author");
  EXPECT_EQ(Code(Approved(hold, "party-b"), "party-a"), "not-for-this-author");
  EXPECT_EQ(Code(Denied(hold, "party-a"), "party-a"), "not-for-this-author");
  EXPECT_EQ(Code(Denied(hold, "party-b"), "party-a"), "not-for-this-author");
  EXPECT_EQ(Code(Approved(hold), "f1"), "not-for-this-author") << "a site";
  EXPECT_EQ(Code(Approved(hold, "party-a"), "coordinator"), "not-for-this-author");
  EXPECT_EQ(Code(Approved(hold - 1), "party-b"), "hold-unknown");

  BookState book;
  book.charter = federation_->charter;
  const Author researcher = {.kind = AuthorKind::kPerson,
                             .party = TestFederation::Party("party-b"),
                             .name = "rie",
                             .roles = {charter::Role::kResearcher, charter::Role::kOperator},
                             .key = federation_->key("party-b").public_key()};
  for (const record::Record& record :
       {record::Record(Approved(hold)), record::Record(Denied(hold)), record::Record(Licence(1))}) {
    EXPECT_EQ(CheckRecord(book, researcher, record, scribe_->now).reason.code, "role-missing");
  }
}

TEST_F(HoldsTest, WhatNobodyDecidesInTimeCannotBeApprovedAnyMore) {
  Begin();
  StartRun();
  const uint64_t hold = HoldOfF1();
  scribe_->now += kHoldHours;
  EXPECT_FALSE(HeldAt(hold).IsOpenAt(scribe_->now));
  EXPECT_EQ(Code(Approved(hold), "party-b"), "hold-timed-out");
  record::CrossingApproved dated_back = Approved(hold);
  dated_back.at = federation_->now;
  EXPECT_EQ(Code(dated_back, "party-b"), "hold-timed-out");
  EXPECT_EQ(Code(Denied(hold), "party-b"), "") << "a no is never late";
}

TEST_F(HoldsTest, AnApprovalThatIsOverOrForNothingCannotStand) {
  Begin();
  StartRun();
  const uint64_t hold = HoldOfF1();
  record::CrossingApproved over = Approved(hold);
  over.until = scribe_->now;
  EXPECT_EQ(Code(over, "party-b"), "approval-not-valid");
  record::CrossingApproved nothing = Approved(hold);
  nothing.uses = 0;
  const Decision no =
      CheckApproval(scribe_->book.holds(), nothing.party, "key", nothing, scribe_->now);
  EXPECT_EQ(no.reason.code, "approval-not-valid");
}

TEST_F(HoldsTest, ADenialRefusesAndAlsoRevokesWhatWasApproved) {
  Begin();
  StartRun();
  const uint64_t update = HoldOfF1("update");
  Say(Denied(update), "party-b");
  EXPECT_TRUE(F1().refused);
  EXPECT_EQ(Code(Approved(update), "party-b"), "denied-already");
  EXPECT_EQ(Code(Denied(update), "party-b"), "denied-already");

  const uint64_t again = HoldOfF1("update");
  EXPECT_FALSE(F1().refused) << "its gate was asked anew";
  Say(Approved(again), "party-b");
  ASSERT_TRUE(F1().update);
  Say(Denied(again), "party-b");
  EXPECT_FALSE(F1().update);
  EXPECT_TRUE(F1().refused);
  EXPECT_FALSE(scribe_->book.holds().ApprovedAs(again));
}

TEST_F(HoldsTest, TwoCrossingsCannotSpendOneBalance) {
  Begin();
  StartRun();
  const uint64_t update = HoldOfF1("update");
  const uint64_t metrics = HoldOfF1("metrics");
  EXPECT_EQ(Code(Licensed(update, 1), "party-b"), "licence-unknown");
  Say(Licence(1), "party-b");
  EXPECT_EQ(Code(Licensed(update, 0), "party-b"), "licence-spent") << "takes nothing";
  EXPECT_EQ(Code(Licensed(update, 2), "party-b"), "licence-spent");
  Say(Licensed(update, 1), "party-b");
  EXPECT_EQ(Licence().taken, 1u);
  EXPECT_EQ(Licence().left(), 0u);
  EXPECT_EQ(Code(Licensed(metrics, 1), "party-b"), "licence-spent");
  EXPECT_EQ(Code(Approved(metrics), "party-b"), "") << "without a licence, for another reason";
  Say(Licence(2), "party-b");
  Say(Licensed(metrics, 1), "party-b");
  EXPECT_EQ(Licence().left(), 0u);
}

TEST_F(HoldsTest, ALicenceIsTakenFromOnceWhenTheLastOfficerApproves) {
  Begin(2);
  StartRun();
  const uint64_t update = HoldOfF1("update");
  const uint64_t metrics = HoldOfF1("metrics");
  Say(Licence(1), "party-b");
  Say(Licensed(update, 1), "party-b");
  EXPECT_EQ(Licence().taken, 0u);
  Say(Licensed(metrics, 1), "party-b");
  Say(Licensed(update, 1), "party-b/2");
  EXPECT_EQ(Licence().taken, 1u);
  EXPECT_EQ(Code(Licensed(metrics, 1), "party-b/2"), "licence-spent") << "the other was first";
}

TEST_F(HoldsTest, ALicenceIsOfOneUnitAndReachesAsFarAsItSays) {
  Begin();
  StartRun();
  Say(Licence(3), "party-b");
  const uint64_t hold = HoldOfF1();
  record::CrossingApproved longer = Licensed(hold, 2);
  longer.until = Licence().until + hours(1);
  EXPECT_EQ(Code(longer, "party-b"), "licence-ends");
  Say(Licensed(hold, 2), "party-b");
  record::LicenceRecorded other = Licence(3);
  other.unit = "kg";
  EXPECT_EQ(Code(other, "party-b"), "licence-differs");
  EXPECT_EQ(Code(Licence(1), "party-b"), "licence-spent") << "2 are taken";
  EXPECT_EQ(Code(Licence(3), "party-a"), "not-for-this-author");
  Say(Licence(2), "party-b");
  EXPECT_EQ(Licence().left(), 0u);
}

TEST_F(HoldsTest, AnOwnersApprovedHoldCarriesItsRun) {
  Begin();
  for (const SiteId& site : federation_->sites) {
    Say(federation_->Enrolled(site), federation_->PartyOf(site).text());
  }
  record::Determined owner = federation_->Determined("model", federation_->OwnerHolder());
  owner.blob = TestFederation::MadeUpBlob(0);
  owner.verdict = record::Verdict::kHold;
  const uint64_t hold = Say(owner, "party-a");
  const std::string spec = federation_->Spec(TestFederation::MadeUpBlob(0), 2, 2);
  EXPECT_EQ(Code(federation_->Submitted(spec, hold), "party-a"), "determination-missing");
  Say(Approved(hold, "party-a"), "party-a");
  scribe_->now += hours(25);
  record::RunSubmitted late = federation_->Submitted(spec, hold);
  late.at = scribe_->now;
  EXPECT_EQ(Code(late, "party-a"), "determination-missing") << "the approval is over";
  scribe_->now = federation_->now;
  Say(federation_->Submitted(spec, hold), "party-a");
  ASSERT_TRUE(run().owner_go);
  EXPECT_EQ(run().owner_go->index, hold);
  EXPECT_EQ(run().owner_go->valid_until, federation_->now + hours(24));
  EXPECT_EQ(run().candidates.size(), 3u);
  Say(Denied(hold, "party-a"), "party-a");
  EXPECT_FALSE(run().owner_go) << "denied later: the run has no go of its owner any more";
}

TEST_F(HoldsTest, TheCoordinatorsHoldIsForTheOfficersOfItsParty) {
  Begin();
  StartRun();
  const uint64_t hold = Hold("model", federation_->CoordinatorHolder(), "coordinator");
  EXPECT_EQ(run().coordinator_held, (Held{.index = hold, .until = scribe_->now + kHoldHours}));
  EXPECT_EQ(Code(Approved(hold), "party-b"), "not-for-this-author");
  Say(Approved(hold, "party-a"), "party-a");
  ASSERT_TRUE(run().coordinator_go);
  EXPECT_EQ(run().coordinator_go->index, hold);
  EXPECT_FALSE(run().coordinator_held);
  Say(Denied(hold, "party-a"), "party-a");
  EXPECT_FALSE(run().coordinator_go);
  EXPECT_TRUE(run().coordinator_denied);
}

TEST_F(HoldsTest, ARunWaitsForAHeldSiteUntilItsStartDeadlineAndThenGoesOnWithTheQuorum) {
  Begin();
  StartRunWithOthersReady();
  HoldOfF1("update");
  HoldOfF1("metrics");
  scribe_->Feed(Recorded{});
  const Instant deadline = run().since + std::chrono::seconds(run().spec.start_deadline_s);
  PassTo(deadline - Milliseconds(1));
  EXPECT_EQ(run().phase, Phase::kStarting);
  PassTo(deadline);
  ASSERT_EQ(run().phase, Phase::kTraining);
  EXPECT_THAT(run().current.participants, ElementsAre(Site(0), Site(2)));
}

TEST_F(HoldsTest, ARunGoesOnAtOnceWhenItsLastHoldIsDecided) {
  for (const bool approve : {true, false}) {
    Begin();
    StartRunWithOthersReady();
    const uint64_t update = HoldOfF1("update");
    const uint64_t metrics = HoldOfF1("metrics");
    scribe_->Feed(Tick{scribe_->now});
    EXPECT_EQ(run().phase, Phase::kStarting);
    if (approve) {
      Say(Approved(update), "party-b");
      Say(Approved(metrics), "party-b");
    } else {
      Say(Denied(update), "party-b");
    }
    scribe_->Feed(Recorded{});
    ASSERT_EQ(run().phase, Phase::kTraining) << approve;
    EXPECT_EQ(run().current.participants.size(), approve ? 3u : 2u);
  }
}

TEST_F(HoldsTest, ASnapshotAtAnyPointAndAFoldFromZeroAgreeOnHoldsAndLicences) {
  Begin(2);
  StartRun();
  Say(Licence(4), "party-b");
  const uint64_t update = HoldOfF1("update");
  const uint64_t metrics = HoldOfF1("metrics");
  Hold("model", federation_->CoordinatorHolder(), "coordinator");
  Say(Licensed(update, 3), "party-b");
  Say(Licensed(update, 3), "party-b/2");
  Say(Approved(metrics), "party-b");
  Say(Denied(metrics), "party-b/2");
  const Bytes whole = scribe_->book.Snapshot();
  Book fold;
  for (size_t i = 0; i < scribe_->entries.size(); ++i) {
    auto restored = Book::Restore(fold.Snapshot());
    ASSERT_THAT(restored, IsOk());
    for (size_t j = i; j < scribe_->entries.size(); ++j) {
      ASSERT_THAT(restored->Apply(j, scribe_->entries[j]), IsOk());
    }
    EXPECT_EQ(restored->Snapshot(), whole) << i;
    ASSERT_THAT(fold.Apply(i, scribe_->entries[i]), IsOk());
  }
  EXPECT_EQ(fold.Snapshot(), whole);
  EXPECT_EQ(fold.holds().licences.begin()->second.taken, 3u);
}

}  // namespace
}  // namespace renkei::run
