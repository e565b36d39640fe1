// SPDX-License-Identifier: Apache-2.0
// Numbers of law and of data sheets: a value that is known within bounds.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace renkei::rules {

inline constexpr double kInfinite = std::numeric_limits<double>::infinity();

// lo <= hi; both ends belong to it.
struct Interval {
  double lo = -kInfinite;
  double hi = kInfinite;

  bool is_point() const { return lo == hi; }
  bool operator==(const Interval&) const = default;
};

// "4800", "5.92", "-1", "1e26"; finite. Nothing for anything else.
std::optional<double> ParseNumber(std::string_view text);

// The shortest decimal that reads back the same: "4800", "5.92", "1e+26".
std::string FormatNumber(double number);

}  // namespace renkei::rules
