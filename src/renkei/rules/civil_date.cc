// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/civil_date.h"

#include <array>
#include <charconv>

namespace renkei::rules {
namespace {

using std::chrono::hours;
using std::chrono::March;
using std::chrono::November;
using std::chrono::Sunday;

bool IsDaylightSaving(Instant utc) {
  const std::chrono::year year =
      std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(utc - hours(5))).year();
  // At 2:00 local time: 07:00 UTC in spring, 06:00 UTC in autumn.
  const Instant begin = Date(year / March / Sunday[2]) + hours(7);
  const Instant end = Date(year / November / Sunday[1]) + hours(6);
  return utc >= begin && utc < end;
}

}  // namespace

std::string_view NameOf(Jurisdiction jurisdiction) {
  return jurisdiction == Jurisdiction::kUs ? "us" : "jp";
}

StatusOr<Jurisdiction> ParseJurisdiction(std::string_view text) {
  for (const Jurisdiction jurisdiction : kJurisdictions) {
    if (text == NameOf(jurisdiction)) return jurisdiction;
  }
  return Error(Code::kInvalidArgument, "us or jp");
}

StatusOr<Date> ParseDate(std::string_view text) {
  const auto refuse = [] { return Error(Code::kInvalidArgument, "not a day such as 2026-11-10"); };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return refuse();
  std::array<int, 3> numbers{};
  const std::array<std::string_view, 3> parts = {text.substr(0, 4), text.substr(5, 2),
                                                 text.substr(8, 2)};
  for (size_t i = 0; i < parts.size(); ++i) {
    const char* const end = parts[i].data() + parts[i].size();
    const auto read = std::from_chars(parts[i].data(), end, numbers[i]);
    if (read.ec != std::errc() || read.ptr != end || numbers[i] < 0) return refuse();
  }
  const std::chrono::year_month_day date{std::chrono::year(numbers[0]),
                                         std::chrono::month(static_cast<unsigned>(numbers[1])),
                                         std::chrono::day(static_cast<unsigned>(numbers[2]))};
  if (!date.ok()) return Error(Code::kInvalidArgument, "a day that no calendar has");
  return Date(date);
}

std::string FormatDate(Date date) {
  const std::chrono::year_month_day civil(date);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(civil.year()),
                     static_cast<unsigned>(civil.month()), static_cast<unsigned>(civil.day()));
}

Date DateIn(Jurisdiction jurisdiction, Instant instant) {
  const hours offset = jurisdiction == Jurisdiction::kJp ? hours(9)
                       : IsDaylightSaving(instant)       ? hours(-4)
                                                         : hours(-5);
  return std::chrono::floor<std::chrono::days>(instant + offset);
}

std::vector<Date> DatesIn(Jurisdiction jurisdiction, Instant instant, Milliseconds skew) {
  std::vector<Date> dates;
  const Date last = DateIn(jurisdiction, instant + skew);
  for (Date date = DateIn(jurisdiction, instant - skew); date <= last;
       date += std::chrono::days(1)) {
    dates.push_back(date);
  }
  return dates;
}

}  // namespace renkei::rules
