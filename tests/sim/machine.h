// SPDX-License-Identifier: Apache-2.0
// One machine of the simulated federation: a disk that outlives its processes, a clock that may be
// wrong, and the time at which a dead process is started again.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "life_disk.h"
#include "renkei/base/clock.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/random.h"

namespace renkei::sim {

// True time, and what a machine's wall clock makes of it.
class SkewedClock final : public Clock {
 public:
  explicit SkewedClock(ManualClock& true_time) : true_time_(true_time) {}
  Instant Now() override { return true_time_.Now() + error_; }
  Milliseconds Monotonic() override { return true_time_.Monotonic(); }
  void SetError(Milliseconds error) { error_ = error; }
  Milliseconds error() const { return error_; }

 private:
  ManualClock& true_time_;
  Milliseconds error_{0};
};

struct Machine {
  Machine(std::string name_in, ManualClock& true_time)
      : name(std::move(name_in)), clock(true_time) {}

  // How a process ends: with its machine (what was not synced is lost, torn or reordered), or
  // alone (kill -9: what was written stays).
  void LosePower(Random& random) { disk.Crash(random.Below(2) == 0 ? &random : nullptr); }
  void LoseProcess() { disk.Kill(); }

  std::string name;
  LyingDisk disk;
  StepWatch steps;
  SkewedClock clock;
  Milliseconds up_at{0};  // monotonic
  uint64_t lives = 0;
  uint64_t lives_read = 0;       // of the coordinator: the life whose whole ledger was read
  int calls = 0;                 // of its process, on the stack
  bool crash_told = false;       // its disk knows of the crash that its process is dying of
  bool flipped = false;          // a bit of its disk was flipped and not flipped back
  bool device_failed = false;    // since its last start
  bool disk_in_trouble = false;  // full or failing
  Milliseconds disk_mended_at{0};
  Milliseconds clock_mended_at{0};

  // Whether its own disk may be to blame for what it says.
  bool Hurt() const { return flipped || device_failed || disk_in_trouble; }
};

}  // namespace renkei::sim
