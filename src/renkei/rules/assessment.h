// SPDX-License-Identifier: Apache-2.0
// The outcome of one case on one day in one layer, or the first thing that is not known and may
// decide it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "renkei/rules/evaluation.h"
#include "renkei/rules/outcome.h"

namespace renkei::rules {

// Something that is not known: a fact of the crossing or of a party, the classes of the item, or
// which of two rules that contradict each other is right.
struct Variable {
  enum class Kind { kFact, kClasses, kConflict };
  Kind kind = Kind::kFact;
  uint32_t index = 0;  // the fact, or the requirement that is contradicted
  int party = kNoParty;

  auto operator<=>(const Variable&) const = default;
};

// The contradictions that are settled for the sake of argument: requirement -> it stands.
using Settled = std::map<uint32_t, bool>;

struct Requirement {
  uint32_t rule = kNone;
  std::vector<uint32_t>
      lifted_by{};          // exceptions that may be claimed, the first to be claimed first
  uint32_t review = kNone;  // a rule that leaves it to a person
  std::string policy{};     // of review, when nothing lifts it
  uint32_t policy_rule = kNone;
};

struct Assessment {
  Outcome outcome{};
  uint32_t decisive = kNone;                // a rule that decides alone: scope, prohibition, review
  std::vector<Requirement> requirements{};  // that hold, in the order of their rules
  std::map<std::string, Outcome> legs{};    // by reason for control
  std::vector<uint32_t> notes{};
  std::optional<Variable> open{};  // then the outcome above is not final
};

Assessment Assess(Evaluation& evaluation, const Settled& settled);

// The first unknown that the truth of `rule` hangs on; nothing when it is known.
std::optional<Variable> OpenIn(Evaluation& evaluation, uint32_t rule);

// The rule in force that shuts `exception`, or kNone.
uint32_t ShutBy(Evaluation& evaluation, uint32_t exception);

}  // namespace renkei::rules
