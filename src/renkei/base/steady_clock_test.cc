// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/steady_clock.h"

#include <chrono>

#include <gtest/gtest.h>

namespace renkei {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Instant kStart = *ParseInstant("2026-11-24T00:00:00Z");

TEST(SteadyClock, FollowsSmallCorrectionsAtOnce) {
  ManualClock wall(kStart);
  SteadyClock clock(wall);
  wall.Advance(hours(1));
  EXPECT_EQ(clock.Now(), kStart + hours(1));
  wall.Jump(seconds(-59));
  EXPECT_EQ(clock.Now(), kStart + hours(1) - seconds(59));
}

TEST(SteadyClock, DoesNotNoticeAClockThatJumpsToAndFro) {
  ManualClock wall(kStart);
  SteadyClock clock(wall);
  for (int i = 1; i <= 100; ++i) {
    wall.Jump(i % 2 == 1 ? hours(24) : hours(-24));
    wall.Advance(minutes(1));
    EXPECT_EQ(clock.Now(), kStart + minutes(i)) << i;
  }
}

TEST(SteadyClock, FollowsANewTimeOnceItHasStood) {
  for (const Milliseconds by : {Milliseconds(hours(24)), Milliseconds(hours(-24))}) {
    ManualClock wall(kStart);
    SteadyClock clock(wall);
    wall.Jump(by);
    EXPECT_EQ(clock.Now(), kStart);
    wall.Advance(kClockSettles - seconds(1));
    EXPECT_EQ(clock.Now(), kStart + kClockSettles - seconds(1));
    wall.Advance(seconds(1));
    EXPECT_EQ(clock.Now(), kStart + kClockSettles + by);
  }
}

TEST(SteadyClock, StartsTheWaitAnewWithEachOtherTime) {
  ManualClock wall(kStart);
  SteadyClock clock(wall);
  for (int i = 1; i <= 5; ++i) {
    wall.Jump(hours(1));
    EXPECT_EQ(clock.Now(), kStart + minutes(4) * (i - 1));
    wall.Advance(minutes(4));
  }
}

}  // namespace
}  // namespace renkei
