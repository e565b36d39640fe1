// SPDX-License-Identifier: Apache-2.0
// A determination asked again: does the gate that the reader has say the same, to the last byte?
// Whoever has the charter and its rule packs can check every decision of a ledger so, long after.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "renkei/charter/charter.h"
#include "renkei/gate/rule_shelf.h"
#include "renkei/record/record.h"

namespace renkei::gate {

enum class Replayed {
  kSame,
  kPrivate,       // rests on commitments: only the charter's part was asked again, and agrees
  kPacksMissing,  // only the charter's part was asked again, and agrees
  kDifferent,
};
std::string_view NameOf(Replayed replayed);  // "same", "private", "packs-missing", "different"

struct Replay {
  Replayed outcome = Replayed::kDifferent;
  std::vector<std::string> fields{};  // that differ, in the order of the entry
};

// Pure. `shelf` holds what the reader has: the charter's packs, or nothing.
Replay ReplayOf(const charter::Charter& charter, const RuleShelf& shelf,
                const record::Determined& determined);

}  // namespace renkei::gate
