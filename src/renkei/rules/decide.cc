// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/decide.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "renkei/rules/possibilities.h"

namespace renkei::rules {
namespace {

std::vector<Leg> LegsOf(const std::map<std::string, Outcome>& legs) {
  std::vector<Leg> list;
  for (const auto& [control, outcome] : legs) list.push_back({control, outcome});
  return list;
}

void AddCites(const std::vector<std::string>& cites, std::vector<std::string>& to) {
  for (const std::string& cite : cites) {
    if (std::ranges::count(to, cite) == 0) to.push_back(cite);
  }
}

Answer DecideBy(Evaluation& evaluation, Layer layer, Date date) {
  const RuleBook& book = evaluation.book();
  Answer answer{.jurisdiction = evaluation.jurisdiction(), .layer = layer, .date = date};
  answer.assessment = Assess(evaluation, {});
  if (!answer.assessment.open) {
    answer.outcome = answer.assessment.outcome;
    answer.legs = LegsOf(answer.assessment.legs);
    answer.proof = Prove(evaluation, answer.assessment);
    return answer;
  }
  Possibilities possibilities(book, evaluation.facts(), evaluation.epoch(), answer.jurisdiction,
                              layer);
  answer.legs = LegsOf(possibilities.Legs());
  answer.missing = possibilities.ThatMatter();
  if (answer.missing.empty()) {
    // Whatever the unknown facts are, the answer is the same: that of the first possibility.
    answer.outcome = possibilities.first().outcome;
    answer.assessment = possibilities.first();
    answer.proof = possibilities.ProveFirst();
    return answer;
  }
  answer.outcome.kind = OutcomeKind::kReview;
  std::vector<Variable> variables;
  for (const Missing& missing : answer.missing) {
    variables.push_back(missing.variable);
    if (missing.variable.kind == Variable::Kind::kConflict) answer.outcome.is_conflict = true;
  }
  answer.proof = ProveOpen(evaluation, variables);
  return answer;
}

}  // namespace

Answer DecideOn(const RuleBook& book, const Case& facts, Jurisdiction jurisdiction, Layer layer,
                Date date) {
  Evaluation evaluation(book, facts, book.EpochOf(date), jurisdiction, layer);
  return DecideBy(evaluation, layer, date);
}

std::vector<std::pair<Jurisdiction, Layer>> LayersOf(const RuleBook& book) {
  std::vector<std::pair<Jurisdiction, Layer>> layers;
  for (const Jurisdiction jurisdiction : kJurisdictions) {
    const bool has_rules = std::ranges::any_of(
        book.rules, [&](const BookRule& rule) { return rule.jurisdiction == jurisdiction; });
    if (!has_rules) continue;
    layers.emplace_back(jurisdiction, Layer::kCodified);
    if (jurisdiction == Jurisdiction::kUs) layers.emplace_back(jurisdiction, Layer::kEnforced);
  }
  return layers;
}

Decision Decide(const RuleBook& book, const Case& facts) {
  Decision decision;
  std::optional<Evaluation> evaluations[2];  // by layer
  for (const auto& [jurisdiction, layer] : LayersOf(book)) {
    const std::vector<Date> dates = facts.DatesIn(jurisdiction);
    const bool is_second = layer == Layer::kEnforced;
    Evaluation& evaluation = evaluations[is_second ? 1 : 0].emplace(
        book, facts, book.EpochOf(dates.front()), jurisdiction, layer,
        is_second ? &*evaluations[0] : nullptr);
    Answer answer = DecideBy(evaluation, layer, dates.front());
    std::vector<std::pair<Date, Outcome>> by_date = {{dates.front(), answer.outcome}};
    bool differ = false;
    for (size_t i = 1; i < dates.size(); ++i) {
      const Answer other = DecideOn(book, facts, jurisdiction, layer, dates[i]);
      by_date.emplace_back(dates[i], other.outcome);
      differ = differ || other.outcome != answer.outcome;
      if (other.outcome == answer.outcome) continue;
      answer.proof.insert(answer.proof.end(), other.proof.begin(), other.proof.end());
    }
    if (differ) {
      answer.outcome = {.kind = OutcomeKind::kReview};
      answer.by_date = std::move(by_date);
    }
    decision.answers.push_back(std::move(answer));
  }
  return decision;
}

std::vector<std::string> CitesOf(const RuleBook& book, const Answer& answer) {
  std::vector<std::string> cites;
  for (const ProofStep& step : answer.proof) {
    const bool is_rule = step.kind == ProofStep::Kind::kRule ||
                         (step.kind == ProofStep::Kind::kUnclaimed && step.truth != Truth::kNo);
    if (!is_rule) continue;
    const Rule& rule = book.rules[step.index].said;
    // A rule that is not met is cited for what it asks, its exception for having taken it away.
    AddCites(rule.cites, cites);
    AddCites(rule.except_cites, cites);
  }
  return cites;
}

std::vector<Words> DutiesOf(const RuleBook& book, const Answer& answer) {
  std::vector<Words> duties;
  if (answer.outcome.kind != OutcomeKind::kException) return duties;
  for (const Requirement& requirement : answer.assessment.requirements) {
    if (requirement.lifted_by.empty()) continue;
    for (const Words& duty : book.rules[requirement.lifted_by[0]].said.duties) {
      if (std::ranges::count(duties, duty) == 0) duties.push_back(duty);
    }
  }
  return duties;
}

}  // namespace renkei::rules
