// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/number.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace renkei::rules {

std::optional<double> ParseNumber(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string FormatNumber(double number) { return fmt::format("{}", number); }

}  // namespace renkei::rules
