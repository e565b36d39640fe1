// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/hours.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

namespace renkei::site {
namespace {

constexpr std::string_view kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr int kDayMinutes = 24 * 60;
constexpr int kWeekMinutes = 7 * kDayMinutes;

std::optional<size_t> DayOf(std::string_view text) {
  const auto* found = std::ranges::find(kDays, text);
  if (found == std::end(kDays)) return std::nullopt;
  return static_cast<size_t>(found - std::begin(kDays));
}

// "07:30" as minutes; "24:00" too.
std::optional<int> MinuteOf(std::string_view text) {
  const auto digit = [&](size_t i) {
    return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -1;
  };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const size_t i : {0, 1, 3, 4}) {
    if (digit(i) < 0) return std::nullopt;
  }
  const int minute = 10 * digit(3) + digit(4);
  const int of_day = 60 * (10 * digit(0) + digit(1)) + minute;
  if (minute > 59 || of_day > kDayMinutes) return std::nullopt;
  return of_day;
}

std::pair<std::string_view, std::string_view> SplitAt(std::string_view text, char mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace

std::chrono::seconds MachineUtcOffset(Instant instant) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
  std::tm civil{};
  if (localtime_r(&seconds, &civil) == nullptr) return std::chrono::seconds(0);
  return std::chrono::seconds(civil.tm_gmtoff);
}

StatusOr<OpenHours::Window> OpenHours::ParseWindow(std::string_view text) {
  const auto bad = [&](std::string_view what) {
    return Error(Code::kInvalidArgument, "'{}': {}; write it as in 'Mon-Fri 19:00-07:00'",
                 text.substr(0, 40), what);
  };
  const auto [days, times] = SplitAt(text, ' ');
  const auto [first_day, last_day] = SplitAt(days, '-');
  const auto first = DayOf(first_day);
  const auto last = days.find('-') == std::string_view::npos ? first : DayOf(last_day);
  if (!first || !last) return bad("no day of Mon Tue Wed Thu Fri Sat Sun");
  const auto [from_text, to_text] = SplitAt(times, '-');
  const auto from = MinuteOf(from_text);
  const auto to = MinuteOf(to_text);
  if (!from || !to || *from == kDayMinutes) return bad("no times from 00:00 to 24:00");
  if (*from == *to) return bad("it ends when it begins");
  Window window{
      .days = {}, .from = *from, .minutes = *to > *from ? *to - *from : *to + kDayMinutes - *from};
  for (size_t day = *first;; day = (day + 1) % window.days.size()) {
    window.days[day] = true;
    if (day == *last) return window;
  }
}

StatusOr<OpenHours> OpenHours::Parse(std::vector<std::string> windows) {
  if (windows.empty() || windows.size() > kWindowsMax) {
    return Error(Code::kInvalidArgument, "1 to {} windows; without the key it is all hours",
                 kWindowsMax);
  }
  OpenHours hours;
  for (const std::string& text : windows) {
    RK_ASSIGN_OR_RETURN(Window window, ParseWindow(text));
    hours.windows_.push_back(window);
  }
  hours.texts_ = std::move(windows);
  return hours;
}

bool OpenHours::IsOpen(Instant now, const UtcOffset& offset) const {
  const auto civil = now + offset(now);
  const auto date = std::chrono::floor<std::chrono::days>(civil);
  const auto weekday = std::chrono::weekday(date).iso_encoding() - 1;  // Monday is 0
  const auto minute = std::chrono::floor<std::chrono::minutes>(civil - date).count();
  const int of_week = static_cast<int>(weekday) * kDayMinutes + static_cast<int>(minute);
  return std::ranges::any_of(windows_, [&](const Window& window) {
    for (int day = 0; day < 7; ++day) {
      const int begin = day * kDayMinutes + window.from;
      const int since = (of_week - begin + kWeekMinutes) % kWeekMinutes;
      if (window.days[static_cast<size_t>(day)] && since < window.minutes) return true;
    }
    return false;
  });
}

// Minute by minute: right across any change of the zone's offset.
Instant OpenHours::OpensAt(Instant now, const UtcOffset& offset) const {
  if (always() || IsOpen(now, offset)) return now;
  Instant minute = std::chrono::floor<std::chrono::minutes>(now);
  // A window that falls into the hour that a change leaves out is there again a week later.
  const Instant last = minute + std::chrono::days(15);
  do {
    minute += std::chrono::minutes(1);
  } while (!IsOpen(minute, offset) && minute < last);
  return minute;
}

}  // namespace renkei::site
