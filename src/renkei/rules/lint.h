// SPDX-License-Identifier: Apache-2.0
// What is wrong with packs although they can be read: rules that can never hold, exceptions that
// never meet what they lift, classes that overlap, rules that no test feels.
#pragma once

#include <string>
#include <vector>

#include "renkei/rules/book.h"

namespace renkei::rules {

// Findings, each "<file>: rules: <id>: <what>". Empty when there is nothing to say.
//   INVALID_ARGUMENT  a test of a pack is no crossing
StatusOr<std::vector<std::string>> Lint(const RuleBook& book);

}  // namespace renkei::rules
