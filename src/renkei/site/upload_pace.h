// SPDX-License-Identifier: Apache-2.0
// How fast a site may send: when the next piece of all its uploads together is due. Credit is not
// saved up: after any pause one piece goes at once, and the next one when that would have taken
// its time.
#pragma once

#include <cstdint>

#include "renkei/base/clock.h"

namespace renkei::site {

class UploadPace {
 public:
  // 10^6 bits a second; 0: no limit.
  explicit UploadPace(double mbit) : bytes_per_ms_(mbit * 1e6 / 8 / 1000) {}

  // Takes the place in line of `bytes` more; the monotonic time at which they may go.
  Milliseconds Next(uint64_t bytes, Milliseconds now);

 private:
  double bytes_per_ms_;
  double free_at_ms_ = 0;  // with the fractions that many small pieces would lose
};

}  // namespace renkei::site
