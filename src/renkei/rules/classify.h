// SPDX-License-Identifier: Apache-2.0
// Which paragraph of the lists a chip is in: classes 3A090.a and 3A090.b of the US packs, and
// jp-6-1-yo of Japan's. What is known within bounds only leads to all paragraphs that it may be
// in; more than one is a review that names the facts which decide.
#pragma once

#include <string>
#include <vector>

#include "renkei/base/status.h"
#include "renkei/rules/book.h"
#include "renkei/rules/case.h"
#include "renkei/rules/chip.h"
#include "renkei/rules/evaluation.h"
#include "renkei/syntax/value.h"

namespace renkei::rules {

struct Classification {
  std::string name{};
  Interval tpp{};
  Interval pd{};
  std::string paragraph{};  // "3A090.a", "3A090.b", "none" or "review"
  std::vector<std::string>
      possible{};  // of these "3A090.a", "3A090.b" and "none"; one unless review
  // By the limit of TPP alone; unknown also when no rule of Japan is in force on the day.
  Truth japan_listed = Truth::kUnknown;
  std::vector<std::string> missing{};  // facts that would change one of the two
  std::vector<std::string> cites{};    // what it is in or may be in; of none, what it is not in
  std::string certainty{};             // as the table says
};

// The book outlives this. Any number of threads may use one.
class ChipClassifier {
 public:
  // Facts that a chip does not state are those of the model `clean`, where the book has it.
  //   FAILED_PRECONDITION  the book lacks a fact or class, or no rule of 3A090 is in force
  static StatusOr<ChipClassifier> Make(const RuleBook& book, Date date);

  Classification Classify(const Chip& chip) const;

 private:
  ChipClassifier(const RuleBook& book, Case chip, uint32_t epoch)
      : book_(book), clean_(std::move(chip)), epoch_(epoch) {}

  const RuleBook& book_;
  Case clean_;
  uint32_t epoch_;
};

// {"name", "tpp", "pd", "paragraph", "possible", "japan_listed", "missing", "cites", "certainty"}.
// "tpp" is a number, or [lo, hi] when it is not exact; "pd" is [lo, hi]; null for an end that is
// not bounded.
syntax::Value ToJson(const Classification& classification);

}  // namespace renkei::rules
