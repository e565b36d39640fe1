// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/timeline.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace renkei::rules {
namespace {

std::set<std::string> RulesOf(const RuleBook& book, const Answer& answer) {
  std::set<std::string> rules;
  for (const ProofStep& step : answer.proof) {
    if (step.kind == ProofStep::Kind::kRule && step.truth == Truth::kYes) {
      rules.insert(book.rules[step.index].said.id);
    }
  }
  return rules;
}

std::vector<std::string> Without(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::vector<std::string> rest;
  std::ranges::set_difference(a, b, std::back_inserter(rest));
  return rest;
}

}  // namespace

std::vector<Change> ChangesOf(const RuleBook& book, const Case& facts, Date from, Date to) {
  std::vector<Change> changes;
  for (const auto& [jurisdiction, layer] : LayersOf(book)) {
    Answer before = DecideOn(book, facts, jurisdiction, layer, from);
    for (const Date day : book.epochs) {
      if (day <= from || day > to) continue;
      Answer after = DecideOn(book, facts, jurisdiction, layer, day);
      if (after.outcome != before.outcome) {
        const auto old_rules = RulesOf(book, before), new_rules = RulesOf(book, after);
        changes.push_back({.day = day,
                           .jurisdiction = jurisdiction,
                           .layer = layer,
                           .before = before.outcome,
                           .after = after.outcome,
                           .ends = Without(old_rules, new_rules),
                           .begins = Without(new_rules, old_rules)});
      }
      before = std::move(after);
    }
  }
  std::ranges::stable_sort(changes, {}, &Change::day);
  return changes;
}

}  // namespace renkei::rules
