// SPDX-License-Identifier: Apache-2.0
// One crossing put to the rule packs, once for each party and country that will come to hold the
// item: in the rules' own words, and what the charter's policy makes of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/gate/determine.h"
#include "renkei/gate/reasons.h"
#include "renkei/gate/rule_shelf.h"
#include "renkei/rules/case.h"
#include "renkei/rules/decide.h"
#include "renkei/rules/judgement.h"

namespace renkei::gate {

// By how much the instant of a crossing may be off (design, section 5, "time").
inline constexpr Milliseconds kSkew{60'000};

struct RuleAnswers {
  std::vector<record::RuleOutcome> outcomes{};
  std::vector<Finding> findings{};  // for each party and country; none: it may go
  std::vector<std::string> not_assessed{};
  std::string text_as_of{};             // the oldest text; empty when nothing was asked
  Instant changes_at = Instant::max();  // the answers may be others from then on
};

// The policy of a charter that assesses export rules.
rules::Profile ProfileOf(const charter::ExportRules& rules);

RuleAnswers AskRules(const charter::Charter& charter, const RuleShelf& shelf,
                     const Crossing& crossing, Instant now);

// The crossing to one of its recipients, as the packs of `book` see it: what is explained to
// people (rules/explain.h).
//   INVALID_ARGUMENT  a fact or class that no pack knows, or of the wrong type
StatusOr<rules::Case> CaseOf(const charter::Charter& charter, const rules::RuleBook& book,
                             const Crossing& crossing, const record::Holder& to, Instant now);

}  // namespace renkei::gate
