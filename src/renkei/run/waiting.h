// SPDX-License-Identifier: Apache-2.0
// Why a run stands where it stands: for `run show`.
#pragma once

#include <string>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/run/run_state.h"
#include "renkei/run/step.h"

namespace renkei::run {

struct Waiting {
  std::vector<std::string> waiting_for;  // "approval of 1 more party", "update of site f1"; empty
                                         // only when finished or when a step is due at once
  Instant since{};
  std::string next;  // what happens next, and when at the latest
};

// `live` as the coordinator knows it; a reader of the ledger alone passes {}.
Waiting WaitingFor(const RunState& run, const Live& live, Instant now);

}  // namespace renkei::run
