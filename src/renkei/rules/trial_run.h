// SPDX-License-Identifier: Apache-2.0
// Runs the tests that travel with packs, and looks for rules that no test can feel.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "renkei/rules/book.h"

namespace renkei::rules {

struct TrialReport {
  size_t trials = 0;
  std::vector<std::string> failures;  // "<pack>: <test>: us.codified: NLR, expected EXC(ACA)"
  std::vector<std::string> untested;  // rules that hold in no test
};

// Runs the tests of every pack of the book against the whole book, or up to the first failure.
//   INVALID_ARGUMENT  a test is no crossing
StatusOr<TrialReport> RunTrials(const RuleBook& book, bool stop_at_failure = false);

}  // namespace renkei::rules
