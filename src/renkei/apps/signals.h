// SPDX-License-Identifier: Apache-2.0
// SIGTERM and SIGINT as something to wait for.
#pragma once

#include <chrono>

namespace renkei::apps {

// Blocks both in the calling thread and in those it starts later; SIGPIPE is ignored. Called
// before any other thread runs.
void CatchStopSignals();

// True when one of them has come within `wait`. After CatchStopSignals.
bool StopSignalWithin(std::chrono::milliseconds wait);

}  // namespace renkei::apps
