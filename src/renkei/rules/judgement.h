// SPDX-License-Identifier: Apache-2.0
// From a decision to what happens: go, hold or refuse, by the policy of the house.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "renkei/rules/decide.h"

namespace renkei::rules {

enum class Call { kGo, kHold, kRefuse };
std::string_view NameOf(Call call);  // "go", "hold", "refuse"

// Which layer binds, and how old a text may be.
struct Profile {
  bool codified = true;
  bool enforced = true;
  int text_age_days_max = 365;
};
// "both", "codified" or "enforced".
//   INVALID_ARGUMENT  another word
StatusOr<Profile> ParseBinding(std::string_view text);

struct Judgement {
  Call call = Call::kGo;
  std::vector<Words> reasons;  // of a hold or refusal, and warnings of layers that do not bind
};

// NOT-SUBJECT, NLR and EXC go; LIC and REVIEW hold; PROHIBITED, and LIC under a presumption of
// denial, refuse. A jurisdiction without rules, and a text older than the profile allows on the
// day, hold.
Judgement Judge(const RuleBook& book, const Decision& decision, const Profile& profile, Date today);

}  // namespace renkei::rules
