// SPDX-License-Identifier: Apache-2.0
// What the weather does to the machines, and how it passes.
#include <algorithm>

#include <fmt/format.h>

#include "world.h"

namespace renkei::sim {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Milliseconds kHubErrorMax = seconds(60);
constexpr uint64_t kPartitionMsMax = 60'000;
constexpr uint64_t kTroubleMsMax = 30'000;  // a full or failing disk
constexpr uint64_t kWrongClockMsMax = 60'000;
constexpr uint64_t kStepsAheadMax = 60;

}  // namespace

Machine& World::AnyMachine() {
  const uint64_t one = random_->Below(sites_.size() + 2);  // the coordinator twice as often
  return one < sites_.size() ? sites_[one].machine : hub_;
}

void World::CrashHub(bool power) {
  if (hub_life_ == nullptr) return;
  Trace(power ? "hub loses power" : "hub is killed");
  hub_life_->disk.End();
  power ? hub_.LosePower(*random_) : hub_.LoseProcess();
  BuryHub();
}

void World::CrashSite(Site& site, bool power) {
  if (site.life == nullptr || site.life->disk.dead()) return;
  Trace(site.id.text() + (power ? " loses power" : " is killed"));
  site.life->disk.End();
  power ? site.machine.LosePower(*random_) : site.machine.LoseProcess();
  site.machine.crash_told = true;
  if (site.machine.calls == 0) BurySite(site);
}

void World::SetTrouble(Machine& machine) {
  machine.disk_in_trouble = true;
  machine.disk_mended_at = clock_.Monotonic() + Milliseconds(1000 + random_->Below(kTroubleMsMax));
}

void World::FillDisk(Machine& machine) {
  Trace(machine.name + ": disk full");
  machine.disk.SetCapacity(1);
  SetTrouble(machine);
}

void World::FlipBit(Machine& machine) {
  if (machine.flipped) return;
  const std::vector<std::string> files = machine.disk.Files();
  if (files.empty()) return;
  const std::string& file = files[random_->Below(files.size())];
  const auto bytes = ReadWhole(machine.disk, file, uint64_t{1} << 32);
  if (!bytes.ok() || bytes->empty()) return;
  const uint64_t bit = random_->Below(bytes->size() * 8);
  Trace(fmt::format("{}: bit {} of {} flips", machine.name, bit, file));
  machine.disk.FlipBit(file, bit);
  machine.flipped = true;
}

// As from a copy: what was flipped is as it was.
void World::Repair(Machine& machine) {
  machine.disk.ClearFaults();
  machine.disk_in_trouble = false;
  if (!machine.flipped) return;
  Trace(machine.name + ": the flipped bit is mended");
  machine.disk.MendBits();
  machine.flipped = false;
}

void World::EndTroubles() {
  const auto end = [this](Machine& machine) {
    const Milliseconds now = clock_.Monotonic();
    if (now >= machine.clock_mended_at) machine.clock.SetError(Milliseconds(0));
    if (!machine.disk_in_trouble || now < machine.disk_mended_at) return;
    machine.disk.ClearFaults();
    machine.disk_in_trouble = false;
  };
  end(hub_);
  for (Site& site : sites_) end(site.machine);
}

void World::Suffer() {
  Meddle();
  if (healed_) return;
  EndTroubles();
  Site& site = sites_[random_->Below(sites_.size())];
  if (Chance(weather_.partitions)) {
    Trace(site.id.text() + " is cut off");
    site.cut_off_until = clock_.Monotonic() + Milliseconds(random_->Below(kPartitionMsMax));
  }
  if (Chance(weather_.hub_power_losses)) CrashHub(true);
  if (Chance(weather_.hub_kills)) CrashHub(false);
  if (Chance(weather_.site_power_losses)) CrashSite(site, true);
  if (Chance(weather_.site_kills)) CrashSite(site, false);
  if (Chance(weather_.crashes_at_a_step)) {
    AnyMachine().steps.ArmAfter(1 + random_->Below(kStepsAheadMax),
                                random_->Below(2) == 0 ? Side::kBefore : Side::kAfter);
  }
  if (Chance(weather_.full_disks)) FillDisk(AnyMachine());
  if (Chance(weather_.device_failures)) {
    Machine& machine = AnyMachine();
    Trace(machine.name + ": device fails soon");
    machine.disk.FailAfter(1 + random_->Below(kStepsAheadMax));
    machine.device_failed = true;
    SetTrouble(machine);
  }
  if (Chance(weather_.bit_flips)) FlipBit(AnyMachine());
  if (Chance(weather_.clock_jumps)) {
    const Milliseconds errors[] = {seconds(-30), seconds(30), hours(-25), hours(25),
                                   Milliseconds(0)};
    // The coordinator's clock is the one by which deadlines pass: off by a day, runs end early.
    Machine& machine = AnyMachine();
    const Milliseconds error = errors[random_->Below(std::size(errors))];
    if (&machine == &hub_ && std::chrono::abs(error) > kHubErrorMax) return;
    machine.clock.SetError(error);
    machine.clock_mended_at = clock_.Monotonic() + Milliseconds(random_->Below(kWrongClockMsMax));
    Trace(fmt::format("{}: clock off by {} s", machine.name, machine.clock.error().count() / 1000));
  }
}

void World::Heal() {
  Trace("the weather clears");
  healed_ = true;
  healed_at_ = clock_.Now();
  if (HasTime()) referee_.WeatherIsFineFrom(healed_at_);
  const bool large = weather_.large_model;
  weather_ = {};
  weather_.large_model = large;
  copies_.clear();
  for (Site& site : sites_) {
    site.cut_off_until = Milliseconds(0);
    site.machine.steps.Disarm();
    site.machine.clock.SetError(Milliseconds(0));
    const bool sick = site.machine.flipped || site.machine.device_failed;
    Repair(site.machine);
    if (sick) CrashSite(site, false);
  }
  hub_.steps.Disarm();
  hub_.clock.SetError(Milliseconds(0));
  const bool sick = hub_.flipped || hub_.device_failed;
  Repair(hub_);
  if (sick) CrashHub(false);
}

}  // namespace renkei::sim
