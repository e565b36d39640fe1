// SPDX-License-Identifier: Apache-2.0
// What is worked out once so that a decision need not: for each kind of item the rules that may
// hold of it, and for each rule the classes that it is about.
#pragma once

#include "renkei/rules/book.h"

namespace renkei::rules {

// Fills InForce::by_kind of every epoch. A rule is left out for a kind only when its condition is
// no for that kind whatever all else is.
void IndexByKind(RuleBook& book);

// Fills BookRule::about: the classes that its condition asks for, through terms, other than in a
// "not".
void IndexClasses(RuleBook& book);

}  // namespace renkei::rules
