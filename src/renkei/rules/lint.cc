// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/lint.h"

#include <algorithm>
#include <optional>

#include "renkei/rules/epochs.h"
#include "renkei/rules/satisfy.h"
#include "renkei/rules/trial_run.h"

namespace renkei::rules {
namespace {

constexpr size_t kStepsMax = 20'000;

class Linter {
 public:
  explicit Linter(const RuleBook& book) : book_(book) {}

  StatusOr<std::vector<std::string>> Run() {
    for (uint32_t i = 0; i < book_.rules.size(); ++i) {
      CheckReachable(i);
      CheckTargets(i);
    }
    for (const Pack& pack : book_.packs) {
      for (const auto& set : pack.exclusive) CheckExclusive(pack, set);
    }
    RK_ASSIGN_OR_RETURN(const TrialReport report, RunTrials(book_));
    for (const std::string& rule : report.untested) {
      Say(book_.rule_by_id.find(rule)->second, "holds in no test; add one in which it does");
    }
    return std::move(findings_);
  }

 private:
  void Say(uint32_t rule, std::string_view what) {
    const BookRule& each = book_.rules[rule];
    findings_.push_back(
        fmt::format("{}: rules: {}: {}", book_.packs[each.pack].where, each.said.id, what));
  }

  static Layer LayerOf(const Rule& rule) {
    return rule.codified ? Layer::kCodified : Layer::kEnforced;
  }

  void CheckReachable(uint32_t index) {
    const BookRule& rule = book_.rules[index];
    if (rule.said.period.until && *rule.said.period.until < FirstDay(rule.said)) {
      return Say(index, "ends before anybody has to comply with it");
    }
    Found best = Found::kNo;
    for (uint32_t epoch = 0; epoch < book_.epochs.size() && best == Found::kNo; ++epoch) {
      const Layer layer = LayerOf(rule.said);
      if (book_.in_force(epoch, rule.jurisdiction, layer).active[index] == 0) continue;
      best = FindCase(book_, epoch, rule.jurisdiction, layer, {index}, kStepsMax).found;
    }
    if (best == Found::kNo) Say(index, "can never hold: its conditions exclude each other");
  }

  // Whether the rule ever stands beside what it lifts, contradicts or is a policy for.
  void CheckTargets(uint32_t index) {
    const Rule& rule = book_.rules[index].said;
    for (const uint32_t target : book_.rules[index].targets) {
      const Rule& other = book_.rules[target].said;
      const bool in_time = !(rule.period.until && *rule.period.until < FirstDay(other)) &&
                           !(other.period.until && *other.period.until < FirstDay(rule));
      const bool in_layer = (rule.codified && other.codified) || (rule.enforced && other.enforced);
      if (in_time && in_layer) continue;
      Say(index, fmt::format("is never in force together with {}", other.id));
    }
  }

  void CheckExclusive(const Pack& pack, const std::vector<std::string>& set) {
    if (!pack.jurisdiction) return;
    for (size_t i = 0; i < set.size(); ++i) {
      for (size_t j = i + 1; j < set.size(); ++j) CheckPair(pack, set[i], set[j]);
    }
  }

  void CheckPair(const Pack& pack, const std::string& a, const std::string& b) {
    const auto first = book_.class_by_id.find({*pack.jurisdiction, a});
    const auto second = book_.class_by_id.find({*pack.jurisdiction, b});
    const bool known = first != book_.class_by_id.end() && second != book_.class_by_id.end();
    if (!known) {
      findings_.push_back(
          fmt::format("{}: exclusive: {} or {} is no class of any rule", pack.where, a, b));
      return;
    }
    for (const uint32_t one : book_.classes[first->second].rules) {
      for (const uint32_t other : book_.classes[second->second].rules) CheckOverlap(one, other);
    }
  }

  void CheckOverlap(uint32_t one, uint32_t other) {
    const BookRule& rule = book_.rules[one];
    for (uint32_t epoch = 0; epoch < book_.epochs.size(); ++epoch) {
      const Search search =
          FindCase(book_, epoch, rule.jurisdiction, LayerOf(rule.said), {one, other}, kStepsMax);
      if (search.found != Found::kYes) continue;
      std::string example;
      for (const Fact& fact : book_.facts) {
        const Interval& value = fact.of_party ? search.example->parties[0][fact.slot]
                                              : search.example->facts[fact.slot];
        if (value == fact.unknown) continue;
        example += fmt::format("{}{} = {}", example.empty() ? "" : ", ", fact.said.id,
                               FormatFact(fact, value));
      }
      return Say(one, fmt::format("overlaps with {} from {} on: {}", book_.rules[other].said.id,
                                  FormatDate(book_.epochs[epoch]), example));
    }
  }

  const RuleBook& book_;
  std::vector<std::string> findings_;
};

}  // namespace

StatusOr<std::vector<std::string>> Lint(const RuleBook& book) { return Linter(book).Run(); }

}  // namespace renkei::rules
