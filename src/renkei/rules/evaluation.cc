// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/evaluation.h"

#include <algorithm>
#include <bit>

#include "renkei/base/check.h"

namespace renkei::rules {
namespace {

Truth Not(Truth truth) {
  if (truth == Truth::kUnknown) return truth;
  return truth == Truth::kYes ? Truth::kNo : Truth::kYes;
}

// Whether all, none or some of `value` satisfies the comparison.
inline Truth Compare(const Interval& value, Comparison comparison, double number) {
  const auto holds = [&](double x) {
    switch (comparison) {
      case Comparison::kLess:
        return x < number;
      case Comparison::kAtMost:
        return x <= number;
      case Comparison::kMore:
        return x > number;
      case Comparison::kAtLeast:
        break;
    }
    return x >= number;
  };
  const bool lo = holds(value.lo), hi = holds(value.hi);
  if (lo == hi) return lo ? Truth::kYes : Truth::kNo;
  return Truth::kUnknown;
}

// Of a word that is one of lo..hi.
inline Truth AmongWords(const Interval& value, uint64_t words) {
  const auto lo = static_cast<unsigned>(value.lo);
  if (value.is_point()) return (words >> lo & 1) != 0 ? Truth::kYes : Truth::kNo;
  const uint64_t may = (uint64_t{2} << static_cast<unsigned>(value.hi)) - (uint64_t{1} << lo);
  const uint64_t in = words & may;
  return in == may ? Truth::kYes : in != 0 ? Truth::kUnknown : Truth::kNo;
}

}  // namespace

Evaluation::Evaluation(const RuleBook& book, const Case& facts, uint32_t epoch,
                       Jurisdiction jurisdiction, Layer layer, const Evaluation* other)
    : book_(book),
      case_(facts),
      epoch_(epoch),
      jurisdiction_(jurisdiction),
      in_force_(book.in_force(epoch, jurisdiction, layer)),
      lists_(&in_force_.all),
      memo_(book.rules.size() + book.classes.size() + book.terms.size(), kNotYet) {
  const Interval& kind = facts.facts[book.kind_slot];
  if (kind.is_point()) lists_ = &in_force_.by_kind[static_cast<size_t>(kind.lo)];
  if (other != nullptr) TakeOver(*other);
}

void Evaluation::TakeOver(const Evaluation& other) {
  memo_ = other.memo_;
  for (const uint32_t i : book_.layered) memo_[i] = kNotYet;
}

Truth Evaluation::OfRule(uint32_t index) {
  if (in_force_.active[index] == 0) return Truth::kNo;
  uint8_t& memo = memo_[index];
  if (memo != kNotYet) return static_cast<Truth>(memo);
  const RuleCode& rule = book_.codes[index];
  Truth truth = OfNode(rule.when, kNoParty);
  if (truth != Truth::kNo && rule.except != kNone) {
    const Truth but = Not(OfNode(rule.except, kNoParty));
    if (but == Truth::kNo) {
      truth = Truth::kNo;
    } else if (but == Truth::kUnknown) {
      truth = Truth::kUnknown;
    }
  }
  memo = static_cast<uint8_t>(truth);
  return truth;
}

const ClassSet& Evaluation::LiveClasses() {
  if (!live_classes_) {
    const auto jurisdiction = static_cast<size_t>(jurisdiction_);
    live_classes_ = (case_.classes | case_.open_classes) & book_.classes_of[jurisdiction];
    for (const uint32_t i : book_.given_by_rules[jurisdiction]) {
      if (OfClass(i) != Truth::kNo) live_classes_->set(i);
    }
  }
  return *live_classes_;
}

Truth Evaluation::OfClass(uint32_t index) {
  uint8_t& memo = memo_[book_.rules.size() + index];
  if (memo != kNotYet) return static_cast<Truth>(memo);
  Truth truth = case_.classes[index]        ? Truth::kYes
                : case_.open_classes[index] ? Truth::kUnknown
                                            : Truth::kNo;
  for (const uint32_t rule : book_.classes[index].rules) {
    if (truth == Truth::kYes) break;
    const Truth derived = OfRule(rule);
    if (derived != Truth::kNo) truth = derived;
  }
  memo = static_cast<uint8_t>(truth);
  return truth;
}

Truth Evaluation::OfTerm(uint32_t index, int party) {
  const BookTerm& term = book_.terms[index];
  if (term.of_party) return OfNode(term.when, party);
  uint8_t& memo = memo_[book_.rules.size() + book_.classes.size() + index];
  if (memo == kNotYet) memo = static_cast<uint8_t>(OfNode(term.when, kNoParty));
  return static_cast<Truth>(memo);
}

bool Evaluation::IsShown(uint32_t rule) {
  return std::ranges::all_of(book_.rules[rule].shown,
                             [&](uint32_t node) { return OfNode(node, kNoParty) == Truth::kYes; });
}

inline Truth Evaluation::OfCountry(const Node& node, const Interval& value) const {
  if (value.is_point()) {
    return book_.InSet(epoch_, node.target, static_cast<size_t>(value.lo)) ? Truth::kYes
                                                                           : Truth::kNo;
  }
  return Truth::kUnknown;
}

inline Truth Evaluation::OfFact(const Node& node, int party) const {
  const Interval& value =
      node.of_party ? case_.parties[static_cast<size_t>(party)][node.slot] : case_.facts[node.slot];
  // An item that has no such fact meets no condition on it.
  Truth belongs = Truth::kYes;
  if (node.has_kinds) {
    belongs = AmongWords(case_.facts[book_.kind_slot], book_.KindsOf(node));
    if (belongs == Truth::kNo) return Truth::kNo;
  }
  Truth truth = Truth::kUnknown;
  switch (node.op) {
    case Op::kYes:
      if (value.is_point()) {
        truth = value.lo == static_cast<double>(node.words) ? Truth::kYes : Truth::kNo;
      }
      break;
    case Op::kCompare:
      truth = Compare(value, node.comparison, node.number);
      break;
    case Op::kCountry:
      truth = OfCountry(node, value);
      break;
    default:
      truth = AmongWords(value, node.words);
  }
  if (truth == Truth::kYes && belongs == Truth::kUnknown) return Truth::kUnknown;
  return truth;
}

Truth Evaluation::OfNode(uint32_t index, int party) {
  const Node& node = book_.nodes[index];
  switch (node.op) {
    case Op::kAll: {
      Truth all = Truth::kYes;
      for (const uint32_t part : book_.CheapestFirst(node)) {
        const Truth truth = OfNode(part, party);
        if (truth == Truth::kNo) return truth;
        if (truth == Truth::kUnknown) all = truth;
      }
      return all;
    }
    case Op::kAny: {
      Truth any = Truth::kNo;
      for (const uint32_t part : book_.CheapestFirst(node)) {
        const Truth truth = OfNode(part, party);
        if (truth == Truth::kYes) return truth;
        if (truth == Truth::kUnknown) any = truth;
      }
      return any;
    }
    case Op::kAnyParty: {
      Truth any = Truth::kNo;
      for (size_t i = 0; i < case_.parties.size(); ++i) {
        const Truth truth = OfNode(book_.parts[node.target], static_cast<int>(i));
        if (truth == Truth::kYes) return truth;
        if (truth == Truth::kUnknown) any = truth;
      }
      return any;
    }
    case Op::kNot:
      return Not(OfNode(book_.parts[node.target], party));
    case Op::kTrue:
      return Truth::kYes;
    case Op::kFalse:
      return Truth::kNo;
    case Op::kClass:
      return OfClass(node.target);
    case Op::kTerm:
      return OfTerm(node.target, party);
    case Op::kRule:
      return OfRule(node.target);
    default:
      return OfFact(node, party);
  }
}

}  // namespace renkei::rules
