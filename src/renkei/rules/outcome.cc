// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/outcome.h"

#include <fmt/format.h>

namespace renkei::rules {

std::string Outcome::Text(Jurisdiction jurisdiction) const {
  const auto with_names = [&](std::string_view word) {
    if (names.empty()) return std::string(word);
    return fmt::format("{}({})", word, fmt::join(names, ", "));
  };
  switch (kind) {
    case OutcomeKind::kNotSubject:
      return "NOT-SUBJECT";
    case OutcomeKind::kNlr:
      return jurisdiction == Jurisdiction::kJp ? "NOT-LISTED" : "NLR";
    case OutcomeKind::kException:
      return with_names("EXC");
    case OutcomeKind::kLicence:
      return with_names("LIC");
    case OutcomeKind::kProhibited:
      return "PROHIBITED";
    case OutcomeKind::kReview:
      break;
  }
  return is_conflict ? "REVIEW(conflict)" : "REVIEW";
}

}  // namespace renkei::rules
