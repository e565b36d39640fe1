// SPDX-License-Identifier: Apache-2.0
// One case, decided under every jurisdiction and layer of a book. Pure: the same book and case
// give the same decision.
//
// Requirements hold by default; exceptions lift those that they name; a prohibition wins over
// everything but that the item is out of scope. Two valid rules that contradict each other are a
// review, and so is a fact that is missing and would change the answer; one that would not does
// not appear. The conditions that a claimant has to show are not shown by silence: the licence
// stays required.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "renkei/rules/assessment.h"
#include "renkei/rules/book.h"
#include "renkei/rules/case.h"
#include "renkei/rules/cells.h"
#include "renkei/rules/proof.h"

namespace renkei::rules {

// So many leaves of "if it were so" are looked at; beyond, a review names what is missing and
// cannot say what each value would lead to.
inline constexpr size_t kLeavesMax = 600;

struct Branch {
  Cell cell{};
  std::vector<Outcome> outcomes{};  // that it may lead to, mildest first
};
struct Missing {
  Variable variable{};
  std::vector<Branch> branches{};  // empty beyond kLeavesMax
};

struct Leg {
  std::string control{};  // reason for control: RS, NS, EL, ...
  Outcome outcome{};
};

struct Answer {
  Jurisdiction jurisdiction = Jurisdiction::kUs;
  Layer layer = Layer::kCodified;
  Date date{};  // the day that it is of
  Outcome outcome{};
  std::vector<Leg> legs{};
  Assessment assessment{};         // that it rests on; of a review the first possibility
  std::vector<Missing> missing{};  // of a review
  Proof proof{};
  // When it may be two days there and they differ: the outcome of each. The outcome is a review.
  std::vector<std::pair<Date, Outcome>> by_date{};
};

struct Decision {
  std::vector<Answer> answers{};  // us codified, us enforced, jp: those that the book has rules of
};

Decision Decide(const RuleBook& book, const Case& facts);
// The same on a day, whatever the time of the case.
Answer DecideOn(const RuleBook& book, const Case& facts, Jurisdiction jurisdiction, Layer layer,
                Date date);

// The jurisdictions and layers that the book has rules of.
std::vector<std::pair<Jurisdiction, Layer>> LayersOf(const RuleBook& book);

// Every paragraph that the answer rests on, each once, as the rules cite them.
std::vector<std::string> CitesOf(const RuleBook& book, const Answer& answer);
// What has to be done before it may go, for the exceptions that are claimed.
std::vector<Words> DutiesOf(const RuleBook& book, const Answer& answer);

}  // namespace renkei::rules
