// SPDX-License-Identifier: Apache-2.0
// A wall clock that does not jump: what it says moves with the monotonic reading of another clock.
// When that one is set, forwards or back, this one follows only after the new time has stood for a
// while; a clock that jumps to and fro is not followed at all.
#pragma once

#include <memory>
#include <mutex>

#include "renkei/base/clock.h"

namespace renkei {

inline constexpr Milliseconds kClockSlack{60'000};     // taken as no jump, and followed at once
inline constexpr Milliseconds kClockSettles{300'000};  // how long a new time has to stand

// Thread-safe. `clock` outlives it.
class SteadyClock final : public Clock {
 public:
  explicit SteadyClock(Clock& clock);

  Instant Now() override;
  Milliseconds Monotonic() override { return clock_.Monotonic(); }

 private:
  // What has to be added to the monotonic reading to get a time.
  Milliseconds Offset(Milliseconds monotonic);

  Clock& clock_;
  std::mutex mutex_;
  Milliseconds offset_;     // in force
  Milliseconds candidate_;  // what the other clock says since...
  Milliseconds candidate_since_{0};
};

}  // namespace renkei
