// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/watched_disk.h"

#include <gmock/gmock.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"

namespace renkei {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WatchedDiskTest : public testing::Test {
 protected:
  WatchedDiskTest() {
    EXPECT_THAT(below_.MakeDirs("/hub/ledger"), IsOk());
    EXPECT_THAT(below_.MakeDirs("/hub/blobs"), IsOk());
  }

  Status Put(const std::string& path, size_t size_bytes) {
    RK_ASSIGN_OR_RETURN(const auto file, disk_.Open(path, OpenMode::kCreate));
    RK_RETURN_IF_ERROR(file->WriteAt(0, Bytes(size_bytes)));
    return file->Sync();
  }
  std::vector<std::string> Failing() const {
    std::vector<std::string> names;
    for (const auto& condition : disk_.Conditions()) {
      if (!condition.failure.ok()) names.push_back(condition.place.name);
    }
    return names;
  }
  void ProbeAfter(Milliseconds time) {
    clock_.Advance(time);
    disk_.Probe();
  }

  LyingDisk below_;
  ManualClock clock_{Instant(Milliseconds(1'700'000'000'000))};
  WatchedDisk disk_{below_,
                    clock_,
                    {{.name = "own", .directory = "/hub"},
                     {.name = "ledger", .directory = "/hub/ledger"},
                     {.name = "blobs", .directory = "/hub/blobs"}}};
};

TEST_F(WatchedDiskTest, NamesThePlaceWhoseDiskIsFullUntilAsMuchCanBeWrittenAgain) {
  below_.SetCapacity(64 << 10);
  EXPECT_THAT(Put("/hub/blobs/a", 128 << 10), StatusIs(Code::kResourceExhausted));
  ASSERT_THAT(Failing(), ElementsAre("blobs"));
  EXPECT_THAT(Message(disk_.Conditions()[2].failure), HasSubstr("/hub/blobs/a"));
  EXPECT_EQ(disk_.Conditions()[2].since, clock_.Now());
  ProbeAfter(kProbeWhileFailing);  // A small write would succeed.
  EXPECT_THAT(Failing(), ElementsAre("blobs"));
  below_.SetCapacity(1 << 20);
  disk_.Probe();  // Too early.
  EXPECT_THAT(Failing(), ElementsAre("blobs"));
  ProbeAfter(kProbeWhileFailing);
  EXPECT_THAT(Failing(), IsEmpty());
  EXPECT_EQ(disk_.Conditions()[2].since, clock_.Now());
}

TEST_F(WatchedDiskTest, FindsAFailingDiskThatNobodyWritesTo) {
  disk_.Probe();
  EXPECT_THAT(Failing(), IsEmpty());
  below_.FailAfter(1);
  ProbeAfter(kProbeWhileFine - Milliseconds(1));
  EXPECT_THAT(Failing(), IsEmpty());
  ProbeAfter(Milliseconds(1));
  EXPECT_THAT(Failing(), ElementsAre("own", "ledger", "blobs"));
  below_.ClearFaults();
  ProbeAfter(kProbeWhileFailing);
  EXPECT_THAT(Failing(), IsEmpty());
}

TEST_F(WatchedDiskTest, LeavesNoProbeBehind) {
  disk_.Probe();
  below_.SetCapacity(1);
  ProbeAfter(kProbeWhileFine);
  EXPECT_THAT(Failing(), ElementsAre("own", "ledger", "blobs"));
  EXPECT_THAT(below_.Files(), IsEmpty());
}

TEST_F(WatchedDiskTest, AFailedReadIsOverWhenThatReadSucceeds) {
  ASSERT_THAT(Put("/hub/blobs/a", 100), IsOk());
  const auto file = disk_.Open("/hub/blobs/a", OpenMode::kRead);
  ASSERT_THAT(file, IsOk());
  Bytes into(100);
  below_.FailReads("/hub/blobs/a");
  EXPECT_THAT((*file)->ReadAt(0, into), StatusIs(Code::kDataLoss));
  ASSERT_THAT(Failing(), ElementsAre("blobs"));
  ProbeAfter(kProbeWhileFailing);  // Writes work all the while.
  EXPECT_THAT(Failing(), ElementsAre("blobs"));
  below_.ClearFaults();
  ProbeAfter(kProbeWhileFailing);
  EXPECT_THAT(Failing(), IsEmpty());
}

TEST_F(WatchedDiskTest, WhatIsAbsentOrThereAlreadyIsNoFailure) {
  EXPECT_THAT(disk_.Open("/hub/blobs/none", OpenMode::kRead), StatusIs(Code::kNotFound));
  ASSERT_THAT(Put("/hub/blobs/a", 1), IsOk());
  EXPECT_THAT(disk_.Open("/hub/blobs/a", OpenMode::kCreateNew), StatusIs(Code::kAlreadyExists));
  EXPECT_THAT(Failing(), IsEmpty());
}

}  // namespace
}  // namespace renkei
