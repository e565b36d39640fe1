// SPDX-License-Identifier: Apache-2.0
// Time as an argument. Instants are UTC; timers use the monotonic reading.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "renkei/base/status.h"

namespace renkei {

using Milliseconds = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<Milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant Now() = 0;
  // Never goes back; the origin has no meaning.
  virtual Milliseconds Monotonic() = 0;
};

std::unique_ptr<Clock> MakeSystemClock();

// A clock that moves when told. Tests and simulation.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start) : now_(start) {}
  Instant Now() override { return now_; }
  Milliseconds Monotonic() override { return monotonic_; }
  void Advance(Milliseconds by) {
    now_ += by;
    monotonic_ += by;
  }
  // The wall clock is set; timers do not notice.
  void Jump(Milliseconds by) { now_ += by; }

 private:
  Instant now_;
  Milliseconds monotonic_{0};
};

// RFC 3339, UTC, milliseconds: "2026-11-24T01:02:03.456Z".
std::string FormatInstant(Instant instant);
// Accepts RFC 3339 with 'Z' and 0 to 3 decimals; INVALID_ARGUMENT otherwise (also month 13).
StatusOr<Instant> ParseInstant(std::string_view text);

}  // namespace renkei
