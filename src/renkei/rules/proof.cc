// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/proof.h"

#include <algorithm>

namespace renkei::rules {
namespace {

using StepKind = ProofStep::Kind;

class Prover {
 public:
  explicit Prover(Evaluation& evaluation) : evaluation_(evaluation), book_(evaluation.book()) {}

  void ProveRule(uint32_t index, uint8_t depth) {
    const Truth truth = evaluation_.OfRule(index);
    if (!Push({.kind = StepKind::kRule, .truth = truth, .depth = depth, .index = index})) return;
    const BookRule& rule = book_.rules[index];
    const auto below = static_cast<uint8_t>(depth + 1);
    const bool asked = evaluation_.in_force().active[index] != 0;
    if (!asked) return;  // not in force on this day, or in this layer
    const Truth when = evaluation_.OfNode(rule.when, kNoParty);
    // Of what is not known, what is known is not the reason.
    if (truth != Truth::kUnknown || when == truth) ProveNode(rule.when, kNoParty, below);
    if (rule.except == kNone || when == Truth::kNo) return;
    if (truth != Truth::kUnknown || evaluation_.OfNode(rule.except, kNoParty) == truth) {
      ProveNode(rule.except, kNoParty, below);
    }
  }

  void ProveNode(uint32_t index, int party, uint8_t depth) {
    const Node& node = book_.nodes[index];
    const Truth truth = evaluation_.OfNode(index, party);
    const auto below = static_cast<uint8_t>(depth + 1);
    switch (node.op) {
      case Op::kAll:
      case Op::kAny:
        return ProveParts(node, truth, party, depth);
      case Op::kAnyParty:
        return ProveParties(node, truth, depth);
      case Op::kNot:
        return ProveNode(book_.parts[node.target], party, depth);
      case Op::kTrue:
      case Op::kFalse:
        return;
      case Op::kTerm:
        if (!Push(Step(StepKind::kTerm, truth, depth, party, node.target))) return;
        return ProveNode(book_.terms[node.target].when, party, below);
      case Op::kRule:
        return ProveRule(node.target, depth);
      case Op::kClass:
        return ProveClass(node.target, truth, depth);
      default:
        Push(Step(StepKind::kFact, truth, depth, node.of_party ? party : kNoParty, index));
    }
  }

  // Why `exception` does not lift a requirement.
  void ProveUnclaimed(uint32_t exception, uint8_t depth) {
    const Truth truth = evaluation_.OfRule(exception);
    const uint32_t shut = truth == Truth::kYes ? ShutBy(evaluation_, exception) : kNone;
    if (!Push(Step(StepKind::kUnclaimed, truth, depth, kNoParty, exception))) return;
    const auto below = static_cast<uint8_t>(depth + 1);
    const BookRule& rule = book_.rules[exception];
    if (shut != kNone) return ProveRule(shut, below);
    if (truth != Truth::kYes) {
      const bool when = evaluation_.OfNode(rule.when, kNoParty) != Truth::kYes;
      return ProveNode(when ? rule.when : rule.except, kNoParty, below);
    }
    for (const uint32_t shown : rule.shown) {
      if (evaluation_.OfNode(shown, kNoParty) != Truth::kYes) ProveNode(shown, kNoParty, below);
    }
  }

  void ProveShown(uint32_t exception, uint8_t depth) {
    for (const uint32_t shown : book_.rules[exception].shown) {
      ProveNode(shown, kNoParty, static_cast<uint8_t>(depth + 1));
    }
  }

  // A requirement that does not hold although the item is of its kind: of one of its classes, or
  // but for its exception.
  bool IsNear(uint32_t index) {
    const BookRule& rule = book_.rules[index];
    const bool has_class = std::ranges::any_of(
        rule.about, [&](uint32_t each) { return evaluation_.OfClass(each) == Truth::kYes; });
    return has_class ||
           (rule.except != kNone && evaluation_.OfNode(rule.when, kNoParty) == Truth::kYes);
  }

  void PushOthers(uint32_t count) {
    if (count > 0) Push({.kind = StepKind::kOthers, .truth = Truth::kNo, .index = count});
  }

  Proof Take() { return std::move(proof_); }

 private:
  static ProofStep Step(StepKind kind, Truth truth, uint8_t depth, int party, uint32_t index) {
    return {.kind = kind,
            .truth = truth,
            .depth = depth,
            .party = static_cast<int8_t>(party),
            .index = index};
  }

  // Each thing is proved once; false when it stands above already.
  bool Push(const ProofStep& step) {
    for (const ProofStep& earlier : proof_) {
      if (earlier.kind == step.kind && earlier.index == step.index && earlier.party == step.party) {
        return false;
      }
    }
    proof_.push_back(step);
    return true;
  }

  void ProveParts(const Node& node, Truth truth, int party, uint8_t depth) {
    const Truth of_all = node.op == Op::kAll ? Truth::kYes : Truth::kNo;
    for (const uint32_t part : book_.PartsOf(node)) {
      const Truth each = evaluation_.OfNode(part, party);
      if (truth == of_all || each == truth) ProveNode(part, party, depth);
      // One part that differs decides; what is not known is all that is not known.
      if (truth != of_all && truth != Truth::kUnknown && each == truth) return;
    }
  }

  void ProveParties(const Node& node, Truth truth, uint8_t depth) {
    for (size_t i = 0; i < evaluation_.facts().parties.size(); ++i) {
      const int party = static_cast<int>(i);
      if (evaluation_.OfNode(book_.parts[node.target], party) != truth) continue;
      ProveNode(book_.parts[node.target], party, depth);
      if (truth == Truth::kYes) return;
    }
  }

  void ProveClass(uint32_t index, Truth truth, uint8_t depth) {
    if (!Push(Step(StepKind::kClass, truth, depth, kNoParty, index))) return;
    if (truth == Truth::kNo) return;
    for (const uint32_t rule : book_.classes[index].rules) {
      if (evaluation_.OfRule(rule) != truth) continue;
      ProveRule(rule, static_cast<uint8_t>(depth + 1));
      if (truth == Truth::kYes) return;
    }
  }

  Evaluation& evaluation_;
  const RuleBook& book_;
  Proof proof_;
};

void ProveRequirement(const Requirement& requirement, Evaluation& evaluation, Prover& prover) {
  const RuleBook& book = evaluation.book();
  prover.ProveRule(requirement.rule, 0);
  if (!requirement.lifted_by.empty()) {
    prover.ProveRule(requirement.lifted_by[0], 1);
    prover.ProveShown(requirement.lifted_by[0], 1);
    return;
  }
  if (requirement.review != kNone) return prover.ProveRule(requirement.review, 1);
  if (requirement.policy_rule != kNone) prover.ProveRule(requirement.policy_rule, 1);
  const std::vector<uint32_t>& lifts = book.rules[requirement.rule].lifted_by;
  for (const uint32_t rule : evaluation.lists().only_exceptions) {
    const std::vector<bool>& shuts = book.rules[rule].shuts;
    const bool shuts_one = std::ranges::any_of(lifts, [&](uint32_t lift) { return shuts[lift]; });
    if (shuts_one && evaluation.OfRule(rule) == Truth::kYes) prover.ProveRule(rule, 1);
  }
  for (const uint32_t lift : lifts) {
    const bool in_force = evaluation.in_force().active[lift] != 0;
    if (in_force && book.rules[lift].said.effect == Effect::kException) {
      prover.ProveUnclaimed(lift, 1);
    }
  }
}

bool HangsOn(Evaluation& evaluation, uint32_t node, int party,
             const std::vector<Variable>& variables);

bool RuleHangsOn(Evaluation& evaluation, uint32_t rule, const std::vector<Variable>& variables) {
  if (evaluation.OfRule(rule) != Truth::kUnknown) return false;
  const BookRule& each = evaluation.book().rules[rule];
  return HangsOn(evaluation, each.when, kNoParty, variables) ||
         (each.except != kNone && HangsOn(evaluation, each.except, kNoParty, variables));
}

bool HangsOn(Evaluation& evaluation, uint32_t index, int party,
             const std::vector<Variable>& variables) {
  if (evaluation.OfNode(index, party) != Truth::kUnknown) return false;
  const RuleBook& book = evaluation.book();
  const Node& node = book.nodes[index];
  if (node.op == Op::kRule) return RuleHangsOn(evaluation, node.target, variables);
  if (node.op == Op::kTerm) {
    return HangsOn(evaluation, book.terms[node.target].when, party, variables);
  }
  if (node.op == Op::kClass) {
    const bool classes = std::ranges::any_of(variables, [](const Variable& variable) {
      return variable.kind == Variable::Kind::kClasses;
    });
    return classes || std::ranges::any_of(book.classes[node.target].rules, [&](uint32_t rule) {
             return RuleHangsOn(evaluation, rule, variables);
           });
  }
  if (node.op == Op::kAnyParty) {
    for (size_t i = 0; i < evaluation.facts().parties.size(); ++i) {
      if (HangsOn(evaluation, book.parts[node.target], static_cast<int>(i), variables)) return true;
    }
    return false;
  }
  if (node.count > 0) {
    return std::ranges::any_of(book.PartsOf(node), [&](uint32_t part) {
      return HangsOn(evaluation, part, party, variables);
    });
  }
  return std::ranges::any_of(variables, [&](const Variable& variable) {
    return variable.kind == Variable::Kind::kFact &&
           (variable.index == book.sources[index].fact ||
            book.facts[variable.index].said.id == kItemKind) &&
           (!node.of_party || variable.party == party);
  });
}

}  // namespace

Proof Prove(Evaluation& evaluation, const Assessment& assessment) {
  Prover prover(evaluation);
  if (assessment.decisive != kNone) prover.ProveRule(assessment.decisive, 0);
  for (const Requirement& requirement : assessment.requirements) {
    ProveRequirement(requirement, evaluation, prover);
  }
  if (assessment.outcome.kind == OutcomeKind::kNlr && assessment.decisive == kNone) {
    uint32_t others = 0;
    for (const uint32_t rule : evaluation.lists().require) {
      if (prover.IsNear(rule)) {
        prover.ProveRule(rule, 0);
      } else {
        ++others;
      }
    }
    prover.PushOthers(others);
  }
  for (const uint32_t note : assessment.notes) prover.ProveRule(note, 0);
  return prover.Take();
}

Proof ProveOpen(Evaluation& evaluation, const std::vector<Variable>& variables) {
  Prover prover(evaluation);
  const RuleBook& book = evaluation.book();
  for (const Variable& variable : variables) {
    if (variable.kind != Variable::Kind::kConflict) continue;
    prover.ProveRule(variable.index, 0);
    for (const uint32_t denial : book.rules[variable.index].denied_by) {
      if (evaluation.OfRule(denial) != Truth::kNo) prover.ProveRule(denial, 0);
    }
  }
  for (uint32_t rule = 0; rule < book.rules.size(); ++rule) {
    const Effect effect = book.rules[rule].said.effect;
    if (effect == Effect::kClass || effect == Effect::kNote) continue;
    if (RuleHangsOn(evaluation, rule, variables)) prover.ProveRule(rule, 0);
  }
  return prover.Take();
}

}  // namespace renkei::rules
