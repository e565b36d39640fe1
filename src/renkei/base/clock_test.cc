// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/clock.h"

#include <gmock/gmock.h>

#include "renkei/base/status_testing.h"

namespace renkei {
namespace {

using std::chrono::milliseconds;

TEST(Instant, HasOneTextWithMilliseconds) {
  const struct {
    int64_t since_1970_ms;
    const char* text;
  } cases[] = {{0, "1970-01-01T00:00:00.000Z"},
               {1795482123456, "2026-11-24T01:02:03.456Z"},
               {951782400000, "2000-02-29T00:00:00.000Z"},
               {-1, "1969-12-31T23:59:59.999Z"}};
  for (const auto& c : cases) {
    const Instant instant{milliseconds(c.since_1970_ms)};
    EXPECT_EQ(FormatInstant(instant), c.text);
    EXPECT_THAT(ParseInstant(c.text), IsOkAndHolds(instant));
  }
}

TEST(Instant, ReadsFewerDecimals) {
  EXPECT_EQ(*ParseInstant("1970-01-01T00:00:01Z"), Instant(milliseconds(1000)));
  EXPECT_EQ(*ParseInstant("1970-01-01T00:00:01.5Z"), Instant(milliseconds(1500)));
  EXPECT_EQ(*ParseInstant("1970-01-01T00:00:01.05Z"), Instant(milliseconds(1050)));
}

TEST(Instant, RefusesWhatIsNoInstant) {
  for (const char* text :
       {"", "2026-11-24", "2026-11-24T01:02:03", "2026-11-24T01:02:03+09:00",
        "2026-11-24t01:02:03Z", "2026-11-24 01:02:03Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T00:60:00Z",
        "2026-11-24T00:00:60Z", "2026-11-24T00:00:00.Z", "2026-11-24T00:00:00.1234Z",
        "2026-11-24T00:00:00Z ", "26-11-24T00:00:00Z", "+026-11-24T00:00:00Z"}) {
    EXPECT_THAT(ParseInstant(text), StatusIs(Code::kInvalidArgument)) << text;
  }
}

TEST(ManualClock, MovesOnlyWhenToldAndAJumpIsNotFeltByTimers) {
  ManualClock clock(Instant(milliseconds(1000)));
  EXPECT_EQ(clock.Now(), Instant(milliseconds(1000)));
  clock.Advance(milliseconds(5));
  EXPECT_EQ(clock.Now(), Instant(milliseconds(1005)));
  EXPECT_EQ(clock.Monotonic(), milliseconds(5));
  clock.Jump(milliseconds(-500));
  EXPECT_EQ(clock.Now(), Instant(milliseconds(505)));
  EXPECT_EQ(clock.Monotonic(), milliseconds(5));
}

TEST(SystemClock, NeverGoesBackForTimers) {
  auto clock = MakeSystemClock();
  const Milliseconds first = clock->Monotonic();
  EXPECT_GE(clock->Monotonic(), first);
  EXPECT_GT(clock->Now(), *ParseInstant("2026-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace renkei
