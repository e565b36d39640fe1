// SPDX-License-Identifier: Apache-2.0
// The civil dates of law. A rule holds from one day to another where it is made: an instant is a
// day in Washington and perhaps the next one in Tokyo.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"

namespace renkei::rules {

using Date = std::chrono::sys_days;

enum class Jurisdiction { kUs, kJp };
inline constexpr Jurisdiction kJurisdictions[] = {Jurisdiction::kUs, Jurisdiction::kJp};
std::string_view NameOf(Jurisdiction jurisdiction);  // "us", "jp"
//   INVALID_ARGUMENT  another word
StatusOr<Jurisdiction> ParseJurisdiction(std::string_view text);

// "2026-11-10". INVALID_ARGUMENT for anything else, also for days that no calendar has.
StatusOr<Date> ParseDate(std::string_view text);
std::string FormatDate(Date date);

// The day of `instant` on the clocks of the jurisdiction: US Eastern time (daylight saving from
// the second Sunday of March to the first of November, 15 U.S.C. 260a, since 2007), or Japan
// Standard Time.
Date DateIn(Jurisdiction jurisdiction, Instant instant);

// Every day that it may be there when the true instant is at most `skew` away; one, or two.
std::vector<Date> DatesIn(Jurisdiction jurisdiction, Instant instant, Milliseconds skew);

}  // namespace renkei::rules
