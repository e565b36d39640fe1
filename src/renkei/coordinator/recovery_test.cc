// SPDX-License-Identifier: Apache-2.0
// A crash at any point loses nothing that was acknowledged, counts nothing twice, and the model
// at the end has the same bytes.
#include <cstdint>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "renkei/base/random.h"
#include "renkei/coordinator/house_testing.h"
#include "renkei/run/disk_need.h"

namespace renkei::coordinator {
namespace {

using testing::HasSubstr;

constexpr uint32_t kRounds = 2;

std::string SpecOf(const House& house) {
  return house.federation.Spec(house.model, kRounds, 4, "");
}

// The name of the last model, and how many durable steps it took to get there.
struct Undisturbed {
  BlobId model;
  uint64_t steps = 0;
};
const Undisturbed& WithoutACrash() {
  static const Undisturbed& result = *[] {
    House house;
    EXPECT_THAT(house.Open(), IsOk());
    EXPECT_THAT(house.LiveToTheEnd(SpecOf(house)), IsOk());
    return new Undisturbed{.model = house.Run().model.value(), .steps = house.disk.steps()};
  }();
  return result;
}

// Everybody goes on after each failure, as operators and clients do: power comes back, the
// coordinator is opened again, calls are made again.
void LiveThroughFaults(House& house, Random& random, uint64_t first_fault) {
  const std::string spec = SpecOf(house);
  house.disk.FailAfter(first_fault);
  for (int lives = 0; lives < 60; ++lives) {
    Status status = house.Open();
    if (status.ok()) status = house.LiveToTheEnd(spec);
    if (status.ok()) return;
    const bool of_the_disk = status.code() != Code::kPermissionDenied &&
                             status.code() != Code::kInvalidArgument &&
                             status.code() != Code::kAlreadyExists;
    ASSERT_TRUE(of_the_disk) << Text(status);
    house.hub.reset();
    house.disk.ClearFaults();
    house.disk.Crash(lives % 2 == 0 ? &random : nullptr);
    if (lives < 4) house.disk.FailAfter(1 + random.Below(WithoutACrash().steps));
  }
  FAIL() << "never finished";
}

// Asks for a stop once a new blob is begun.
class StoppingDisk final : public Disk {
 public:
  explicit StoppingDisk(Disk& disk) : disk_(disk) {}
  StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    return disk_.Open(path, mode);
  }
  StatusOr<bool> Exists(const std::string& path) override { return disk_.Exists(path); }
  StatusOr<std::vector<std::string>> List(const std::string& path) override {
    return disk_.List(path);
  }
  Status MakeDirs(const std::string& path) override { return disk_.MakeDirs(path); }
  Status Rename(const std::string& from, const std::string& to) override {
    return disk_.Rename(from, to);
  }
  Status Remove(const std::string& path) override { return disk_.Remove(path); }
  Status SyncDir(const std::string& path) override { return disk_.SyncDir(path); }
  StatusOr<uint64_t> FreeBytes(const std::string& path) override { return disk_.FreeBytes(path); }
  StatusOr<std::unique_ptr<File>> Lock(const std::string& path) override {
    if (armed && path.find("/draft/") != std::string::npos) stop.request_stop();
    return disk_.Lock(path);
  }

  std::stop_source stop;
  bool armed = false;

 private:
  Disk& disk_;
};

// All determinations stand and the first round is open.
void OpenFirstRound(House& house, const std::string& spec) {
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.People(spec), IsOk());
  house.hub->Turn();
  for (int i = 0; i < 2; ++i) {
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
  }
  house.hub->Turn();
}

TEST(Recovery, ACrashAnywhereEndsWithTheSameModel) {
  const uint64_t steps = WithoutACrash().steps;
  ASSERT_GT(steps, 100u);
  for (uint64_t seed = 0; seed < 30; ++seed) {
    auto random = MakeSeededRandom(seed);
    House house;
    // Spread over the whole life, one place for each seed, then at random.
    LiveThroughFaults(house, *random, 1 + seed * steps / 30);
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
    const run::RunState run = house.Run();
    EXPECT_EQ(run.outcome, "completed") << "seed " << seed << " " << run.code;
    EXPECT_EQ(run.model, WithoutACrash().model) << "seed " << seed;
  }
}

TEST(Recovery, AStopEndsAReductionAndTheNextStartDoesItAgain) {
  House house;
  const std::string spec = SpecOf(house);
  OpenFirstRound(house, spec);
  StoppingDisk disk(house.disk);
  Options options;
  options.dir = "hub";
  options.key = &house.federation.key("coordinator");
  options.charter_envelope = house.federation.charter_envelope;
  house.hub.reset();
  house.hub = Coordinator::Open(options, disk, house.clock).value();
  for (int i = 0; i < 2; ++i) {
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
  }
  disk.armed = true;
  house.hub->Serve(disk.stop.get_token());
  EXPECT_EQ(house.Run().phase, run::Phase::kReducing);
  house.hub.reset();
  const auto blobs = store::MakeDirectoryBlobs(house.disk, "hub/blobs");
  ASSERT_THAT(blobs, IsOk());
  EXPECT_THAT((*blobs)->List(), IsOkAndHolds(testing::SizeIs(1 + 4))) << "no mean was made";
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.LiveToTheEnd(spec), IsOk());
  EXPECT_EQ(house.Run().model, WithoutACrash().model);
}

TEST(Recovery, GoesOnFromTheSnapshotAndFromZeroAlike) {
  House house;
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.LiveToTheEnd(SpecOf(house)), IsOk());
  const Bytes before = house.hub->BookNow().Snapshot();
  house.hub.reset();
  ASSERT_TRUE(*house.disk.Exists("hub/snapshot"));
  ASSERT_THAT(house.Open(), IsOk());
  EXPECT_EQ(house.hub->BookNow().Snapshot(), before);
  house.hub.reset();
  house.disk.FlipBit("hub/snapshot", 4000);
  ASSERT_THAT(house.Open(), IsOk());
  EXPECT_EQ(house.hub->BookNow().Snapshot(), before);
  house.hub.reset();
  ASSERT_THAT(house.disk.Remove("hub/snapshot"), IsOk());
  ASSERT_THAT(house.Open(), IsOk());
  EXPECT_EQ(house.hub->BookNow().Snapshot(), before);
}

TEST(Recovery, AnUploadGoesOnAtItsLastVerifiedChunk) {
  House house;
  const std::string spec = SpecOf(house);
  ASSERT_NO_FATAL_FAILURE(OpenFirstRound(house, spec));
  const SiteId site = house.federation.sites[0];
  const BlobId update = *WriteModel(*house.at_home, House::Trained(house.first, 0, 1));
  ASSERT_EQ(update.chunks(), 2u);
  ASSERT_THAT(house.SubmitSite(site, house.federation.Contributed(house.Run(), site, update)),
              IsOk());
  {
    const auto sink =
        house.hub->BeginUpload(house.Site(site), update, *house.at_home->Leaves(update));
    ASSERT_THAT(sink, IsOk());
    Bytes bytes(kChunkBytes);
    ASSERT_THAT(ReadExactly(**house.at_home->Open(update), 0, bytes), IsOk());
    ASSERT_THAT((*sink)->Write(0, bytes), IsOk());
  }
  ASSERT_THAT(house.Open(), IsOk());
  const uint64_t before = house.chunks_sent;
  ASSERT_THAT(house.Upload(house.Site(site), *house.at_home, update), IsOk());
  EXPECT_EQ(house.chunks_sent, before + 1);
}

TEST(Recovery, ADamagedUpdateIsNeverPartOfAPublishedMean) {
  House house;
  const std::string spec = SpecOf(house);
  ASSERT_NO_FATAL_FAILURE(OpenFirstRound(house, spec));
  for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
  const BlobId update = house.Run().current.contributed.begin()->second.update;
  house.disk.FlipBit(fmt::format("hub/blobs/{}/{}", update.root.hex().substr(0, 2), update.Text()),
                     8'000'000);
  house.hub->Turn();
  EXPECT_EQ(house.Run().phase, run::Phase::kReducing);
  house.disk.MendBits();
  house.clock.Advance(run::kReduceRetry);
  EXPECT_THAT(house.LiveToTheEnd(spec), IsOk());
  EXPECT_EQ(house.Run().model, WithoutACrash().model);
}

TEST(Recovery, RefusesAnotherCharterAndAnotherKey) {
  House house;
  ASSERT_THAT(house.Open(), IsOk());
  house.hub.reset();
  run::TestFederation other({.sites = 4, .approvals = 1});
  Options options;
  options.dir = "hub";
  options.key = &other.key("coordinator");
  options.charter_envelope = other.charter_envelope;
  EXPECT_FALSE(Coordinator::Open(options, house.disk, house.clock).ok());
  options.charter_envelope = house.federation.charter_envelope;
  options.key = &house.federation.key("f0");
  EXPECT_THAT(Coordinator::Open(options, house.disk, house.clock),
              StatusIs(Code::kFailedPrecondition, HasSubstr("another coordinator key")));
}

TEST(Recovery, AFullDiskAcknowledgesNothingAndHealsAfterwards) {
  House house;
  const std::string spec = SpecOf(house);
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.People(spec), IsOk());
  house.disk.SetCapacity(1);
  const SiteId site = house.federation.sites[0];
  EXPECT_FALSE(house.Act(site).ok());
  EXPECT_FALSE(house.hub->Health().ok());
  house.disk.ClearFaults();
  house.hub.reset();
  ASSERT_THAT(house.Open(), IsOk());
  EXPECT_THAT(house.LiveToTheEnd(spec), IsOk());
  EXPECT_EQ(house.Run().model, WithoutACrash().model);
}

TEST(Recovery, AFullDiskThatHasRoomAgainIsNoticedWithoutARestart) {
  House house;
  const std::string spec = SpecOf(house);
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.People(spec), IsOk());
  house.disk.SetCapacity(1);
  EXPECT_FALSE(house.Act(house.federation.sites[0]).ok());
  house.hub->LookAtDisk();
  EXPECT_FALSE(house.hub->Health().ok());
  EXPECT_FALSE(house.hub->broken());
  house.disk.ClearFaults();
  house.hub->LookAtDisk();
  EXPECT_THAT(house.hub->Health(), IsOk());
  EXPECT_THAT(house.LiveToTheEnd(spec), IsOk());
  EXPECT_EQ(house.Run().model, WithoutACrash().model);
}

TEST(Recovery, ARunThatDoesNotFitTheDiskIsHeldUntilItDoes) {
  House house;
  const std::string spec = SpecOf(house);
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.People(spec), IsOk());
  const uint64_t need =
      house.model.size_bytes * (1 + kRounds * (house.federation.sites.size() + 1));
  house.disk.SetCapacity(need + run::kDiskReserveBytes);  // What is there already is too much.
  for (int i = 0; i < 3; ++i) {
    house.hub->Turn();
    for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
  }
  house.clock.Advance(std::chrono::hours(1));  // Far beyond the start deadline.
  house.hub->Turn();
  EXPECT_EQ(house.Run().phase, run::Phase::kStarting);
  const auto shown = house.hub->RunStatus(House::Person("party-a"), house.federation.run);
  ASSERT_THAT(shown, IsOk());
  EXPECT_THAT(*shown,
              HasSubstr("hub/blobs: the run needs 12.6 MiB there (4 sites, 2 rounds of 5.7"));
  EXPECT_THAT(*shown, HasSubstr(fmt::format("\"needed_bytes\":{}", need)));
  house.disk.ClearFaults();
  EXPECT_THAT(house.LiveToTheEnd(spec), IsOk());
  EXPECT_EQ(house.Run().model, WithoutACrash().model);
}

TEST(Recovery, AReductionGoesOnWhenItsInputsCanBeReadAgain) {
  House house;
  const std::string spec = SpecOf(house);
  ASSERT_NO_FATAL_FAILURE(OpenFirstRound(house, spec));
  for (const SiteId& site : house.federation.sites) ASSERT_THAT(house.Act(site), IsOk());
  house.disk.FailReads("hub/blobs");
  house.hub->Turn();
  EXPECT_EQ(house.Run().phase, run::Phase::kReducing);
  house.disk.ClearFaults();
  house.clock.Advance(run::kReduceRetry);
  EXPECT_THAT(house.LiveToTheEnd(spec), IsOk());
  EXPECT_EQ(house.Run().model, WithoutACrash().model);
}

TEST(Recovery, ADeviceThatFailedNeedsTheLedgerOpenedAgain) {
  House house;
  const std::string spec = SpecOf(house);
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.People(spec), IsOk());
  house.disk.FailAfter(1);
  EXPECT_FALSE(house.Act(house.federation.sites[0]).ok());
  house.disk.ClearFaults();
  house.hub->LookAtDisk();
  EXPECT_FALSE(house.hub->Health().ok());
  EXPECT_TRUE(house.hub->broken());
  house.hub.reset();
  ASSERT_THAT(house.Open(), IsOk());
  EXPECT_THAT(house.LiveToTheEnd(spec), IsOk());
  EXPECT_EQ(house.Run().model, WithoutACrash().model);
}

}  // namespace
}  // namespace renkei::coordinator
