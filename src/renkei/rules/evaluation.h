// SPDX-License-Identifier: Apache-2.0
// The truth of conditions and rules about one case, on one day, in one layer, in the three-valued
// logic of Kleene: what is unknown stays unknown where it matters.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "renkei/rules/book.h"
#include "renkei/rules/case.h"

namespace renkei::rules {

enum class Truth : uint8_t { kNo, kYes, kUnknown };

inline constexpr int kNoParty = -1;

class Evaluation {
 public:
  // Everything outlives this. What `other`, of the same case and day in another layer, has found
  // out and what is the same in all layers is taken over.
  Evaluation(const RuleBook& book, const Case& facts, uint32_t epoch, Jurisdiction jurisdiction,
             Layer layer, const Evaluation* other = nullptr);

  // In force, its condition holds and its exception does not.
  Truth OfRule(uint32_t rule);
  // `party` is the one that is asked about, or kNoParty.
  Truth OfNode(uint32_t node, int party);
  Truth OfClass(uint32_t index);
  // False when the item lacks every class that the rule needs: then the rule does not hold.
  bool MayHold(uint32_t rule) {
    const RuleCode& code = book_.codes[rule];
    return !code.has_needs || (code.needs & LiveClasses()).any();
  }
  Truth OfTerm(uint32_t term, int party);
  // Everything that a claimant has to show is known to be so.
  bool IsShown(uint32_t rule);

  const RuleBook& book() const { return book_; }
  const Case& facts() const { return case_; }
  const InForce& in_force() const { return in_force_; }
  // Of those in force the rules that may hold of an item of this kind.
  const RuleLists& lists() const { return *lists_; }
  uint32_t epoch() const { return epoch_; }
  Jurisdiction jurisdiction() const { return jurisdiction_; }

 private:
  void TakeOver(const Evaluation& other);
  const ClassSet& LiveClasses();
  Truth OfFact(const Node& node, int party) const;
  Truth OfCountry(const Node& node, const Interval& value) const;

  static constexpr uint8_t kNotYet = 3;

  const RuleBook& book_;
  const Case& case_;
  const uint32_t epoch_;
  const Jurisdiction jurisdiction_;
  const InForce& in_force_;
  const RuleLists* lists_;
  std::optional<ClassSet> live_classes_;  // those that the item has, or may have
  std::vector<uint8_t> memo_;             // rules, then classes, then terms
};

}  // namespace renkei::rules
