// SPDX-License-Identifier: Apache-2.0
// A person's own gate: asked before a model is submitted or released, and answered in the ledger.
#pragma once

#include <cstdint>

#include "renkei/apps/console.h"
#include "renkei/apps/person_session.h"
#include "renkei/gate/determine.h"

namespace renkei::apps {

struct GateWord {
  record::Verdict verdict = record::Verdict::kRefuse;
  uint64_t entry = 0;  // of the determination
};

// What stands for `crossing`: an earlier go, or a hold that officers have approved since; a hold
// that still waits; else the gate's new answer, which becomes an entry. Said on standard error.
StatusOr<GateWord> AskGate(PersonSession& session, const gate::Crossing& crossing);

// The determination in an entry of the mirror.
//   DATA_LOSS  the entry is none
StatusOr<record::Determined> DeterminedAt(const PersonSession& session, uint64_t index);

Exit ExitFor(record::Verdict verdict);

}  // namespace renkei::apps
