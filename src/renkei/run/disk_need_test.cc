// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/disk_need.h"

#include <limits>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace renkei::run {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr uint64_t kGib = 1u << 30;

RunState RunOf(uint64_t model_bytes, size_t sites, uint32_t rounds) {
  RunState run;
  run.phase = Phase::kStarting;
  run.spec.model.size_bytes = model_bytes;
  run.spec.rounds = rounds;
  for (size_t i = 0; i < sites; ++i) run.candidates[*SiteId::Parse(fmt::format("f{}", i))] = {};
  return run;
}

TEST(DiskNeed, IsTheFirstModelAndForEachRoundAnUpdateOfEachSiteAndAModel) {
  RunState run = RunOf(kGib, 4, 3);
  EXPECT_EQ(DiskNeedOf(run).round_bytes, 5 * kGib);
  EXPECT_EQ(DiskNeedOf(run).bytes, 16 * kGib);
  run.candidates.begin()->second.out = "trainer-not-mapped";
  EXPECT_EQ(DiskNeedOf(run).bytes, 13 * kGib);
}

TEST(DiskNeed, ShrinksWithEveryRoundAndEndsWithTheRun) {
  RunState run = RunOf(kGib, 4, 3);
  run.phase = Phase::kEvaluating;
  run.current.round = 1;
  run.rounds.resize(1);
  EXPECT_EQ(DiskNeedOf(run).bytes, 10 * kGib);
  run.phase = Phase::kFinished;
  EXPECT_EQ(DiskNeedOf(run).bytes, 0u);
}

TEST(DiskNeed, EndsAtTheLargestNumber) {
  const RunState run = RunOf(uint64_t{1} << 62, 128, 10'000);
  EXPECT_EQ(DiskNeedOf(run).bytes, static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
  EXPECT_NE(LackOfRoom(run, uint64_t{1} << 62, uint64_t{1} << 62, "hub"), "");
}

TEST(LackOfRoom, IsNoneWhenTheWholeRunFitsBesideTheOthers) {
  const RunState run = RunOf(kGib, 4, 3);
  const uint64_t fits = 16 * kGib + kDiskReserveBytes;
  EXPECT_EQ(LackOfRoom(run, fits, 0, "hub"), "");
  EXPECT_THAT(LackOfRoom(run, fits - 1, 0, "hub"),
              AllOf(HasSubstr("hub: the run needs 16.0 GiB there (4 sites, 3 rounds of 5.0 GiB)"),
                    HasSubstr("make room")));
  EXPECT_THAT(LackOfRoom(run, fits, 1, "hub"), HasSubstr("other runs 1 bytes"));
}

TEST(LackOfRoom, LetsARunThatHasBegunGoOnRoundByRound) {
  RunState run = RunOf(kGib, 4, 3);
  run.phase = Phase::kEvaluating;
  run.current.round = 1;
  run.rounds.resize(1);
  EXPECT_EQ(LackOfRoom(run, 5 * kGib + kDiskReserveBytes, 0, "hub"), "");
  EXPECT_THAT(LackOfRoom(run, 5 * kGib, 0, "hub"), HasSubstr("the next round needs 5.0 GiB"));
}

}  // namespace
}  // namespace renkei::run
