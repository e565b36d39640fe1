// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/steady_clock.h"

#include "renkei/base/log.h"

namespace renkei {
namespace {

bool Near(Milliseconds one, Milliseconds other) {
  const Milliseconds apart = one - other;
  return apart <= kClockSlack && apart >= -kClockSlack;
}

}  // namespace

SteadyClock::SteadyClock(Clock& clock) : clock_(clock) {
  offset_ = Offset(clock_.Monotonic());
  candidate_ = offset_;
}

Milliseconds SteadyClock::Offset(Milliseconds monotonic) {
  return clock_.Now().time_since_epoch() - monotonic;
}

Instant SteadyClock::Now() {
  const std::lock_guard lock(mutex_);
  const Milliseconds monotonic = clock_.Monotonic();
  const Milliseconds said = Offset(monotonic);
  if (Near(said, offset_)) {
    offset_ = said;
    candidate_ = said;
    return Instant(monotonic + offset_);
  }
  if (!Near(said, candidate_)) {
    candidate_ = said;
    candidate_since_ = monotonic;
    log::Warn("clock.jumped", {{"by_s", (said - offset_).count() / 1000},
                               {"followed_in_s", kClockSettles.count() / 1000}});
  }
  if (monotonic - candidate_since_ >= kClockSettles) {
    offset_ = said;
    log::Warn("clock.followed", {{"now", FormatInstant(Instant(monotonic + offset_))}});
  }
  return Instant(monotonic + offset_);
}

}  // namespace renkei
