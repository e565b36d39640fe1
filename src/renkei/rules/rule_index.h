// SPDX-License-Identifier: Apache-2.0
// What is worked out once so that a decision need not: for each kind of item the rules that may
// hold of it, and for each rule the classes that it is about.
#pragma once

#include "renkei/rules/book.h"

namespace renkei::rules {

// Fills InForce::by_kind of every epoch. A rule is left out for a kind only when its condition is
// no for that kind whatever all else is.
void IndexByKind(RuleBook& book);

// Fills BookRule::about, the classes that its condition asks for, through terms, other than in a
// "not"; and RuleBook::codes with the classes that no other fact can make up for.
void IndexClasses(RuleBook& book);

// Fills RuleBook::layered: rules, classes and terms that rest on a rule of one layer alone.
void IndexLayers(RuleBook& book);

// Fills RuleBook::cheapest_first. The truth of "all" and "any" does not hang on the order of their
// parts; the time that it takes to find out does.
void IndexOrder(RuleBook& book);

}  // namespace renkei::rules
