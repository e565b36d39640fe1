// SPDX-License-Identifier: Apache-2.0
// On which days the answer to one case changes, and by which rules.
#pragma once

#include <string>
#include <vector>

#include "renkei/rules/decide.h"

namespace renkei::rules {

struct Change {
  Date day{};  // the first of the new answer
  Jurisdiction jurisdiction = Jurisdiction::kUs;
  Layer layer = Layer::kCodified;
  Outcome before{};
  Outcome after{};
  std::vector<std::string> ends;    // rules that the answer rested on and no longer does
  std::vector<std::string> begins;  // rules that it rests on now
};

// Ascending days, from the day after `from` to `to`.
std::vector<Change> ChangesOf(const RuleBook& book, const Case& facts, Date from, Date to);

}  // namespace renkei::rules
