// SPDX-License-Identifier: Apache-2.0
// What an unknown may turn out to be, as far as the rules can tell it apart: yes or no; the
// stretches between the numbers that some rule compares with; countries that are in the same sets.
#pragma once

#include <string>
#include <vector>

#include "renkei/rules/assessment.h"
#include "renkei/rules/case.h"

namespace renkei::rules {

struct Cell {
  Interval value{};  // any of it stands for all of it; of kClasses: the class, or -1 for none
  std::vector<uint16_t> countries{};  // of a country: all that it stands for
};

// At least one, disjoint, and together all that `variable` may be. Of a conflict: 1 the
// requirement stands, 0 it does not.
std::vector<Cell> CellsOf(const Variable& variable, const RuleBook& book, const Case& facts,
                          uint32_t epoch, Jurisdiction jurisdiction);

// Makes `variable` be `cell` in `facts` and `settled`.
void Assign(const Variable& variable, const Cell& cell, const RuleBook& book,
            Jurisdiction jurisdiction, Case& facts, Settled& settled);

// "yes", "below 3.2", "JP", "AF, BY, ... (22 countries)".
std::string TextOf(const Variable& variable, const Cell& cell, const RuleBook& book);

}  // namespace renkei::rules
