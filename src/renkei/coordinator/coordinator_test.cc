// SPDX-License-Identifier: Apache-2.0
#include "renkei/coordinator/coordinator.h"

#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/base/steady_clock.h"
#include "renkei/coordinator/house_testing.h"
#include "renkei/crypto/hash.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/merkle_proof.h"
#include "renkei/ledger/mirror.h"
#include "renkei/record/receipt.h"
#include "renkei/seal/signed_note.h"
#include "renkei/syntax/json.h"

namespace renkei::coordinator {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// The weighted mean of every site's update, as design section 6 writes it, round after round.
Floats Expected(const House& house, uint32_t rounds, const std::vector<size_t>& sites) {
  Floats base = house.first;
  for (uint32_t round = 1; round <= rounds; ++round) {
    std::vector<double> sums(base.size(), 0.0);
    double total = 0;
    for (const size_t site : sites) {
      const Floats update = House::Trained(base, site, round);
      const auto weight = static_cast<double>(house.Examples(site));
      for (size_t i = 0; i < base.size(); ++i) sums[i] += weight * static_cast<double>(update[i]);
      total += weight;
    }
    for (size_t i = 0; i < base.size(); ++i) base[i] = static_cast<float>(sums[i] / total);
  }
  return base;
}

struct Ran {
  std::unique_ptr<House> house = std::make_unique<House>();
  std::string spec;

  void Begin(uint32_t rounds, uint32_t quorum) {
    spec = house->federation.Spec(house->model, rounds, quorum);
    ASSERT_THAT(house->Open(), IsOk());
  }
};

TEST(Coordinator, LeadsAFederationThroughItsRounds) {
  Ran ran;
  ran.Begin(3, 4);
  House& house = *ran.house;
  ASSERT_THAT(house.LiveToTheEnd(ran.spec), IsOk());
  const run::RunState run = house.Run();
  EXPECT_EQ(run.outcome, "completed") << run.code;
  ASSERT_TRUE(run.model);
  const auto file = house.hub->OpenDownload(house.Site(house.federation.sites[1]), *run.model);
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(*ReadModel(**file), Expected(house, 3, {0, 1, 2, 3}));
  // A reader that has nothing but the ledger comes to the same state.
  run::Book fold;
  uint64_t index = 0;
  for (;;) {
    const auto page = house.hub->Read(House::Person("party-b"), index, 10, Milliseconds(0));
    ASSERT_THAT(page, IsOk());
    if (page->entries.empty()) break;
    for (const Bytes& entry : page->entries) ASSERT_THAT(fold.Apply(index++, entry), IsOk());
  }
  EXPECT_EQ(fold.Snapshot(), house.hub->BookNow().Snapshot());
}

TEST(Coordinator, ProvesEachEntryAndPagesVerifyInAMirror) {
  Ran ran;
  ran.Begin(1, 4);
  House& house = *ran.house;
  ASSERT_THAT(house.People(ran.spec), IsOk());
  const SiteId site = house.federation.sites[0];
  const record::Determined determined =
      house.Determine("update", house.federation.HolderOf(site), house.federation.Everybody());
  const auto submitted = house.SubmitSite(site, determined);
  ASSERT_THAT(submitted, IsOk());
  const auto key = house.federation.charter.LedgerKey();
  const auto checkpoint = seal::OpenCheckpoint(submitted->checkpoint, key);
  ASSERT_THAT(checkpoint, IsOk());
  const Bytes envelope = *record::Seal(determined, house.federation.key(site.text()));
  EXPECT_THAT(ledger::VerifyInclusion(crypto::LeafHash(envelope), submitted->index,
                                      checkpoint->size, submitted->inclusion, checkpoint->root),
              IsOk());
  EXPECT_THAT(house.hub->Submit(house.Site(site), envelope)->index, submitted->index)
      << "the same bytes again";

  LyingDisk disk;
  auto mirror = ledger::Mirror::Open(disk, "mirror", key);
  ASSERT_THAT(mirror, IsOk());
  while ((*mirror)->size() < house.hub->BookNow().size()) {
    const auto page = house.hub->Read(house.Site(site), (*mirror)->size(), 3, Milliseconds(0));
    ASSERT_THAT(page, IsOk());
    ASSERT_THAT((*mirror)->Extend(page->entries, page->checkpoint), IsOk());
  }
  const auto consistency = house.hub->ProveConsistency(house.Site(site), 2, (*mirror)->size());
  ASSERT_THAT(consistency, IsOk());
  EXPECT_THAT(ledger::VerifyConsistency(2, (*mirror)->size(), *consistency, *(*mirror)->RootAt(2),
                                        *(*mirror)->RootAt((*mirror)->size())),
              IsOk());
}

TEST(Coordinator, AnswersNobodyWithoutAnIdentity) {
  Ran ran;
  ran.Begin(1, 4);
  Coordinator& hub = *ran.house->hub;
  const identity::PeerId nobody;
  EXPECT_THAT(hub.Hello(nobody)->checkpoint, IsEmpty());
  EXPECT_EQ(hub.Hello(nobody)->charter_envelope, ran.house->federation.charter_envelope);
  const auto denied = StatusIs(Code::kUnauthenticated);
  EXPECT_THAT(hub.Read(nobody, 0, 1, Milliseconds(0)), denied);
  EXPECT_THAT(hub.Submit(nobody, {}), denied);
  EXPECT_THAT(hub.ProveInclusion(nobody, 0, 1), denied);
  EXPECT_THAT(hub.ProveConsistency(nobody, 0, 1), denied);
  EXPECT_THAT(hub.BeginUpload(nobody, ran.house->model, {}), denied);
  EXPECT_THAT(hub.FinishUpload(nobody, ran.house->model), denied);
  EXPECT_THAT(hub.OpenDownload(nobody, ran.house->model), denied);
  EXPECT_THAT(hub.Leaves(nobody, ran.house->model), denied);
  EXPECT_THAT(hub.Receipt(nobody, 0), denied);
  EXPECT_THAT(hub.Report(nobody, {}), denied);
  EXPECT_THAT(hub.RunStatus(nobody, ran.house->federation.run), denied);
  EXPECT_THAT(hub.PendingJoins(nobody), denied);
  EXPECT_THAT(hub.GrantJoin(nobody, ""), denied);
}

TEST(Coordinator, RecordsARefusalButNotWithoutEnd) {
  Ran ran;
  ran.Begin(1, 4);
  House& house = *ran.house;
  // A crossing that the charter does not permit, called a go by its sender.
  record::Determined lie =
      house.Determine("model", house.federation.OwnerHolder(), house.federation.Everybody());
  lie.classification_us = "3E001";
  for (uint32_t i = 0; i < 2 * kRefusalsPerMinute; ++i) {
    lie.uses_max = 1 + i;
    EXPECT_THAT(house.SubmitPerson("party-a", lie),
                StatusIs(Code::kPermissionDenied, HasSubstr("gate-refuses")));
  }
  EXPECT_EQ(house.hub->BookNow().size(), 1 + kRefusalsPerMinute);
  const auto page = house.hub->Read(House::Person("party-a"), 1, 1, Milliseconds(0));
  const auto refused = std::get<record::Refused>(record::Open(page->entries[0])->record);
  EXPECT_EQ(refused.what, "crossing");
  EXPECT_EQ(refused.subject, "wafer-1");
  EXPECT_EQ(refused.reasons[0].code, "gate-refuses");
  house.clock.Advance(Milliseconds(60'000));
  EXPECT_FALSE(house.SubmitPerson("party-a", lie).ok());
  EXPECT_EQ(house.hub->BookNow().size(), 2 + kRefusalsPerMinute);
  // Noise is refused without an entry.
  EXPECT_THAT(house.hub->Submit(House::Person("party-a"), AsBytes("{}")),
              StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(house.hub->Submit(House::Person("party-a"), Bytes(70'000)),
              StatusIs(Code::kInvalidArgument));
  // Somebody else's entry is not carried.
  EXPECT_THAT(house.SubmitAs(House::Person("party-b"), "party-a", lie),
              StatusIs(Code::kPermissionDenied, HasSubstr("not-for-this-author")));
}

TEST(Coordinator, TakesAndGivesBytesOnlyUnderAnEntry) {
  Ran ran;
  ran.Begin(1, 4);
  House& house = *ran.house;
  const auto leaves = *house.at_home->Leaves(house.model);
  const auto owner = House::Person("party-a");
  EXPECT_THAT(house.hub->BeginUpload(owner, house.model, leaves),
              StatusIs(Code::kPermissionDenied, HasSubstr("submit the entry first")));
  ASSERT_THAT(house.People(ran.spec), IsOk());
  const SiteId site = house.federation.sites[0];
  EXPECT_THAT(house.hub->BeginUpload(House::Person("party-b"), house.model, leaves),
              StatusIs(Code::kPermissionDenied));
  EXPECT_THAT(house.hub->OpenDownload(house.Site(site), house.model),
              StatusIs(Code::kPermissionDenied))
      << "before the round opens";
  house.hub->Turn();
  for (int i = 0; i < 2; ++i) {
    for (const SiteId& one : house.federation.sites) ASSERT_THAT(house.Act(one), IsOk());
  }
  house.hub->Turn();
  ASSERT_EQ(house.Run().phase, run::Phase::kTraining);
  EXPECT_THAT(house.hub->OpenDownload(house.Site(site), house.model), IsOk());
  EXPECT_EQ(*house.hub->Leaves(house.Site(site), house.model), leaves);
  const BlobId other = run::TestFederation::MadeUpBlob(1);
  EXPECT_THAT(house.hub->OpenDownload(house.Site(site), other), StatusIs(Code::kPermissionDenied));
  identity::PeerId stranger = house.Site(site);
  stranger.name = "f9";
  EXPECT_THAT(house.hub->OpenDownload(stranger, house.model), StatusIs(Code::kPermissionDenied));
  // An update is its site's and the coordinator's alone.
  ASSERT_THAT(house.Act(site), IsOk());
  const BlobId update = house.Run().current.contributed.at(site).update;
  EXPECT_THAT(house.hub->OpenDownload(house.Site(house.federation.sites[1]), update),
              StatusIs(Code::kPermissionDenied));
}

TEST(Coordinator, SignsAReceiptForWhatHasArrivedWhole) {
  Ran ran;
  ran.Begin(1, 4);
  House& house = *ran.house;
  ASSERT_THAT(house.LiveToTheEnd(ran.spec), IsOk());
  const SiteId site = house.federation.sites[2];
  const run::Contribution contribution = house.Run().current.contributed.at(site);
  const auto bytes = house.hub->Receipt(house.Site(site), contribution.index);
  ASSERT_THAT(bytes, IsOk());
  const auto receipt =
      record::OpenReceipt(*bytes, house.federation.key("coordinator").public_key());
  ASSERT_THAT(receipt, IsOk());
  EXPECT_EQ(receipt->entry, contribution.index);
  EXPECT_EQ(receipt->manifest_sha256, contribution.manifest_sha256);
  EXPECT_EQ(receipt->site, site);
  EXPECT_THAT(house.hub->Receipt(house.Site(house.federation.sites[0]), contribution.index),
              StatusIs(Code::kNotFound));
  EXPECT_THAT(house.hub->Receipt(house.Site(site), 0), StatusIs(Code::kNotFound));
  EXPECT_THAT(house.hub->Receipt(house.Site(site), 99'999), StatusIs(Code::kNotFound));
}

TEST(Coordinator, SignsNoReceiptOnceTheRoundClosedWithoutTheBytes) {
  Ran ran;
  ran.Begin(2, 2);
  House& house = *ran.house;
  ASSERT_THAT(house.People(ran.spec), IsOk());
  house.hub->Turn();
  for (int i = 0; i < 2; ++i) {
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
  }
  house.hub->Turn();
  const SiteId late = house.federation.sites[3];
  const BlobId update = *WriteModel(*house.at_home, House::Trained(house.first, 3, 1));
  const auto submitted =
      house.SubmitSite(late, house.federation.Contributed(house.Run(), late, update));
  ASSERT_THAT(submitted, IsOk());
  for (size_t i = 0; i < 3; ++i) ASSERT_THAT(house.Act(house.federation.sites[i]), IsOk());
  // All the bytes are there, but the round closes before anybody says so.
  const auto leaves = *house.at_home->Leaves(update);
  const auto sink = house.hub->BeginUpload(house.Site(late), update, leaves);
  ASSERT_THAT(sink, IsOk());
  Bytes window;
  for (uint64_t chunk = 0; chunk < update.chunks(); ++chunk) {
    window.resize(update.ChunkSize(chunk));
    ASSERT_THAT(ReadExactly(**house.at_home->Open(update), chunk * kChunkBytes, window), IsOk());
    ASSERT_THAT((*sink)->Write(chunk, window), IsOk());
  }
  ASSERT_THAT((*sink)->Commit(), IsOk());
  house.clock.Advance(std::chrono::seconds(101));
  house.hub->Turn();
  ASSERT_EQ(house.Run().phase, run::Phase::kEvaluating);
  ASSERT_THAT(house.Run().current.counted, SizeIs(3));
  EXPECT_THAT(house.hub->Receipt(house.Site(late), submitted->index),
              StatusIs(Code::kFailedPrecondition, HasSubstr("closed without")));
}

TEST(Coordinator, TellsWhatARunWaitsFor) {
  Ran ran;
  ran.Begin(2, 4);
  House& house = *ran.house;
  ASSERT_THAT(house.People(ran.spec), IsOk());
  house.hub->Turn();
  const auto status = [&] {
    auto text = house.hub->RunStatus(House::Person("party-b"), house.federation.run);
    EXPECT_THAT(text, IsOk());
    return syntax::ParseJson(*text).value();
  };
  EXPECT_EQ(status().Find("phase")->text(), "starting");
  EXPECT_THAT(status().Find("waiting_for")->items(), SizeIs(4));
  ASSERT_THAT(house.LiveToTheEnd(ran.spec), IsOk());
  const syntax::Value end = status();
  EXPECT_EQ(end.Find("outcome")->text(), "completed");
  EXPECT_EQ(end.Find("audit")->text(), "sum not checked");
  ASSERT_THAT(end.Find("curve")->items(), SizeIs(2));
  const syntax::Value& row = end.Find("curve")->items()[1];
  EXPECT_EQ(row.Find("metrics")->Find("loss")->number(), 0.5);
  EXPECT_THAT(row.Find("sites")->members(), SizeIs(4));
  EXPECT_THAT(house.hub->RunStatus(House::Person("party-b"), *RunId::Parse("none")),
              StatusIs(Code::kNotFound));
}

TEST(Coordinator, ShowsTheProgressThatSitesReport) {
  Ran ran;
  ran.Begin(1, 4);
  House& house = *ran.house;
  ASSERT_THAT(house.People(ran.spec), IsOk());
  const auto site = house.Site(house.federation.sites[1]);
  run::SiteProgress progress{
      .run = house.federation.run, .round = 0, .phase = "training", .fraction = 0.25};
  EXPECT_THAT(house.hub->Report(site, progress), IsOk());
  EXPECT_THAT(*house.hub->RunStatus(site, house.federation.run),
              HasSubstr(R"("phase":"training","fraction":0.25)"));
  progress.phase = "<script>";
  EXPECT_THAT(house.hub->Report(site, progress), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT(house.hub->Report(House::Person("party-a"), progress),
              StatusIs(Code::kPermissionDenied));
}

TEST(Coordinator, DoesNotShowAPhaseThatIsOver) {
  Ran ran;
  ran.Begin(1, 4);
  House& house = *ran.house;
  ASSERT_THAT(house.People(ran.spec), IsOk());
  house.hub->Turn();
  for (int i = 0; i < 2; ++i) {
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
  }
  const auto shown = [&] {
    return *house.hub->RunStatus(House::Person("party-a"), house.Run().run);
  };
  const SiteId site = house.federation.sites[1];
  const run::SiteProgress progress{
      .run = house.Run().run, .round = 1, .phase = "fetching", .fraction = 0.25};
  house.clock.Advance(Milliseconds(10));
  house.hub->Turn();
  ASSERT_EQ(house.Run().phase, run::Phase::kTraining);
  EXPECT_THAT(shown(), Not(HasSubstr("fetching")));
  EXPECT_THAT(shown(), HasSubstr(R"("phase":"no word yet")"));
  EXPECT_THAT(house.hub->Report(house.Site(site), progress), IsOk());
  EXPECT_THAT(shown(), HasSubstr("fetching"));
  house.clock.Advance(Milliseconds(10));
  for (const SiteId& one : house.federation.sites) ASSERT_THAT(house.Act(one), IsOk());
  house.hub->Turn();
  ASSERT_EQ(house.Run().phase, run::Phase::kEvaluating);
  EXPECT_THAT(shown(), Not(HasSubstr("fetching")));
}

TEST(Coordinator, ShowsWhyASiteStaysAwayWhateverItReportedBefore) {
  Ran ran;
  ran.Begin(1, 3);
  House& house = *ran.house;
  ASSERT_THAT(house.People(ran.spec), IsOk());
  house.hub->Turn();
  for (int i = 0; i < 2; ++i) {
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
  }
  house.hub->Turn();
  ASSERT_EQ(house.Run().phase, run::Phase::kTraining);
  const SiteId site = house.federation.sites[1];
  EXPECT_THAT(house.hub->Report(
                  house.Site(site),
                  {.run = house.Run().run, .round = 1, .phase = "fetching", .fraction = 0.25}),
              IsOk());
  EXPECT_THAT(house.SubmitSite(site, record::Declined{.run = house.Run().run,
                                                      .round = 1,
                                                      .site = site,
                                                      .code = "draining",
                                                      .at = house.clock.Now()}),
              IsOk());
  EXPECT_THAT(*house.hub->RunStatus(House::Person("party-a"), house.Run().run),
              HasSubstr(R"("phase":"declined: draining","fraction":0.0)"));
}

TEST(Coordinator, ALongPollEndsWithTheNextEntryOrTheWait) {
  Ran ran;
  ran.Begin(1, 4);
  House& house = *ran.house;
  const auto person = House::Person("party-a");
  EXPECT_THAT(house.hub->Read(person, 1, 10, Milliseconds(1))->entries, IsEmpty());
  EXPECT_THAT(house.hub->Read(person, 2, 10, Milliseconds(1)), StatusIs(Code::kOutOfRange));
  size_t got = 0;
  {
    const std::jthread reader(
        [&] { got = house.hub->Read(person, 1, 10, Milliseconds(30'000))->entries.size(); });
    const SiteId site = house.federation.sites[0];
    ASSERT_THAT(house.SubmitPerson("party-a", house.federation.Enrolled(site)), IsOk());
  }
  EXPECT_EQ(got, 1u);
}

TEST(Coordinator, ServesInThreads) {
  Ran ran;
  ran.Begin(2, 4);
  House& house = *ran.house;
  std::jthread server([&](std::stop_token stop) { house.hub->Serve(stop); });
  ASSERT_THAT(house.People(ran.spec), IsOk());
  uint64_t seen = 0;
  while (!house.Finished()) {
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
    const auto page = house.hub->Read(House::Person("party-a"), seen, 256, Milliseconds(20));
    ASSERT_THAT(page, IsOk());
    seen += page->entries.size();
  }
  server.request_stop();
  server.join();
  EXPECT_EQ(house.Run().outcome, "completed");
}

TEST(Coordinator, DrivesNoRunWhileItsClockIsBehindTheLedger) {
  Ran ran;
  ran.Begin(1, 4);
  House& house = *ran.house;
  ASSERT_THAT(house.People(ran.spec), IsOk());
  EXPECT_THAT(house.hub->Health(), IsOk());
  house.clock.Jump(-std::chrono::hours(24));
  EXPECT_THAT(house.hub->Health(),
              StatusIs(Code::kFailedPrecondition, HasSubstr("86400 s behind the ledger's time")));
  const uint64_t size = house.hub->BookNow().size();
  house.hub->Turn();
  EXPECT_EQ(house.hub->BookNow().size(), size) << "nothing was signed";
  house.clock.Jump(std::chrono::hours(24));
  ASSERT_THAT(house.LiveToTheEnd(ran.spec), IsOk());
  EXPECT_EQ(house.Run().outcome, "completed");
}

TEST(Coordinator, ClosesNoRoundBecauseItsClockJumpsToAndFro) {
  Ran ran;
  ran.Begin(1, 4);
  House& house = *ran.house;
  SteadyClock steady(house.clock);
  house.hub.reset();
  house.hub = Coordinator::Open({.dir = "hub",
                                 .key = &house.federation.key("coordinator"),
                                 .charter_envelope = house.federation.charter_envelope},
                                house.disk, steady)
                  .value();
  ASSERT_THAT(house.People(ran.spec), IsOk());
  for (int i = 0; i < 40; ++i) {
    house.clock.Jump(std::chrono::hours(24));
    house.hub->Turn();
    house.clock.Jump(-std::chrono::hours(24));
    if (i % 2 == 1) continue;  // The sites speak between two jumps.
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
  }
  EXPECT_EQ(house.Run().outcome, "completed") << "and not failed at a deadline of 100 s";
  EXPECT_THAT(house.Run().current.counted, SizeIs(4));
  EXPECT_EQ(house.hub->BookNow().last(), house.federation.now) << "no entry of another day";
}

TEST(Quota, GivesEachKeyItsShareOfAMinute) {
  Quota quota(2);
  EXPECT_TRUE(quota.Take("a", Milliseconds(0)));
  EXPECT_TRUE(quota.Take("a", Milliseconds(59'999)));
  EXPECT_FALSE(quota.Take("a", Milliseconds(59'999)));
  EXPECT_TRUE(quota.Take("b", Milliseconds(59'999)));
  EXPECT_TRUE(quota.Take("a", Milliseconds(60'000)));
}

}  // namespace
}  // namespace renkei::coordinator
