// SPDX-License-Identifier: Apache-2.0
// For each kind of item the rules that may hold of it, so that the others need not be asked.
#pragma once

#include "renkei/rules/book.h"

namespace renkei::rules {

// Fills InForce::by_kind of every epoch. A rule is left out for a kind only when its condition is
// no for that kind whatever all else is.
void IndexByKind(RuleBook& book);

}  // namespace renkei::rules
