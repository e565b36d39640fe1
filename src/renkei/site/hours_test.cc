// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/hours.h"

#include <cstdlib>
#include <ctime>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"

namespace renkei::site {
namespace {

using testing::HasSubstr;

std::chrono::seconds Utc(Instant) { return std::chrono::seconds(0); }
std::chrono::seconds Tokyo(Instant) { return std::chrono::hours(9); }

OpenHours Parsed(std::vector<std::string> windows) {
  const auto hours = OpenHours::Parse(std::move(windows));
  EXPECT_THAT(hours, IsOk());
  return hours.value_or(OpenHours());
}

Instant At(const char* text) { return *ParseInstant(text); }

// 2026-11-23 is a Monday.
TEST(OpenHoursTest, BeginOnTheirDaysAndEndOnTheNext) {
  const OpenHours nights = Parsed({"Mon-Fri 19:00-07:00", "Sat-Sun 00:00-24:00"});
  const struct {
    const char* now;
    const char* opens;
  } cases[] = {
      {"2026-11-23T06:59:59.999Z", "2026-11-23T19:00:00Z"},  // Sunday had no night
      {"2026-11-23T18:59:59.999Z", "2026-11-23T19:00:00Z"},
      {"2026-11-23T19:00:00Z", "2026-11-23T19:00:00Z"},
      {"2026-11-23T23:59:59.999Z", "2026-11-23T23:59:59.999Z"},
      {"2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z"},
      {"2026-11-24T06:59:59.999Z", "2026-11-24T06:59:59.999Z"},
      {"2026-11-24T07:00:00Z", "2026-11-24T19:00:00Z"},
      {"2026-11-28T06:59:59Z", "2026-11-28T06:59:59Z"},  // of Friday's night, and Saturday
      {"2026-11-29T23:59:59.999Z", "2026-11-29T23:59:59.999Z"},
      {"2026-11-30T00:00:00Z", "2026-11-30T19:00:00Z"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(nights.OpensAt(At(c.now), Utc), At(c.opens)) << c.now;
  }
}

TEST(OpenHoursTest, AreThoseOfTheZone) {
  const OpenHours hours = Parsed({"Sun 00:00-01:00"});
  EXPECT_EQ(hours.OpensAt(At("2026-11-28T14:59:00Z"), Tokyo), At("2026-11-28T15:00:00Z"));
  EXPECT_EQ(hours.OpensAt(At("2026-11-28T16:00:00Z"), Tokyo), At("2026-12-05T15:00:00Z"));
}

TEST(OpenHoursTest, RunAroundTheEndOfTheWeek) {
  const OpenHours hours = Parsed({"Sun-Mon 23:00-01:00"});
  EXPECT_EQ(hours.OpensAt(At("2026-11-23T00:30:00Z"), Utc), At("2026-11-23T00:30:00Z"));
  EXPECT_EQ(hours.OpensAt(At("2026-11-23T01:00:00Z"), Utc), At("2026-11-23T23:00:00Z"));
  EXPECT_EQ(hours.OpensAt(At("2026-11-24T01:00:00Z"), Utc), At("2026-11-29T23:00:00Z"));
}

// Needs no database of zones: the rule stands in TZ.
class InZone {
 public:
  explicit InZone(const char* zone) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    setenv("TZ", zone, 1);
    tzset();
  }
  ~InZone() {
    before_ ? setenv("TZ", before_->c_str(), 1) : unsetenv("TZ");
    tzset();
  }

 private:
  std::optional<std::string> before_;
};

TEST(OpenHoursTest, KeepTheClockOfTheWallWhenSummerTimeBeginsAndEnds) {
  const InZone new_york("EST5EDT,M3.2.0,M11.1.0");
  const OpenHours early = Parsed({"Sun 01:00-04:00"});
  // 2026-03-08: from 02:00 EST it is 03:00 EDT; the window has two hours.
  EXPECT_EQ(early.OpensAt(At("2026-03-08T05:59:00Z"), MachineUtcOffset),
            At("2026-03-08T06:00:00Z"));
  EXPECT_EQ(early.OpensAt(At("2026-03-08T07:59:00Z"), MachineUtcOffset),
            At("2026-03-08T07:59:00Z"));
  EXPECT_EQ(early.OpensAt(At("2026-03-08T08:00:00Z"), MachineUtcOffset),
            At("2026-03-15T05:00:00Z"));
  // 2026-11-01: 01:00 to 02:00 comes twice; the window has four hours.
  EXPECT_EQ(early.OpensAt(At("2026-11-01T05:00:00Z"), MachineUtcOffset),
            At("2026-11-01T05:00:00Z"));
  EXPECT_EQ(early.OpensAt(At("2026-11-01T08:59:00Z"), MachineUtcOffset),
            At("2026-11-01T08:59:00Z"));
  EXPECT_EQ(early.OpensAt(At("2026-11-01T09:00:00Z"), MachineUtcOffset),
            At("2026-11-08T06:00:00Z"));
  // All of it falls into the hour that is left out: a week later it is there again.
  EXPECT_EQ(Parsed({"Sun 02:10-02:20"}).OpensAt(At("2026-03-08T06:00:00Z"), MachineUtcOffset),
            At("2026-03-15T06:10:00Z"));
}

TEST(OpenHoursTest, AreReadStrictly) {
  const struct {
    const char* text;
    const char* what;
  } cases[] = {
      {"", "no day"},
      {"Mon", "no times"},
      {"mon 01:00-02:00", "no day"},
      {"Mon- 01:00-02:00", "no day"},
      {"Mon-Fri-Sat 01:00-02:00", "no day"},
      {"Mon  01:00-02:00", "no times"},
      {"Mon 1:00-02:00", "no times"},
      {"Mon 01:60-02:00", "no times"},
      {"Mon 01:00-24:01", "no times"},
      {"Mon 24:00-01:00", "no times"},
      {"Mon 01:00", "no times"},
      {"Mon 01:00-02:00 ", "no times"},
      {"Mon 01:00-01:00", "ends when it begins"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(OpenHours::Parse({"Sat 00:00-24:00", c.text}),
                StatusIs(Code::kInvalidArgument, HasSubstr(c.what)))
        << c.text;
  }
  EXPECT_THAT(OpenHours::Parse({}), StatusIs(Code::kInvalidArgument, HasSubstr("windows")));
  EXPECT_THAT(OpenHours::Parse(std::vector<std::string>(kWindowsMax + 1, "Mon 01:00-02:00")),
              StatusIs(Code::kInvalidArgument, HasSubstr("windows")));
  EXPECT_EQ(OpenHours().OpensAt(At("2026-11-23T06:00:00Z"), Utc), At("2026-11-23T06:00:00Z"));
}

}  // namespace
}  // namespace renkei::site
