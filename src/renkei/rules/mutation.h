// SPDX-License-Identifier: Apache-2.0
// How well the tests of packs guard their rules: each condition, threshold and date is changed in
// turn, and some test must fail.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "renkei/rules/pack.h"

namespace renkei::rules {

struct MutationScore {
  size_t caught = 0;
  size_t planted = 0;
};

struct MutationReport {
  std::map<std::string, MutationScore> by_kind;  // condition, threshold, date, exception, shown
  std::vector<std::string> survivors;            // "<file>: <rule>: <what was changed>"
};

// The packs must compile and pass their tests. `threads` work at a time.
//   INVALID_ARGUMENT     the packs do not compile
//   FAILED_PRECONDITION  a test fails without any change
StatusOr<MutationReport> PlantMutations(const std::vector<Pack>& packs, int threads);

}  // namespace renkei::rules
