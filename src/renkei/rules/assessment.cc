// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/assessment.h"

#include <algorithm>
#include <tuple>

#include "renkei/base/check.h"

namespace renkei::rules {
namespace {

std::optional<Variable> OpenInNode(Evaluation& evaluation, uint32_t index, int party) {
  if (evaluation.OfNode(index, party) != Truth::kUnknown) return std::nullopt;
  const RuleBook& book = evaluation.book();
  const Node& node = book.nodes[index];
  switch (node.op) {
    case Op::kAll:
    case Op::kAny:
    case Op::kNot:
      for (const uint32_t part : book.PartsOf(node)) {
        if (const auto open = OpenInNode(evaluation, part, party)) return open;
      }
      break;
    case Op::kAnyParty:
      for (size_t i = 0; i < evaluation.facts().parties.size(); ++i) {
        if (const auto open =
                OpenInNode(evaluation, book.parts[node.target], static_cast<int>(i))) {
          return open;
        }
      }
      break;
    case Op::kTerm: {
      const BookTerm& term = book.terms[node.target];
      return OpenInNode(evaluation, term.when, term.of_party ? party : kNoParty);
    }
    case Op::kRule:
      return OpenIn(evaluation, node.target);
    case Op::kClass:
      for (const uint32_t rule : book.classes[node.target].rules) {
        if (const auto open = OpenIn(evaluation, rule)) return open;
      }
      return Variable{.kind = Variable::Kind::kClasses};
    default: {
      const Interval& kind = evaluation.facts().facts[book.kind_slot];
      const bool kind_decides = node.has_kinds && !kind.is_point();
      if (!kind_decides) {
        return Variable{.index = book.sources[index].fact,
                        .party = node.of_party ? party : kNoParty};
      }
      return Variable{.index = book.fact_by_id.find(kItemKind)->second};
    }
  }
  RK_CHECK(false);
}

class Assessor {
 public:
  Assessor(Evaluation& evaluation, const Settled& settled)
      : evaluation_(evaluation), book_(evaluation.book()), settled_(settled) {}

  Assessment Assess() {
    const RuleLists& in_force = evaluation_.lists();
    for (const uint32_t note : in_force.note) {
      if (evaluation_.MayHold(note) && evaluation_.OfRule(note) == Truth::kYes)
        made_.notes.push_back(note);
    }
    if (const uint32_t rule = FirstOf(in_force.not_subject); rule != kNone) {
      made_.open.reset();
      return Decided(rule, OutcomeKind::kNotSubject);
    }
    if (made_.open) return std::move(made_);
    if (const uint32_t rule = FirstOf(in_force.prohibit); rule != kNone) {
      made_.open.reset();
      return Decided(rule, OutcomeKind::kProhibited);
    }
    if (const uint32_t rule = FirstOf(in_force.no_licence); rule != kNone) {
      return Decided(rule, OutcomeKind::kNlr);
    }
    for (const uint32_t rule : in_force.require) TakeRequirement(rule);
    const uint32_t review = FirstOf(in_force.review);
    Conclude(review);
    return std::move(made_);
  }

 private:
  Assessment Decided(uint32_t rule, OutcomeKind kind) {
    made_.decisive = rule;
    made_.outcome = {.kind = kind};
    return std::move(made_);
  }

  // The first rule that holds; of those that are not known the first is what is open.
  uint32_t FirstOf(const std::vector<uint32_t>& rules) {
    for (const uint32_t rule : rules) {
      if (!evaluation_.MayHold(rule)) continue;
      const Truth truth = evaluation_.OfRule(rule);
      if (truth == Truth::kYes) return rule;
      if (truth == Truth::kUnknown) NoteOpen(rule);
    }
    return kNone;
  }

  void NoteOpen(uint32_t rule) {
    if (!made_.open) made_.open = OpenIn(evaluation_, rule);
  }

  bool Holds(uint32_t rule) {
    const Truth truth = evaluation_.OfRule(rule);
    if (truth == Truth::kUnknown) NoteOpen(rule);
    return truth == Truth::kYes;
  }

  void TakeRequirement(uint32_t rule) {
    if (!evaluation_.MayHold(rule) || !Holds(rule)) return;
    for (const uint32_t denial : book_.rules[rule].denied_by) {
      if (!Holds(denial)) continue;
      const auto stands = settled_.find(rule);
      if (stands == settled_.end()) {
        if (!made_.open) made_.open = Variable{.kind = Variable::Kind::kConflict, .index = rule};
      } else if (!stands->second) {
        return;
      }
    }
    Requirement requirement{.rule = rule, .policy = book_.rules[rule].said.subject};
    for (const uint32_t lift : book_.rules[rule].lifted_by) {
      if (!Holds(lift)) continue;
      if (book_.rules[lift].said.effect == Effect::kReview) {
        requirement.review = lift;
      } else if (evaluation_.IsShown(lift) && !IsShut(lift)) {
        requirement.lifted_by.push_back(lift);
      }
    }
    std::ranges::sort(requirement.lifted_by, {}, [&](uint32_t lift) {
      const Rule& said = book_.rules[lift].said;
      return std::tie(said.rank, said.subject, said.id);
    });
    if (requirement.lifted_by.empty()) TakePolicy(requirement);
    made_.requirements.push_back(std::move(requirement));
  }

  bool IsShut(uint32_t exception) {
    for (const uint32_t rule : evaluation_.lists().only_exceptions) {
      if (book_.rules[rule].shuts[exception] && Holds(rule)) return true;
    }
    return false;
  }

  // Of several policies the strictest is the one to reckon with.
  void TakePolicy(Requirement& requirement) {
    const auto strictness = [](std::string_view policy) {
      return policy.find("denial") != std::string_view::npos     ? 2
             : policy.find("approval") != std::string_view::npos ? 0
                                                                 : 1;
    };
    for (const uint32_t policy : book_.rules[requirement.rule].policies) {
      if (!Holds(policy)) continue;
      const std::string& name = book_.rules[policy].said.subject;
      if (requirement.policy_rule != kNone && strictness(name) <= strictness(requirement.policy)) {
        continue;
      }
      requirement.policy = name;
      requirement.policy_rule = policy;
    }
  }

  static Outcome OutcomeOf(const Requirement& requirement, const RuleBook& book) {
    if (!requirement.lifted_by.empty()) {
      return {.kind = OutcomeKind::kException,
              .names = {book.rules[requirement.lifted_by[0]].said.subject}};
    }
    if (requirement.review != kNone) return {.kind = OutcomeKind::kReview};
    Outcome licence{.kind = OutcomeKind::kLicence};
    if (!requirement.policy.empty()) licence.names = {requirement.policy};
    return licence;
  }

  // The worse of two; exceptions add up, and of two policies the first by strictness stays.
  static Outcome Worse(Outcome a, const Outcome& b) {
    if (a.kind != b.kind) return a.kind < b.kind ? b : a;
    if (a.kind == OutcomeKind::kException) {
      for (const std::string& name : b.names) {
        if (std::ranges::count(a.names, name) == 0) a.names.push_back(name);
      }
      std::ranges::sort(a.names);
    }
    if (a.kind == OutcomeKind::kLicence && Denies(b) && !Denies(a)) return b;
    if (a.kind == OutcomeKind::kLicence && a.names.empty()) return b;
    return a;
  }

  static bool Denies(const Outcome& licence) {
    return !licence.names.empty() && licence.names[0].find("denial") != std::string::npos;
  }

  void Conclude(uint32_t review) {
    for (const Requirement& requirement : made_.requirements) {
      const Outcome outcome = OutcomeOf(requirement, book_);
      const std::string& control = book_.rules[requirement.rule].said.control;
      const auto [leg, is_new] = made_.legs.emplace(control, outcome);
      if (!is_new) leg->second = Worse(leg->second, outcome);
      made_.outcome = Worse(made_.outcome, outcome);
    }
    if (review == kNone) return;
    made_.outcome = Worse(made_.outcome, {.kind = OutcomeKind::kReview});
    if (made_.outcome.kind == OutcomeKind::kReview) made_.decisive = review;
  }

  Evaluation& evaluation_;
  const RuleBook& book_;
  const Settled& settled_;
  Assessment made_;
};

}  // namespace

std::optional<Variable> OpenIn(Evaluation& evaluation, uint32_t rule) {
  if (evaluation.OfRule(rule) != Truth::kUnknown) return std::nullopt;
  const BookRule& each = evaluation.book().rules[rule];
  if (const auto open = OpenInNode(evaluation, each.when, kNoParty)) return open;
  return OpenInNode(evaluation, each.except, kNoParty);
}

uint32_t ShutBy(Evaluation& evaluation, uint32_t exception) {
  for (const uint32_t rule : evaluation.lists().only_exceptions) {
    if (evaluation.book().rules[rule].shuts[exception] && evaluation.OfRule(rule) == Truth::kYes) {
      return rule;
    }
  }
  return kNone;
}

Assessment Assess(Evaluation& evaluation, const Settled& settled) {
  return Assessor(evaluation, settled).Assess();
}

}  // namespace renkei::rules
