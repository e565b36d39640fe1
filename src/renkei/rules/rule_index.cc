// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/rule_index.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

namespace renkei::rules {
namespace {

constexpr uint64_t kAllKinds = ~uint64_t{0};

// Kinds for which a condition may come out as yes, and as no, as far as the kind alone tells.
struct Kinds {
  uint64_t yes = kAllKinds;
  uint64_t no = kAllKinds;
};

class Analysis {
 public:
  explicit Analysis(const RuleBook& book) : book_(book), terms_(book.terms.size()) {}

  uint64_t MayHold(const BookRule& rule) { return Of(rule.when).yes; }

 private:
  Kinds Of(uint32_t index) {
    const Node& node = book_.nodes[index];
    switch (node.op) {
      case Op::kAll: {
        Kinds all{.yes = kAllKinds, .no = 0};
        for (const uint32_t part : book_.PartsOf(node)) {
          const Kinds each = Of(part);
          all.yes &= each.yes;
          all.no |= each.no;
        }
        return all;
      }
      case Op::kAny: {
        Kinds any{.yes = 0, .no = kAllKinds};
        for (const uint32_t part : book_.PartsOf(node)) {
          const Kinds each = Of(part);
          any.yes |= each.yes;
          any.no &= each.no;
        }
        return any;
      }
      case Op::kNot: {
        const Kinds part = Of(book_.parts[node.target]);
        return {.yes = part.no, .no = part.yes};
      }
      case Op::kAnyParty:
        return Of(book_.parts[node.target]);
      case Op::kTrue:
        return {.yes = kAllKinds, .no = 0};
      case Op::kFalse:
        return {.yes = 0, .no = kAllKinds};
      case Op::kTerm:
        return OfTerm(node.target);
      case Op::kClass:
      case Op::kRule:
        return {};
      default:
        break;
    }
    if (node.op == Op::kWord && !node.of_party && node.slot == book_.kind_slot) {
      return {.yes = node.words, .no = ~node.words};
    }
    return {.yes = book_.KindsOf(node), .no = kAllKinds};
  }

  Kinds OfTerm(uint32_t index) {
    if (!terms_[index]) terms_[index] = Of(book_.terms[index].when);
    return *terms_[index];
  }

  const RuleBook& book_;
  std::vector<std::optional<Kinds>> terms_;
};

std::vector<uint32_t> Only(const std::vector<uint32_t>& rules,
                           const std::vector<uint64_t>& may_hold, size_t kind) {
  std::vector<uint32_t> rest;
  for (const uint32_t rule : rules) {
    if ((may_hold[rule] >> kind & 1) != 0) rest.push_back(rule);
  }
  return rest;
}

void AddClasses(const RuleBook& book, uint32_t index, std::vector<uint32_t>& classes) {
  const Node& node = book.nodes[index];
  if (node.op == Op::kNot) return;
  if (node.op == Op::kTerm) return AddClasses(book, book.terms[node.target].when, classes);
  if (node.op == Op::kClass) classes.push_back(node.target);
  for (const uint32_t part : book.PartsOf(node)) AddClasses(book, part, classes);
}

// Classes of which the item has to have one for the condition not to be "no"; nothing when it may
// hold without any.
std::optional<ClassSet> NeedsOf(const RuleBook& book, uint32_t index) {
  const Node& node = book.nodes[index];
  switch (node.op) {
    case Op::kClass:
      return ClassSet().set(node.target);
    case Op::kTerm:
      return NeedsOf(book, book.terms[node.target].when);
    case Op::kAnyParty:
      return NeedsOf(book, book.parts[node.target]);
    case Op::kFalse:
      return ClassSet();
    case Op::kAll: {
      std::optional<ClassSet> fewest;
      for (const uint32_t part : book.PartsOf(node)) {
        const auto needs = NeedsOf(book, part);
        if (needs && (!fewest || needs->count() < fewest->count())) fewest = needs;
      }
      return fewest;
    }
    case Op::kAny: {
      ClassSet all;
      for (const uint32_t part : book.PartsOf(node)) {
        const auto needs = NeedsOf(book, part);
        if (!needs) return std::nullopt;
        all |= *needs;
      }
      return all;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

void IndexClasses(RuleBook& book) {
  for (uint32_t i = 0; i < book.classes.size(); ++i) {
    const auto jurisdiction = static_cast<size_t>(book.classes[i].jurisdiction);
    book.classes_of[jurisdiction].set(i);
    if (!book.classes[i].rules.empty()) book.given_by_rules[jurisdiction].push_back(i);
  }
  for (BookRule& rule : book.rules) {
    const auto needs = NeedsOf(book, rule.when);
    book.codes.push_back({.when = rule.when,
                          .except = rule.except,
                          .has_needs = needs.has_value(),
                          .needs = needs.value_or(ClassSet())});
    AddClasses(book, rule.when, rule.about);
    std::ranges::sort(rule.about);
    rule.about.erase(std::unique(rule.about.begin(), rule.about.end()), rule.about.end());
  }
}

void IndexByKind(RuleBook& book) {
  Analysis analysis(book);
  std::vector<uint64_t> may_hold;
  for (const BookRule& rule : book.rules) may_hold.push_back(analysis.MayHold(rule));
  const size_t kinds = book.facts[book.fact_by_id.find(kItemKind)->second].said.words.size();
  for (InForce& in_force : book.in_forces) {
    const RuleLists& all = in_force.all;
    for (size_t kind = 0; kind < kinds; ++kind) {
      const auto only = [&](const std::vector<uint32_t>& rules) {
        return Only(rules, may_hold, kind);
      };
      in_force.by_kind.push_back({.not_subject = only(all.not_subject),
                                  .no_licence = only(all.no_licence),
                                  .require = only(all.require),
                                  .prohibit = only(all.prohibit),
                                  .only_exceptions = only(all.only_exceptions),
                                  .review = only(all.review),
                                  .note = only(all.note)});
    }
  }
}

namespace {

// Whether a condition rests on a rule that stands in one layer alone.
class LayerAnalysis {
 public:
  explicit LayerAnalysis(const RuleBook& book) : book_(book) {}

  bool OfRule(uint32_t index) {
    const BookRule& rule = book_.rules[index];
    return OfNode(rule.when) || (rule.except != kNone && OfNode(rule.except));
  }
  bool OfClass(uint32_t index) {
    return std::ranges::any_of(book_.classes[index].rules,
                               [&](uint32_t rule) { return IsOfOne(rule); });
  }
  bool OfNode(uint32_t index) {
    const Node& node = book_.nodes[index];
    switch (node.op) {
      case Op::kTerm:
        return OfNode(book_.terms[node.target].when);
      case Op::kRule:
        return IsOfOne(node.target);
      case Op::kClass:
        return OfClass(node.target);
      default:
        return std::ranges::any_of(book_.PartsOf(node),
                                   [&](uint32_t part) { return OfNode(part); });
    }
  }

 private:
  // Rules do not rest on themselves, so this ends; each is looked at once.
  bool IsOfOne(uint32_t index) {
    const auto known = of_one_.find(index);
    if (known != of_one_.end()) return known->second;
    const Rule& said = book_.rules[index].said;
    const bool of_one = said.codified != said.enforced || OfRule(index);
    of_one_[index] = of_one;
    return of_one;
  }

  const RuleBook& book_;
  std::map<uint32_t, bool> of_one_;
};

}  // namespace

void IndexLayers(RuleBook& book) {
  LayerAnalysis analysis(book);
  for (uint32_t i = 0; i < book.rules.size(); ++i) {
    if (analysis.OfRule(i)) book.layered.push_back(i);
  }
  for (uint32_t i = 0; i < book.classes.size(); ++i) {
    if (!analysis.OfClass(i)) continue;
    book.layered.push_back(static_cast<uint32_t>(book.rules.size()) + i);
  }
  const auto first_term = static_cast<uint32_t>(book.rules.size() + book.classes.size());
  for (uint32_t i = 0; i < book.terms.size(); ++i) {
    if (analysis.OfNode(book.terms[i].when)) book.layered.push_back(first_term + i);
  }
}

namespace {

// About how much work it is to find out a node's truth: what is remembered is cheap.
class Costs {
 public:
  explicit Costs(const RuleBook& book) : book_(book), known_(book.nodes.size(), -1) {}

  double Of(uint32_t index) {
    double& cost = known_[index];
    if (cost < 0) cost = Count(book_.nodes[index]);
    return cost;
  }

 private:
  double Count(const Node& node) {
    constexpr double kRemembered = 0.4;
    switch (node.op) {
      case Op::kClass:
        return 2;
      case Op::kRule:
        return 4;
      case Op::kTerm: {
        const BookTerm& term = book_.terms[node.target];
        return 1 + (term.of_party ? 1 : kRemembered) * Of(term.when);
      }
      default:
        break;
    }
    double sum = 1;
    for (const uint32_t part : book_.PartsOf(node)) sum += Of(part);
    return sum;
  }

  const RuleBook& book_;
  std::vector<double> known_;
};

}  // namespace

void IndexOrder(RuleBook& book) {
  Costs costs(book);
  book.cheapest_first = book.parts;
  for (const Node& node : book.nodes) {
    if (node.op != Op::kAll && node.op != Op::kAny) continue;
    const auto begin = book.cheapest_first.begin() + node.target;
    std::stable_sort(begin, begin + node.count,
                     [&](uint32_t a, uint32_t b) { return costs.Of(a) < costs.Of(b); });
  }
}

}  // namespace renkei::rules
