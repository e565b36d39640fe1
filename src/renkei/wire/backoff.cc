// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/backoff.h"

#include <algorithm>

namespace renkei::wire {

Milliseconds Backoff::Next(Random& random) {
  constexpr int kDoublingsMax = 20;  // keeps the shift small; the cap is reached long before
  const int doublings = std::min(tries_++, kDoublingsMax);
  const Milliseconds whole = std::min(options_.cap, options_.first * (int64_t{1} << doublings));
  const uint64_t half = static_cast<uint64_t>(whole.count()) / 2;
  return whole - Milliseconds(static_cast<int64_t>(random.Below(half + 1)));
}

}  // namespace renkei::wire
