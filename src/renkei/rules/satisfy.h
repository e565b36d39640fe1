// SPDX-License-Identifier: Apache-2.0
// Looks for facts under which given rules hold, all at once: whether a rule can hold at all, and
// whether two can hold together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "renkei/rules/book.h"
#include "renkei/rules/case.h"

namespace renkei::rules {

enum class Found { kYes, kNo, kGaveUp };

struct Search {
  Found found = Found::kNo;
  std::optional<Case> example{};  // unknown where it does not matter
};

// Exact for crossings with one party and at most one stated class, up to `steps_max` looks.
Search FindCase(const RuleBook& book, uint32_t epoch, Jurisdiction jurisdiction, Layer layer,
                const std::vector<uint32_t>& rules, size_t steps_max);

}  // namespace renkei::rules
