// SPDX-License-Identifier: Apache-2.0
// Which faults a simulated world suffers, and how often. A world has some of them, not all: rare
// meetings of two are found sooner that way (swarm testing, Groce et al. 2012).
#pragma once

#include <cstdint>

#include "renkei/base/random.h"

namespace renkei::sim {

struct Weather {
  // Of 1000 calls.
  uint64_t lost_requests = 0;
  uint64_t lost_replies = 0;
  uint64_t late_copies = 0;  // a request that arrives again later, behind newer ones
  // Of 10,000 steps.
  uint64_t partitions = 0;
  uint64_t hub_power_losses = 0;
  uint64_t hub_kills = 0;
  uint64_t site_power_losses = 0;
  uint64_t site_kills = 0;
  uint64_t crashes_at_a_step = 0;  // of anybody's disk
  uint64_t full_disks = 0;
  uint64_t device_failures = 0;
  uint64_t clock_jumps = 0;
  uint64_t bit_flips = 0;
  uint64_t pauses = 0;  // by people
  uint64_t leaves = 0;  // of a party
  // Of 100 tasks.
  uint64_t slow_tasks = 0;
  uint64_t bad_tasks = 0;
  // Of the whole world.
  bool stop_asked = false;
  bool large_model = false;  // of two chunks

  bool Any() const;
};

Weather DrawWeather(Random& random);

}  // namespace renkei::sim
