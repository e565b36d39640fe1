// SPDX-License-Identifier: Apache-2.0
// How an accepted entry changes its run. rules.h has said yes before: what contradicts it here is
// our bug.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/record/record.h"
#include "renkei/run/run_state.h"

namespace renkei::run {

// The entry as Fold needs it.
struct Accepted {
  uint64_t index = 0;
  ByteSpan envelope;
  Instant time{};        // of the ledger: never goes back, whatever `at` authors write
  std::string key_id{};  // of the author
  Instant hold_until{};  // of a determination with verdict hold
  const record::Record& record;
};

// What it says of charter::kRunOperations; 0 when it says nothing.
double OperationsIn(const record::Determined& determined);

// A determination as it stands for a run.
Standing StandingOf(uint64_t index, const record::Determined& determined);

// True when a determination speaks of what the spec is about: the model or what is trained on it,
// its classification, all its purposes. Others do not stand for the run.
bool Fits(const Spec& spec, const record::Determined& determined);

// Changes `run` by an entry about it (not run.submitted, which makes it: book.cc).
void Fold(RunState& run, const Accepted& entry);

// `run` enters `to` by an entry of `kind`, at ledger time `time`.
void Enter(RunState& run, std::string_view kind, Phase to, Instant time);

}  // namespace renkei::run
