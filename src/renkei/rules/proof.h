// SPDX-License-Identifier: Apache-2.0
// Why an answer is what it is: the smallest tree of rules and facts that carries it, in preorder.
#pragma once

#include <cstdint>
#include <vector>

#include "renkei/rules/assessment.h"

namespace renkei::rules {

struct ProofStep {
  enum class Kind : uint8_t {
    kRule,       // `index`: a rule
    kTerm,       // a term
    kClass,      // the item has, or has not, a class
    kFact,       // a node that asks for a fact
    kUnclaimed,  // an exception that may not be claimed; what follows says why
    kOthers,     // `index` further rules were looked at; none applies
  };
  Kind kind = Kind::kRule;
  Truth truth = Truth::kYes;
  uint8_t depth = 0;
  int8_t party = kNoParty;
  uint32_t index = 0;

  bool operator==(const ProofStep&) const = default;
};

using Proof = std::vector<ProofStep>;

// Of an outcome that is settled.
Proof Prove(Evaluation& evaluation, const Assessment& assessment);

// Of what is not: the rules that hang on one of `variables`.
Proof ProveOpen(Evaluation& evaluation, const std::vector<Variable>& variables);

}  // namespace renkei::rules
