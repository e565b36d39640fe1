// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/stall_watch.h"

#include <atomic>
#include <chrono>
#include <semaphore>

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"

namespace renkei::wire {
namespace {

constexpr Instant kStart{};
constexpr std::chrono::seconds kBound{20};

TEST(StallWatch, BreaksWhatStandsStillAndNotWhatMoves) {
  ManualClock clock(kStart);
  StallWatch watch(clock, Milliseconds(80));
  std::binary_semaphore broken{0};
  WatchedTransfer still(watch, [&] { broken.release(); });
  WatchedTransfer moving(watch, [] { FAIL() << "a moving transfer was broken"; });
  clock.Advance(Milliseconds(60));
  moving.Progress();
  EXPECT_FALSE(still.broken());
  clock.Advance(Milliseconds(60));  // 120 ms without progress, and 60 ms
  broken.acquire();
  EXPECT_TRUE(still.broken());
  EXPECT_FALSE(moving.broken());
}

TEST(StallWatch, BreaksWhatMovesAndMayNotGoOn) {
  ManualClock clock(kStart);
  StallWatch watch(clock, Milliseconds(80));
  std::binary_semaphore broken{0};
  std::atomic<bool> may = true;
  WatchedTransfer guarded(watch, [&] { broken.release(); });
  std::counting_semaphore<> looks{0};
  guarded.Guard([&]() -> Status {
    looks.release();
    return may ? Ok() : Error(Code::kPermissionDenied, "suspended");
  });
  ASSERT_TRUE(looks.try_acquire_for(kBound));
  ASSERT_TRUE(looks.try_acquire_for(kBound));
  EXPECT_FALSE(guarded.broken());
  EXPECT_THAT(guarded.refusal(), IsOk());
  may = false;
  ASSERT_TRUE(broken.try_acquire_for(kBound));
  EXPECT_TRUE(guarded.broken());
  EXPECT_THAT(guarded.refusal(), StatusIs(Code::kPermissionDenied, "suspended"));
}

TEST(StallWatch, BreakAllReachesTheFutureToo) {
  ManualClock clock(kStart);
  StallWatch watch(clock, Milliseconds(60'000));
  std::counting_semaphore<2> broken{0};
  WatchedTransfer now(watch, [&] { broken.release(); });
  watch.BreakAll();
  broken.acquire();
  WatchedTransfer later(watch, [&] { broken.release(); });
  broken.acquire();
  EXPECT_TRUE(now.broken());
  EXPECT_TRUE(later.broken());
}

}  // namespace
}  // namespace renkei::wire
