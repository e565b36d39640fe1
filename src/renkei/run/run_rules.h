// SPDX-License-Identifier: Apache-2.0
// The rules for entries about a run that exists (rules.h has those for the rest).
#pragma once

#include "renkei/base/clock.h"
#include "renkei/record/record.h"
#include "renkei/run/book.h"
#include "renkei/run/decision.h"
#include "renkei/run/run_state.h"

namespace renkei::run {

// Author and role have been checked; `time` as in CheckRecord.
Decision CheckAboutRun(const RunState& run, const Author& author, const record::RunApproved& entry,
                       Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author, const record::RunStopAsked& entry,
                       Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author,
                       const record::RunPauseAsked& entry, Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author,
                       const record::RunResumeAsked& entry, Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author, const record::RoundOpened& entry,
                       Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author, const record::Contributed& entry,
                       Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author, const record::Declined& entry,
                       Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author, const record::RoundClosed& entry,
                       Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author, const record::RoundReduced& entry,
                       Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author, const record::Evaluated& entry,
                       Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author, const record::RunFinished& entry,
                       Instant time);
Decision CheckAboutRun(const RunState& run, const Author& author, const record::Released& entry,
                       Instant time);

}  // namespace renkei::run
