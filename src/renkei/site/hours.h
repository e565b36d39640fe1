// SPDX-License-Identifier: Apache-2.0
// When a site works: windows of the week in civil time, such as "Mon-Fri 19:00-07:00". A window
// begins on each of its days; when its end is not after its start it ends on the next day. Where
// the zone has summer time, a window that spans the change is an hour shorter or longer.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"

namespace renkei::site {

inline constexpr size_t kWindowsMax = 64;

// What civil time is ahead of UTC at an instant.
using UtcOffset = std::function<std::chrono::seconds(Instant)>;

// Of this machine: TZ, or /etc/localtime.
std::chrono::seconds MachineUtcOffset(Instant instant);

class OpenHours {
 public:
  OpenHours() = default;  // always
  // At least one window, each "DAY[-DAY] HH:MM-HH:MM" with days of Mon Tue Wed Thu Fri Sat Sun and
  // 24:00 for the end of a day. INVALID_ARGUMENT repeats what is wrong with which.
  static StatusOr<OpenHours> Parse(std::vector<std::string> windows);

  bool always() const { return texts_.empty(); }
  const std::vector<std::string>& texts() const { return texts_; }
  // `now` when open, and else the minute at which it opens next.
  Instant OpensAt(Instant now, const UtcOffset& offset) const;

  bool operator==(const OpenHours& other) const { return texts_ == other.texts_; }

 private:
  struct Window {
    std::array<bool, 7> days{};  // on which it begins; Monday first
    int from = 0;                // minute of the day
    int minutes = 0;
  };
  static StatusOr<Window> ParseWindow(std::string_view text);
  bool IsOpen(Instant now, const UtcOffset& offset) const;

  std::vector<std::string> texts_;
  std::vector<Window> windows_;
};

}  // namespace renkei::site
