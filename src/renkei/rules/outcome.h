// SPDX-License-Identifier: Apache-2.0
// What export rules say of a crossing: NOT-SUBJECT, NLR, EXC(name), LIC(policy), PROHIBITED or
// REVIEW. In Japan NLR is called NOT-LISTED.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/rules/civil_date.h"

namespace renkei::rules {

enum class OutcomeKind : uint8_t { kNotSubject, kNlr, kException, kReview, kLicence, kProhibited };

struct Outcome {
  OutcomeKind kind = OutcomeKind::kNlr;
  std::vector<std::string> names{};  // exceptions, ascending; of a licence its policy, or none
  bool is_conflict = false;          // of a review: valid rules contradict each other

  // "EXC(AIA)", "LIC(presumption of denial)", "REVIEW(conflict)".
  std::string Text(Jurisdiction jurisdiction) const;
  bool operator==(const Outcome&) const = default;
};

}  // namespace renkei::rules
