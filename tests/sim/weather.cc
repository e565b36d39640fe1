// SPDX-License-Identifier: Apache-2.0
#include "weather.h"

namespace renkei::sim {
namespace {

// Nothing in three worlds of five, else up to `most`.
void Maybe(Random& random, uint64_t& fault, uint64_t most) {
  if (random.Below(5) < 2) fault = 1 + random.Below(most);
}

}  // namespace

Weather DrawWeather(Random& random) {
  Weather weather;
  weather.large_model = random.Below(64) == 0;
  if (random.Below(16) == 0) return weather;  // a fine day
  Maybe(random, weather.lost_requests, 80);
  Maybe(random, weather.lost_replies, 80);
  Maybe(random, weather.late_copies, 100);
  Maybe(random, weather.partitions, 25);
  Maybe(random, weather.hub_power_losses, 8);
  Maybe(random, weather.hub_kills, 8);
  Maybe(random, weather.site_power_losses, 12);
  Maybe(random, weather.site_kills, 12);
  Maybe(random, weather.crashes_at_a_step, 15);
  Maybe(random, weather.full_disks, 15);
  Maybe(random, weather.device_failures, 10);
  Maybe(random, weather.clock_jumps, 20);
  if (random.Below(5) == 0) weather.bit_flips = 1 + random.Below(15);
  Maybe(random, weather.slow_tasks, 15);
  Maybe(random, weather.bad_tasks, 10);
  weather.stop_asked = random.Below(30) == 0;
  if (random.Below(5) == 0) weather.pauses = 1 + random.Below(40);
  if (random.Below(8) == 0) weather.leaves = 1 + random.Below(10);
  return weather;
}

bool Weather::Any() const {
  return lost_requests + lost_replies + late_copies + partitions + hub_power_losses + hub_kills +
             site_power_losses + site_kills + crashes_at_a_step + full_disks + device_failures +
             clock_jumps + bit_flips + slow_tasks + bad_tasks + pauses + leaves +
             (stop_asked ? 1 : 0) >
         0;
}

}  // namespace renkei::sim
