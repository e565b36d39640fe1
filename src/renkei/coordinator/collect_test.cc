// SPDX-License-Identifier: Apache-2.0
// What is deleted and when, and that nothing else ever is.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/coordinator/house_testing.h"
#include "renkei/ledger/verify_directory.h"

namespace renkei::coordinator {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr uint32_t kRounds = 2;

std::string SpecOf(const House& house) {
  return house.federation.Spec(house.model, kRounds, 2, "");
}

std::vector<BlobId> Held(House& house) {
  return *(*store::MakeDirectoryBlobs(house.disk, "hub/blobs"))->List();
}
std::vector<BlobId> Sorted(std::vector<BlobId> blobs) {
  std::ranges::sort(blobs);
  return blobs;
}

// Every blobs.deleted in the ledger.
std::vector<record::BlobsDeleted> Deletions(House& house) {
  std::vector<record::BlobsDeleted> deletions;
  for (uint64_t from = 0;;) {
    const auto page = house.hub->Read(House::Person("party-a"), from, 256, Milliseconds(0));
    EXPECT_THAT(page, IsOk());
    if (!page.ok() || page->entries.empty()) return deletions;
    for (const Bytes& envelope : page->entries) {
      const record::Entry entry = *record::Open(envelope);
      if (const auto* one = std::get_if<record::BlobsDeleted>(&entry.record)) {
        deletions.push_back(*one);
      }
    }
    from += page->entries.size();
  }
}

// All blobs that the ledger has said to be deleted.
std::vector<BlobId> Deleted(House& house) {
  std::vector<BlobId> blobs;
  for (const record::BlobsDeleted& one : Deletions(house)) {
    blobs.insert(blobs.end(), one.blobs.begin(), one.blobs.end());
  }
  return Sorted(blobs);
}

void Live(House& house) {
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.LiveToTheEnd(SpecOf(house)), IsOk());
}

void Pass(House& house, Milliseconds time) {
  house.clock.Advance(time);
  house.hub->Turn();
}

TEST(Collection, KeepsAllUntilARunWasOverLongEnoughAndThenItsModelAlone) {
  House house;
  ASSERT_NO_FATAL_FAILURE(Live(house));
  const std::vector<BlobId> before = Held(house);
  EXPECT_THAT(before, SizeIs(1 + kRounds * 5)) << "the first model, and of each round its mean";
  Pass(house, days(29));
  EXPECT_EQ(Held(house), before);
  Pass(house, days(1));
  const BlobId model = *house.Run().model;
  EXPECT_THAT(Held(house), ElementsAre(model));
  const std::vector<record::BlobsDeleted> deletions = Deletions(house);
  ASSERT_THAT(deletions, SizeIs(1));
  EXPECT_EQ(deletions[0].reason, "retention");
  EXPECT_EQ(deletions[0].remaining, 0u);
  std::vector<BlobId> all = deletions[0].blobs;
  all.push_back(model);
  EXPECT_EQ(Sorted(all), before);

  const uint64_t size = house.hub->BookNow().size();
  Pass(house, days(5));
  ASSERT_THAT(house.Open(), IsOk());
  Pass(house, days(5));
  EXPECT_EQ(house.hub->BookNow().size(), size) << "once and for all";
  EXPECT_THAT(house.hub->OpenDownload(House::Person("party-a"), house.model).status(),
              StatusIs(Code::kNotFound, HasSubstr(fmt::format("entry {}", size - 1))));
  EXPECT_THAT(house.hub->OpenDownload(House::Person("party-a"), model), IsOk());
  house.hub.reset();
  const auto verified =
      ledger::VerifyDirectory(house.disk, "hub/ledger", house.federation.charter.LedgerKey());
  EXPECT_THAT(verified, IsOk()) << "proofs need no blobs";
}

TEST(Collection, KeepsWhatWasReleased) {
  House house;
  ASSERT_NO_FATAL_FAILURE(Live(house));
  const BlobId first = house.Run().Round(1)->output;
  record::Determined go = house.Determine(
      "model", {.party = run::TestFederation::Party("party-b"), .site = {}, .country = "JP"},
      house.federation.Everybody());
  go.blob = first;
  const auto entry = house.SubmitPerson("party-b", go);
  ASSERT_THAT(entry, IsOk());
  ASSERT_THAT(
      house.SubmitPerson("party-b", record::Released{.run = house.federation.run,
                                                     .round = 1,
                                                     .party = run::TestFederation::Party("party-b"),
                                                     .model = first,
                                                     .model_sha256 = {},
                                                     .determination = entry->index,
                                                     .at = house.clock.Now()}),
      IsOk());
  Pass(house, days(30));
  EXPECT_EQ(Held(house), Sorted({first, *house.Run().model}));
}

TEST(Collection, KeepsForOneRunWhatAnotherIsDoneWith) {
  House house;
  ASSERT_NO_FATAL_FAILURE(Live(house));
  const run::RunState first = house.Run();
  Pass(house, days(20));
  // The same spec, model and trainers: the very same bytes under another name.
  house.federation.run = *RunId::Parse("wafer-2");
  house.federation.now = house.clock.Now();
  ASSERT_THAT(house.LiveToTheEnd(SpecOf(house)), IsOk());
  ASSERT_EQ(house.Run().model, first.model);
  const std::vector<BlobId> before = Held(house);
  Pass(house, days(11));
  EXPECT_TRUE(house.hub->BookNow().FindRun(first.run)->collected);
  EXPECT_EQ(Held(house), before) << "the second run keeps them for itself";
  EXPECT_THAT(Deleted(house), IsEmpty());
  Pass(house, days(20));
  EXPECT_THAT(Held(house), ElementsAre(*first.model));
}

TEST(Collection, OfAModelThatANewRunBringsAgainLetsItComeAgain) {
  House house;
  ASSERT_NO_FATAL_FAILURE(Live(house));
  Pass(house, days(31));
  ASSERT_THAT(Held(house), Not(Contains(house.model)));
  house.federation.run = *RunId::Parse("wafer-2");
  house.federation.now = house.clock.Now();
  ASSERT_THAT(house.LiveToTheEnd(SpecOf(house)), IsOk());
  EXPECT_THAT(Held(house), Contains(house.model));
  EXPECT_THAT(house.hub->OpenDownload(House::Person("party-a"), house.model), IsOk());
}

TEST(Collection, ACrashAnywhereLosesNothingThatNoEntryGaveUpAndIsMadeGood) {
  uint64_t steps = 0;
  {
    House house;
    ASSERT_NO_FATAL_FAILURE(Live(house));
    const uint64_t before = house.disk.steps();
    Pass(house, days(30));
    steps = house.disk.steps() - before;
  }
  ASSERT_GT(steps, 20u);
  const auto random = MakeSeededRandom(11);
  House house;
  ASSERT_NO_FATAL_FAILURE(Live(house));
  const std::vector<BlobId> all = Held(house);
  house.clock.Advance(days(30));
  for (uint64_t fault = 1; fault < 9 && Held(house).size() > 1; ++fault) {
    house.disk.FailAfter(fault);
    house.hub->Turn();
    house.hub.reset();
    house.disk.ClearFaults();
    house.disk.Crash(fault % 2 == 0 ? random.get() : nullptr);
    ASSERT_THAT(house.Open(), IsOk()) << fault;
    const std::vector<BlobId> given_up = Deleted(house);
    for (const BlobId& blob : all) {
      if (std::ranges::binary_search(Held(house), blob)) continue;
      EXPECT_THAT(given_up, Contains(blob)) << "gone without a word after step " << fault;
    }
  }
  house.hub->Turn();
  EXPECT_THAT(Held(house), ElementsAre(*house.Run().model));
  EXPECT_TRUE(house.Run().collected);
}

TEST(Collection, OfAPartyThatLeftTakesItsUpdatesAtOnceButThoseOfTheOpenRound) {
  House house;
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.People(SpecOf(house)), IsOk());
  const auto& sites = house.federation.sites;  // f1 and f3 are of party-b
  std::vector<BlobId> old;
  for (int turn = 0; turn < 40; ++turn) {
    house.hub->Turn();
    if (house.Run().current.round == 2) break;
    for (const SiteId& site : sites) ASSERT_THAT(house.Act(site), IsOk());
    const run::RoundState& round = house.Run().current;
    if (round.contributed.size() < 4) continue;
    old = {round.contributed.at(sites[1]).update, round.contributed.at(sites[3]).update};
  }
  ASSERT_EQ(house.Run().phase, run::Phase::kTraining);
  ASSERT_THAT(house.Act(sites[1]), IsOk());
  const BlobId open = house.Run().current.contributed.at(sites[1]).update;
  ASSERT_THAT(house.SubmitPerson("party-b",
                                 record::PartyLeft{.party = run::TestFederation::Party("party-b"),
                                                   .at = house.clock.Now()}),
              IsOk());
  house.hub->Turn();
  EXPECT_EQ(Deleted(house), Sorted(old));
  EXPECT_THAT(Held(house), Contains(open)) << "its receipt stands";
  ASSERT_THAT(house.Open(), IsOk());
  house.hub->Turn();
  EXPECT_THAT(Deletions(house), SizeIs(1)) << "nothing new to say";
  for (int turn = 0; turn < 40 && !house.Finished(); ++turn) {
    for (const size_t one : {0, 2}) ASSERT_THAT(house.Act(sites[one]), IsOk());
    house.hub->Turn();
    house.clock.Advance(Milliseconds(10));
  }
  ASSERT_TRUE(house.Finished());
  EXPECT_THAT(Deleted(house), Contains(open));
  EXPECT_THAT(Held(house), Not(Contains(open)));
  EXPECT_EQ(Deletions(house).back().remaining, 0u);
  EXPECT_EQ(Deletions(house).back().party, run::TestFederation::Party("party-b"));
  for (const size_t one : {0, 2}) {
    EXPECT_THAT(Held(house), Contains(house.Run().current.contributed.at(sites[one]).update));
  }
}

TEST(Collection, TidiesPartsOfUploadsThatNobodyMayFinish) {
  House house;
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.People(SpecOf(house)), IsOk());
  const auto& sites = house.federation.sites;
  house.hub->Turn();
  for (int i = 0; i < 2; ++i) {
    for (const SiteId& site : sites) ASSERT_THAT(house.Act(site), IsOk());
  }
  house.hub->Turn();
  ASSERT_EQ(house.Run().phase, run::Phase::kTraining);
  const BlobId update = *WriteModel(*house.at_home, House::Trained(house.first, 0, 1));
  ASSERT_THAT(
      house.SubmitSite(sites[0], house.federation.Contributed(house.Run(), sites[0], update)),
      IsOk());
  {
    const auto sink =
        house.hub->BeginUpload(house.Site(sites[0]), update, *house.at_home->Leaves(update));
    ASSERT_THAT(sink, IsOk());
    Bytes bytes(kChunkBytes);
    ASSERT_THAT(ReadExactly(**house.at_home->Open(update), 0, bytes), IsOk());
    ASSERT_THAT((*sink)->Write(0, bytes), IsOk());
  }
  const std::string part = "hub/blobs/partial/" + update.Text();
  ASSERT_THAT(house.Open(), IsOk());
  house.hub->Turn();
  EXPECT_THAT(house.disk.Exists(part), IsOkAndHolds(true)) << "the round is open";
  for (const size_t one : {1, 2, 3}) ASSERT_THAT(house.Act(sites[one]), IsOk());
  Pass(house, std::chrono::seconds(100));
  ASSERT_NE(house.Run().phase, run::Phase::kTraining);
  Pass(house, hours(1));
  EXPECT_THAT(house.disk.Exists(part), IsOkAndHolds(false));
  EXPECT_THAT(Deletions(house), IsEmpty()) << "it never was a blob";
}

}  // namespace
}  // namespace renkei::coordinator
