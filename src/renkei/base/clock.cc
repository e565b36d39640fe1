// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/clock.h"

namespace renkei {
namespace {

class SystemClock final : public Clock {
 public:
  Instant Now() override {
    return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
  }
  Milliseconds Monotonic() override {
    return std::chrono::floor<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
  }
};

// Reads exactly `count` digits at `at` and moves on; -1 when there are fewer.
int Digits(std::string_view text, size_t& at, size_t count) {
  int value = 0;
  for (size_t i = 0; i < count; ++i, ++at) {
    if (at >= text.size() || text[at] < '0' || text[at] > '9') return -1;
    value = value * 10 + (text[at] - '0');
  }
  return value;
}

bool Skip(std::string_view text, size_t& at, char wanted) {
  if (at >= text.size() || text[at] != wanted) return false;
  ++at;
  return true;
}

}  // namespace

std::unique_ptr<Clock> MakeSystemClock() { return std::make_unique<SystemClock>(); }

std::string FormatInstant(Instant instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

StatusOr<Instant> ParseInstant(std::string_view text) {
  const auto bad = [] {
    return Error(Code::kInvalidArgument,
                 "not an instant: expected RFC 3339 in UTC such as 2026-11-24T01:02:03Z");
  };
  size_t at = 0;
  const int year = Digits(text, at, 4);
  if (year < 0 || !Skip(text, at, '-')) return bad();
  const int month = Digits(text, at, 2);
  if (month < 0 || !Skip(text, at, '-')) return bad();
  const int day = Digits(text, at, 2);
  if (day < 0 || !Skip(text, at, 'T')) return bad();
  const int hour = Digits(text, at, 2);
  if (hour < 0 || hour > 23 || !Skip(text, at, ':')) return bad();
  const int minute = Digits(text, at, 2);
  if (minute < 0 || minute > 59 || !Skip(text, at, ':')) return bad();
  const int second = Digits(text, at, 2);
  if (second < 0 || second > 59) return bad();
  int millisecond = 0;
  if (Skip(text, at, '.')) {
    int scale = 100;
    const size_t first = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      if (scale == 0) return bad();
      millisecond += (text[at] - '0') * scale;
    }
    if (at == first) return bad();
  }
  if (!Skip(text, at, 'Z') || at != text.size()) return bad();
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return bad();
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) + Milliseconds(millisecond);
}

}  // namespace renkei
