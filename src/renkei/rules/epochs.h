// SPDX-License-Identifier: Apache-2.0
// The dates of a book: epochs, the countries of each set and the rules in force in each.
#pragma once

#include <string>
#include <vector>

#include "renkei/rules/book.h"

namespace renkei::rules {

// The first day on which a rule asks for anything.
Date FirstDay(const Rule& rule);

// Sorts `book` by time. `sets` are lists of countries and groups, all of them known.
void FillEpochs(const std::vector<std::vector<std::string>>& sets, RuleBook& book);

}  // namespace renkei::rules
