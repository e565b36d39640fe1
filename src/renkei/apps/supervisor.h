// SPDX-License-Identifier: Apache-2.0
// What a service tells the process that started it, over the socket that NOTIFY_SOCKET names
// (sd_notify(3)). Where nobody listens, as in a terminal, nothing is said and nothing fails.
#pragma once

#include <optional>
#include <string>

#include "renkei/base/clock.h"

namespace renkei::apps {

// It serves: once, when it can. `status` is a line for people.
void TellReady(const std::string& status);
// What it does now, in a line.
void TellStatus(const std::string& status);
// It was told to end and is about to.
void TellStopping();
// It is alive.
void TellAlive();

// How often TellAlive is expected (WATCHDOG_USEC); none: it is not.
std::optional<Milliseconds> AliveInterval();

}  // namespace renkei::apps
