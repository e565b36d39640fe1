// SPDX-License-Identifier: Apache-2.0
// What may be an entry: who may write it, and what it may say given the ledger so far. The same
// rules at the coordinator before an append and at every reader after it.
#pragma once

#include "renkei/base/clock.h"
#include "renkei/record/record.h"
#include "renkei/run/book.h"
#include "renkei/run/decision.h"

namespace renkei::run {

// `book` holds a charter. `time` is the instant at which determinations have to be valid.
Decision CheckRecord(const BookState& book, const Author& author, const record::Record& record,
                     Instant time);

// The candidates of a run as its spec and its owner's determination name them.
std::vector<record::Holder> CandidatesOf(const BookState& book, const Spec& spec,
                                         const Standing& owner_go);

// The coordinator as the charter names it.
record::Holder CoordinatorOf(const charter::Charter& charter);

}  // namespace renkei::run
