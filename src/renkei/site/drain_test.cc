// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/drain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"

namespace renkei::site {
namespace {

using testing::Eq;
using testing::HasSubstr;
using testing::Optional;

class Drain : public testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(disk_.MakeDirs(files_.dir), IsOk()); }

  LyingDisk disk_;
  const SiteFiles files_{"/site"};
  const Instant noon_ = *ParseInstant("2026-11-24T12:00:00Z");
};

TEST_F(Drain, StandsFromTheFirstOrderUntilItIsTakenBackAlsoAfterACrash) {
  EXPECT_THAT(ReadDrainOrder(files_, disk_), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(AskToDrain(files_, disk_, noon_), IsOkAndHolds(noon_));
  EXPECT_THAT(AskToDrain(files_, disk_, noon_ + Milliseconds(5)), IsOkAndHolds(noon_));
  disk_.Crash(nullptr);
  EXPECT_THAT(ReadDrainOrder(files_, disk_), IsOkAndHolds(Optional(noon_)));
  EXPECT_THAT(TakeBackDrain(files_, disk_), IsOk());
  disk_.Crash(nullptr);
  EXPECT_THAT(ReadDrainOrder(files_, disk_), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(TakeBackDrain(files_, disk_), IsOk()) << "twice is fine";
}

TEST_F(Drain, IsForgottenWithWhatTheAgentSaidOfIt) {
  const DrainState state{.asked = noon_, .in_flight = {"train round 2 of run first"}};
  ASSERT_THAT(AskToDrain(files_, disk_, noon_), IsOk());
  EXPECT_THAT(ReadDrainState(files_, disk_), IsOkAndHolds(Eq(std::nullopt)));
  ASSERT_THAT(WriteDrainState(files_, disk_, state), IsOk());
  EXPECT_THAT(ReadDrainState(files_, disk_), IsOkAndHolds(Optional(state)));
  ASSERT_THAT(TakeBackDrain(files_, disk_), IsOk());
  EXPECT_THAT(ReadDrainState(files_, disk_), IsOkAndHolds(Eq(std::nullopt)));
}

TEST_F(Drain, NamesADamagedFileAndReplacesADamagedOrder) {
  for (const std::string& path : {files_.drain_order(), files_.drain_state()}) {
    ASSERT_THAT(WriteWhole(disk_, path, AsBytes("{\"asked\": 1}")), IsOk());
  }
  EXPECT_THAT(ReadDrainOrder(files_, disk_),
              StatusIs(Code::kInvalidArgument, HasSubstr("/site/drain.json: line 1")));
  EXPECT_THAT(ReadDrainState(files_, disk_),
              StatusIs(Code::kInvalidArgument, HasSubstr("/site/drain-state.json: line 1")));
  EXPECT_THAT(AskToDrain(files_, disk_, noon_), IsOkAndHolds(noon_));
  EXPECT_THAT(ReadDrainOrder(files_, disk_), IsOkAndHolds(Optional(noon_)));
}

}  // namespace
}  // namespace renkei::site
