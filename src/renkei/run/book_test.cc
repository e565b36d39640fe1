// SPDX-License-Identifier: Apache-2.0
// The book over sealed entries: who may write what, what a reader refuses, and that a snapshot
// and a fold from zero agree.
#include "renkei/run/book.h"

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/base/status_testing.h"
#include "renkei/run/federation_testing.h"
#include "renkei/run/scribe_testing.h"

namespace renkei::run {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

const TestFederation& Federation() {
  static const auto& federation =
      *new TestFederation({.sites = 3, .approvals = 2, .rounds_max = 100, .weight_max = 1000});
  return federation;
}

const Scribe& WholeLife() {
  static const Scribe& scribe = *[] {
    auto* made = new Scribe(Federation());
    made->LiveThrough(2);
    return made;
  }();
  return scribe;
}

// The same, and what follows it.
const Scribe& WithItsEnd() {
  static const Scribe& scribe = *[] {
    auto* made = new Scribe(WholeLife());
    made->PartWays();
    return made;
  }();
  return scribe;
}

TEST(Book, FoldsAWholeRun) {
  const Scribe& scribe = WholeLife();
  EXPECT_EQ(scribe.run().phase, Phase::kFinished);
  EXPECT_EQ(scribe.run().outcome, "completed");
  EXPECT_EQ(scribe.book.sites().size(), 3u);
  EXPECT_EQ(scribe.book.size(), scribe.entries.size());
}

TEST(Book, KnowsWhichEntryDeletedAModelAndRefusesToDeleteMore) {
  Scribe scribe(Federation());
  scribe.LiveThrough(2);
  const BlobId middle = scribe.run().rounds.front().output;
  record::BlobsDeleted deleted{.party = {},
                               .reason = "retention",
                               .run = Federation().run,
                               .blobs = {*scribe.run().model},
                               .remaining = 0,
                               .at = Federation().now};
  EXPECT_THAT(scribe.Write(deleted, "coordinator"),
              StatusIs(Code::kPermissionDenied, testing::HasSubstr("which run wafer-1 needs")));
  deleted.blobs = {};
  deleted.party = TestFederation::Party("party-b");
  EXPECT_FALSE(scribe.Write(deleted, "coordinator").ok()) << "of a party, for a run";
  deleted.run = {};
  deleted.reason = "party-left";
  EXPECT_FALSE(scribe.Write(deleted, "coordinator").ok()) << "it has not left";
  EXPECT_FALSE(scribe.Write(deleted, "party-a").ok()) << "not by a person";

  const uint64_t entry = scribe.book.size();
  scribe.PartWays();
  EXPECT_EQ(scribe.run().model_deleted, entry);
  EXPECT_EQ(scribe.run().rounds.front().deleted, entry + 1);
  EXPECT_EQ(scribe.run().rounds.back().deleted, 0u) << "the run's own model stays";
  EXPECT_TRUE(scribe.run().collected);
  EXPECT_EQ(scribe.book.last_deletion(), scribe.book.size() - 1);
  EXPECT_EQ(scribe.book.left().begin()->second.remaining, 0u);
  const record::Released released{.run = Federation().run,
                                  .round = 1,
                                  .party = TestFederation::Party("party-a"),
                                  .model = middle,
                                  .model_sha256 = {},
                                  .at = Federation().now};
  EXPECT_THAT(scribe.Write(released, "party-a"),
              StatusIs(Code::kFailedPrecondition, testing::HasSubstr("model-deleted")));
}

TEST(Book, ASnapshotAtAnyPointAndAFoldFromZeroAgree) {
  const Scribe& scribe = WithItsEnd();
  const Bytes whole = scribe.book.Snapshot();
  Book fold;
  for (size_t i = 0; i < scribe.entries.size(); ++i) {
    auto restored = Book::Restore(fold.Snapshot());
    ASSERT_THAT(restored, IsOk());
    EXPECT_EQ(restored->Snapshot(), fold.Snapshot()) << i;
    if (i % 5 == 0) {
      for (size_t j = i; j < scribe.entries.size(); ++j) {
        ASSERT_THAT(restored->Apply(j, scribe.entries[j]), IsOk());
      }
      EXPECT_EQ(restored->Snapshot(), whole) << i;
    }
    ASSERT_THAT(fold.Apply(i, scribe.entries[i]), IsOk());
  }
  EXPECT_EQ(fold.Snapshot(), whole);
}

TEST(Book, ADamagedSnapshotIsRefused) {
  const Bytes whole = WholeLife().book.Snapshot();
  EXPECT_THAT(Book::Restore({}), StatusIs(Code::kDataLoss));
  EXPECT_THAT(Book::Restore(ByteSpan(whole).first(whole.size() / 2)), StatusIs(Code::kDataLoss));
  const std::string text = ToText(whole);
  const std::pair<const char*, const char*> changes[] = {
      {"renkei-book/4", "renkei-book/2"}, {"\"phase\":5", "\"phase\":6"},
      {"\"uses\":", "\"used\":"},         {"\"round\":1", "\"round\":-1"},
      {"\"owner\":\"", "\"owner\":\"!"},
  };
  for (const auto& [from, to] : changes) {
    std::string changed = text;
    ASSERT_NE(changed.find(from), std::string::npos) << from;
    changed.replace(changed.find(from), std::string(from).size(), to);
    EXPECT_THAT(Book::Restore(AsBytes(changed)), StatusIs(Code::kDataLoss)) << to;
  }
}

TEST(Book, AReaderRefusesEveryChangeOfTheLedger) {
  const Scribe& scribe = WithItsEnd();
  Book fold;
  for (size_t i = 0; i < scribe.entries.size(); ++i) {
    Bytes flipped = scribe.entries[i];
    flipped[flipped.size() / 2] ^= 1;
    const Bytes before = fold.Snapshot();
    EXPECT_THAT(fold.Apply(i, flipped), StatusIs(Code::kDataLoss)) << i;
    EXPECT_THAT(fold.Apply(i + 1, scribe.entries[i]), StatusIs(Code::kOutOfRange));
    if (i > 0) {
      EXPECT_THAT(fold.Apply(i, scribe.entries[0]), StatusIs(Code::kDataLoss));
    }
    EXPECT_EQ(fold.Snapshot(), before) << "an error changed the book";
    ASSERT_THAT(fold.Apply(i, scribe.entries[i]), IsOk());
  }
}

// Each entry again at every later point: a replay counts nowhere. Determinations may be made
// anew, and so may be their bytes: they grant nothing more. A deletion of which some is still to
// follow may be said again: it deletes nothing more.
TEST(Book, NoEntryIsTakenTwice) {
  const Scribe& scribe = WithItsEnd();
  Book fold;
  for (size_t i = 0; i < scribe.entries.size(); ++i) {
    ASSERT_THAT(fold.Apply(i, scribe.entries[i]), IsOk());
    for (size_t j = 0; j <= i; ++j) {
      const auto kind = record::KindOf(record::Open(scribe.entries[j])->record);
      if (kind == "crossing.determined") continue;
      if (kind == "blobs.deleted" && !fold.runs().begin()->second.collected) continue;
      EXPECT_FALSE(fold.Check(scribe.entries[j], Federation().now).ok()) << kind << " " << j;
    }
  }
}

TEST(Book, AsksWhoTheAuthorIsAndWhatTheirRolesAre) {
  Scribe scribe(Federation());
  const SiteId f0 = Federation().sites[0];
  const SiteId f1 = Federation().sites[1];
  EXPECT_THAT(scribe.Write(Federation().Enrolled(f0), "party-b"),
              StatusIs(Code::kPermissionDenied, HasSubstr("not-for-this-author")));
  EXPECT_THAT(scribe.Write(Federation().Enrolled(f0), "coordinator"),
              StatusIs(Code::kPermissionDenied, HasSubstr("not-for-this-author")));
  EXPECT_THAT(scribe.Write(Federation().Enrolled(f0), "f0"),
              StatusIs(Code::kUnauthenticated, HasSubstr("author-unknown")));
  record::SiteEnrolled heavy = Federation().Enrolled(f0);
  heavy.weight_max = 1001;
  EXPECT_THAT(scribe.Write(heavy, "party-a"),
              StatusIs(Code::kPermissionDenied, HasSubstr("weight-above-charter")));
  record::SiteEnrolled thief = Federation().Enrolled(f0);
  thief.key = Federation().key("party-b").public_key();
  EXPECT_THAT(scribe.Write(thief, "party-a"), StatusIs(Code::kAlreadyExists));
  ASSERT_THAT(scribe.Write(Federation().Enrolled(f0), "party-a"), IsOk());
  EXPECT_THAT(scribe.Write(Federation().Enrolled(f0), "party-a"),
              StatusIs(Code::kAlreadyExists, HasSubstr("token-spent")));
  record::SiteEnrolled again = Federation().Enrolled(f1);
  again.token_id = "token-f0";
  EXPECT_THAT(scribe.Write(again, "party-b"),
              StatusIs(Code::kAlreadyExists, HasSubstr("token-spent")));
  EXPECT_THAT(
      scribe.Write(
          record::Refused{.what = "run", .subject = "x", .reasons = {}, .at = Federation().now},
          "party-a"),
      StatusIs(Code::kPermissionDenied));
}

TEST(Book, ConfirmsASiteWithItsOwnKeyAndNoOther) {
  Scribe scribe(Federation());
  const SiteId f0 = Federation().sites[0];
  ASSERT_THAT(scribe.Write(Federation().Enrolled(f0), "party-a"), IsOk());
  record::SiteEnrolled again = Federation().Enrolled(f0);
  again.token_id = "another";
  again.key = Federation().key("f2").public_key();
  EXPECT_THAT(scribe.Write(again, "party-a"),
              StatusIs(Code::kAlreadyExists, HasSubstr("site-known")));
  again = Federation().Enrolled(Federation().sites[2]);
  again.key = Federation().key("f0").public_key();
  EXPECT_THAT(scribe.Write(again, "party-a"),
              StatusIs(Code::kAlreadyExists, HasSubstr("key-known")))
      << "two sites with one key";
  again = Federation().Enrolled(f0);
  again.token_id = "another";
  again.at += std::chrono::days(30);
  scribe.now = again.at;
  ASSERT_THAT(scribe.Write(again, "party-a"), IsOk());
  EXPECT_EQ(scribe.book.FindSite(f0)->enrolled.at, again.at);
  // What a snapshot keeps: the tokens of both enrolments, and the suspensions.
  ASSERT_THAT(scribe.Write(
                  record::CrossingsSuspended{
                      .party = TestFederation::Party("party-a"), .site = f0, .at = again.at},
                  "party-a"),
              IsOk());
  const auto restored = Book::Restore(scribe.book.Snapshot());
  ASSERT_THAT(restored, IsOk());
  EXPECT_TRUE(restored->TokenSpent(Federation().Enrolled(f0).token_id));
  EXPECT_TRUE(restored->TokenSpent("another"));
  EXPECT_TRUE(restored->suspensions().Cover(Federation().HolderOf(f0)));
  EXPECT_EQ(restored->Snapshot(), scribe.book.Snapshot());
}

TEST(Book, RefusesARunThatTheCharterDoesNotPermit) {
  Scribe scribe(Federation());
  for (const SiteId& site : Federation().sites) {
    ASSERT_THAT(scribe.Write(Federation().Enrolled(site), Federation().PartyOf(site).text()),
                IsOk());
  }
  record::Determined owner = Federation().Determined("model", Federation().OwnerHolder());
  owner.blob = TestFederation::MadeUpBlob(0);
  ASSERT_THAT(scribe.Write(owner, "party-a"), IsOk());
  const uint64_t go = scribe.book.size() - 1;
  record::Determined narrow = owner;
  narrow.recipients = {Federation().CoordinatorHolder(),
                       Federation().HolderOf(Federation().sites[0])};
  ASSERT_THAT(scribe.Write(narrow, "party-a"), IsOk());
  record::Determined hold = owner;
  hold.verdict = record::Verdict::kHold;
  ASSERT_THAT(scribe.Write(hold, "party-a"), IsOk());

  const std::string good = Federation().Spec(TestFederation::MadeUpBlob(0), 2, 2);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string spec = good;
    spec.replace(spec.find(from), from.size(), to);
    return spec;
  };
  const struct {
    const char* why;
    std::string spec;
    uint64_t determination;
    const char* signer;
    const char* reason;
  } cases[] = {
      {"another purpose", with("\"defects\"", "\"weather\""), go, "party-a",
       "purpose-not-in-charter"},
      {"too many rounds", with("rounds = 2", "rounds = 101"), go, "party-a",
       "rounds-above-charter"},
      {"not a spec", "format = 1", go, "party-a", "spec-not-valid"},
      {"another name", with("wafer-1", "wafer-2"), go, "party-a", "spec-not-valid"},
      {"another model", Federation().Spec(TestFederation::MadeUpBlob(1), 2, 2), go, "party-a",
       "determination-does-not-cover"},
      {"another classification", with("EAR99", "3E001"), go, "party-a",
       "determination-does-not-cover"},
      {"a hold", good, go + 2, "party-a", "determination-missing"},
      {"no determination", good, 1, "party-a", "determination-missing"},
      {"too few covered", good, go + 1, "party-a", "quorum-impossible"},
      {"a named site is not covered",
       Federation().Spec(TestFederation::MadeUpBlob(0), 2, 2, "participants = [\"f0\", \"f1\"]"),
       go + 1, "party-a", "determination-does-not-cover"},
      {"a stranger",
       Federation().Spec(TestFederation::MadeUpBlob(0), 2, 2, "participants = [\"f0\", \"f9\"]"),
       go, "party-a", "participants-unknown"},
      {"another party's run", good, go, "party-b", "not-for-this-author"},
  };
  for (const auto& c : cases) {
    const Status status = scribe.Write(Federation().Submitted(c.spec, c.determination), c.signer);
    EXPECT_FALSE(status.ok()) << c.why;
    EXPECT_THAT(Message(status), HasSubstr(c.reason)) << c.why;
  }
  EXPECT_THAT(scribe.Write(Federation().Submitted(good, go), "party-a"), IsOk());
  EXPECT_THAT(scribe.Write(Federation().Submitted(good, go), "party-a"),
              StatusIs(Code::kAlreadyExists, HasSubstr("run-known")));
}

TEST(Book, RefusesAContributionThatIsNotWhatTheSiteMaySend) {
  Scribe scribe(Federation());
  const std::string spec = Federation().Spec(TestFederation::MadeUpBlob(0), 2, 2);
  scribe.Prepare(spec);
  const SiteId f0 = Federation().sites[0];
  for (const char* party : {"party-a", "party-b"}) {
    ASSERT_THAT(scribe.Write(Federation().Approved(party, spec), party), IsOk());
  }
  ASSERT_THAT(scribe.Write(Federation().Determined("model", Federation().CoordinatorHolder()),
                           "coordinator"),
              IsOk());
  for (const SiteId& site : Federation().sites) {
    for (const char* item : {"update", "metrics"}) {
      ASSERT_THAT(
          scribe.Write(Federation().Determined(item, Federation().HolderOf(site)), site.text()),
          IsOk());
    }
  }
  scribe.Feed(Tick{scribe.now});
  scribe.Feed(ModelStored{});
  ASSERT_EQ(scribe.run().phase, Phase::kTraining);
  const record::Contributed good =
      Federation().Contributed(scribe.run(), f0, TestFederation::MadeUpBlob(5));
  const struct {
    const char* reason;
    std::function<void(record::Contributed&)> change;
    const char* signer;
  } cases[] = {
      {"not-for-this-author", [](auto&) {}, "f1"},
      {"not-for-this-author", [](auto&) {}, "party-a"},
      {"round-differs", [](auto& c) { c.round = 2; }, "f0"},
      {"base-differs", [](auto& c) { c.base = TestFederation::MadeUpBlob(9); }, "f0"},
      {"weight-above-limit", [](auto& c) { c.examples = 501; }, "f0"},
      {"determination-missing", [](auto& c) { c.determination += 1; }, "f0"},
      {"run-unknown", [](auto& c) { c.run = *RunId::Parse("other"); }, "f0"},
      {"clock-ahead", [](auto& c) { c.at += std::chrono::minutes(2); }, "f0"},
  };
  for (const auto& c : cases) {
    record::Contributed changed = good;
    c.change(changed);
    const Status status = scribe.Write(changed, c.signer);
    EXPECT_FALSE(status.ok()) << c.reason;
    EXPECT_THAT(Message(status), HasSubstr(c.reason));
  }
  // An old `at` does not revive an expired determination.
  scribe.now += std::chrono::days(31);
  EXPECT_THAT(scribe.Write(good, "f0"),
              StatusIs(Code::kPermissionDenied, HasSubstr("determination-missing")));
  scribe.now = Federation().now;
  EXPECT_THAT(scribe.Write(good, "f0"), IsOk());
  record::Contributed again = good;
  again.update = TestFederation::MadeUpBlob(6);
  EXPECT_THAT(scribe.Write(again, "f0"),
              StatusIs(Code::kAlreadyExists, HasSubstr("contributed-already")));
  record::Determined foreign = Federation().Determined("update", Federation().HolderOf(f0));
  foreign.charter_sha256 = Digest();
  EXPECT_THAT(scribe.Write(foreign, "f0"),
              StatusIs(Code::kPermissionDenied, HasSubstr("made under another charter")));
  const SiteId f1 = Federation().sites[1];
  ASSERT_THAT(scribe.Write(Federation().Contributed(scribe.run(), f1, again.update), "f1"), IsOk());
  const SiteId late = Federation().sites.back();
  const auto too_late = Federation().Contributed(scribe.run(), late, TestFederation::MadeUpBlob(7));
  for (const SiteId& site : {f0, f1}) scribe.Feed(UpdateStored{.round = 1, .site = site});
  scribe.now = scribe.run().current.deadline;
  scribe.Feed(Tick{scribe.now});
  ASSERT_EQ(scribe.run().phase, Phase::kReducing);
  EXPECT_THAT(scribe.Write(too_late, late.text()),
              StatusIs(Code::kFailedPrecondition, HasSubstr("not-now")));
}

TEST(Book, CatchesACoordinatorThatContradictsTheLedger) {
  const Scribe& scribe = WholeLife();
  const struct {
    const char* kind;
    std::function<void(record::Record&)> lie;
  } lies[] = {
      {"round.opened",
       [](auto& r) { std::get<record::RoundOpened>(r).base = TestFederation::MadeUpBlob(66); }},
      {"round.opened", [](auto& r) { std::get<record::RoundOpened>(r).round = 3; }},
      {"round.opened", [](auto& r) { std::get<record::RoundOpened>(r).recipients.pop_back(); }},
      {"round.opened", [](auto& r) { std::get<record::RoundOpened>(r).participants.resize(1); }},
      {"round.opened",
       [](auto& r) { std::get<record::RoundOpened>(r).deadline += std::chrono::seconds(1); }},
      {"round.closed", [](auto& r) { std::get<record::RoundClosed>(r).counted[0].weight = 1; }},
      {"round.closed", [](auto& r) { std::get<record::RoundClosed>(r).counted.pop_back(); }},
      {"round.closed", [](auto& r) { std::get<record::RoundClosed>(r).counted[0].entry += 1; }},
      {"round.reduced", [](auto& r) { std::get<record::RoundReduced>(r).inputs.pop_back(); }},
      {"round.reduced",
       [](auto& r) {
         std::get<record::RoundReduced>(r).inputs[0].update = TestFederation::MadeUpBlob(66);
       }},
      {"round.reduced", [](auto& r) { std::get<record::RoundReduced>(r).algorithm = "median"; }},
      {"run.finished",
       [](auto& r) { std::get<record::RunFinished>(r).model = TestFederation::MadeUpBlob(66); }},
      {"run.finished", [](auto& r) { std::get<record::RunFinished>(r).outcome = "stopped"; }},
      {"run.finished", [](auto& r) { std::get<record::RunFinished>(r).rounds = 1; }},
  };
  Book fold;
  size_t told = 0;
  for (size_t i = 0; i < scribe.entries.size(); ++i) {
    const record::Entry entry = *record::Open(scribe.entries[i]);
    for (const auto& lie : lies) {
      if (record::KindOf(entry.record) != lie.kind) continue;
      record::Record changed = entry.record;
      lie.lie(changed);
      const auto sealed = record::Seal(changed, Federation().key("coordinator"));
      ASSERT_THAT(sealed, IsOk());
      if (*sealed == scribe.entries[i]) continue;
      ++told;
      EXPECT_THAT(fold.Apply(i, *sealed), StatusIs(Code::kDataLoss)) << lie.kind << " at " << i;
    }
    ASSERT_THAT(fold.Apply(i, scribe.entries[i]), IsOk());
  }
  EXPECT_GE(told, 20u);
}

TEST(Book, AContributionCitesAGoForAsManyOperationsAsTheTrainingHasHad) {
  Scribe scribe(Federation());
  scribe.StartTraining(2);
  const auto& sites = Federation().sites;
  record::Contributed first =
      Federation().Contributed(scribe.run(), sites[0], TestFederation::MadeUpBlob(51));
  first.metrics["operations"] = 5e18;
  ASSERT_THAT(scribe.Write(first, sites[0].text()), IsOk());
  EXPECT_EQ(scribe.run().operations, 5e18);
  scribe.Feed(UpdateStored{.round = 1, .site = sites[0]});
  for (size_t i = 1; i < sites.size(); ++i) scribe.Contribute(sites[i]);
  scribe.Feed(Reduced{.round = 1, .output = TestFederation::MadeUpBlob(101)});
  for (const SiteId& site : sites) {
    ASSERT_THAT(scribe.Write(Federation().Evaluated(scribe.run(), site, 0.5), site.text()), IsOk());
    scribe.Feed(Recorded{});
  }
  ASSERT_EQ(scribe.run().current.round, 2u);
  const auto second = [&] {
    return Federation().Contributed(scribe.run(), sites[1], TestFederation::MadeUpBlob(52));
  };
  EXPECT_THAT(scribe.Write(second(), sites[1].text()),
              StatusIs(Code::kPermissionDenied, testing::HasSubstr("as many operations")));
  record::Determined again = Federation().Determined("update", Federation().HolderOf(sites[1]));
  again.facts = {{.id = std::string(charter::kRunOperations), .value = "1e19"}};
  ASSERT_THAT(scribe.Write(again, sites[1].text()), IsOk());
  EXPECT_THAT(scribe.Write(second(), sites[1].text()), IsOk());
}

TEST(Book, ReleasesNameAModelThatARoundMade) {
  Scribe scribe = WholeLife();
  record::Released release{.run = Federation().run,
                           .round = 2,
                           .party = TestFederation::Party("party-b"),
                           .model = TestFederation::MadeUpBlob(101),
                           .model_sha256 = {},
                           .at = Federation().now};
  EXPECT_THAT(scribe.Write(release, "party-b"), StatusIs(Code::kFailedPrecondition));
  release.model = TestFederation::MadeUpBlob(102);
  EXPECT_THAT(scribe.Write(release, "f1"), StatusIs(Code::kPermissionDenied));
  EXPECT_THAT(scribe.Write(release, "party-b"),
              StatusIs(Code::kPermissionDenied, testing::HasSubstr("determination-missing")));
  record::Determined go =
      Federation().Determined("model", {.party = release.party, .site = {}, .country = "JP"});
  go.blob = release.model;
  release.determination = scribe.book.size();
  EXPECT_THAT(scribe.Write(go, "party-b"), IsOk());
  EXPECT_THAT(scribe.Write(release, "party-b"), IsOk());
  EXPECT_THAT(scribe.Write(release, "party-b"), StatusIs(Code::kAlreadyExists));
}

TEST(Book, BeginsWithAValidCharterOrNotAtAll) {
  Book book;
  const auto enrolled =
      record::Seal(Federation().Enrolled(Federation().sites[0]), Federation().key("party-a"));
  EXPECT_EQ(book.Check(*enrolled, Federation().now).reason.code, "charter-missing");
  const auto forged = record::Seal(Federation().Adopted(), Federation().key("party-a"));
  EXPECT_EQ(book.Check(*forged, Federation().now).reason.code, "signature-false");
  const auto good = record::Seal(Federation().Adopted(), Federation().key("coordinator"));
  EXPECT_EQ(book.Check(*good, Federation().now + std::chrono::days(400)).reason.code,
            "charter-expired");
  EXPECT_TRUE(book.Check(*good, Federation().now).ok());
  ASSERT_THAT(book.Apply(0, *good), IsOk());
  EXPECT_EQ(book.Check(*good, Federation().now).code, Code::kAlreadyExists);
  EXPECT_EQ(book.Check(*enrolled, Federation().now + std::chrono::days(400)).reason.code,
            "charter-expired");
}

// The largest run that the rules admit has entries that fit the ledger.
TEST(Book, TheLargestRoundFitsAnEntry) {
  record::RoundReduced reduced{.run = *RunId::Parse(std::string(63, 'r')),
                               .round = 9999,
                               .inputs = {},
                               .algorithm = std::string(kWeightedMeanAlgorithm),
                               .output = TestFederation::MadeUpBlob(1),
                               .at = Federation().now};
  record::RoundOpened opened{.run = reduced.run,
                             .round = 9999,
                             .base = reduced.output,
                             .participants = {},
                             .recipients = {},
                             .deadline = Federation().now,
                             .owner_determination = 1,
                             .at = Federation().now};
  for (uint32_t i = 0; i < kRunSitesMax; ++i) {
    const SiteId site = *SiteId::Parse(fmt::format("{:0>63}", i));
    BlobId update = TestFederation::MadeUpBlob(i);
    update.size_bytes = uint64_t{1} << 40;
    reduced.inputs.push_back({.site = site, .update = update, .weight = 1 << 28});
    opened.participants.push_back(site);
    opened.recipients.push_back(
        {.party = *PartyId::Parse(std::string(63, 'p')), .site = site, .country = "US"});
  }
  EXPECT_THAT(record::Seal(reduced, Federation().key("coordinator")), IsOk());
  EXPECT_THAT(record::Seal(opened, Federation().key("coordinator")), IsOk());
}

}  // namespace
}  // namespace renkei::run
