// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/supervisor.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace renkei::apps {
namespace {

// A supervisor that cannot be reached decides by itself; there is nobody to tell.
void Tell(const std::string& state) { (void)sd_notify(/*unset_environment=*/0, state.c_str()); }

// A line feed would begin another assignment.
std::string OneLine(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

void TellReady(const std::string& status) {
  Tell(fmt::format("READY=1\nSTATUS={}", OneLine(status)));
}

void TellStatus(const std::string& status) { Tell(fmt::format("STATUS={}", OneLine(status))); }

void TellStopping() { Tell("STOPPING=1\nSTATUS=stopping"); }

void TellAlive() { Tell("WATCHDOG=1"); }

std::optional<Milliseconds> AliveInterval() {
  uint64_t limit_us = 0;
  if (sd_watchdog_enabled(/*unset_environment=*/0, &limit_us) <= 0) return std::nullopt;
  // Half of the time after which it would be ended, as sd_watchdog_enabled(3) advises.
  return std::max(Milliseconds(1), Milliseconds(limit_us / 2000));
}

}  // namespace renkei::apps
