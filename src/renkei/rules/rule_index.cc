// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/rule_index.h"

#include <algorithm>
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
        const Kinds part = Of(book_.parts[node.first]);
        return {.yes = part.no, .no = part.yes};
      }
      case Op::kAnyParty:
        return Of(book_.parts[node.first]);
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
    return {.yes = node.kinds, .no = kAllKinds};
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

}  // namespace

void IndexClasses(RuleBook& book) {
  for (BookRule& rule : book.rules) {
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

}  // namespace renkei::rules
