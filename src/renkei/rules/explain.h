// SPDX-License-Identifier: Apache-2.0
// A decision for people, in English or Japanese, and for programs, all from the same data.
#pragma once

#include <string>
#include <vector>

#include "renkei/rules/decide.h"
#include "renkei/syntax/value.h"

namespace renkei::rules {

// One answer: its outcome, what is missing and what each value would lead to, the tree of rules
// and facts with their paragraphs, duties. Lines end with a line feed.
std::string Explain(const RuleBook& book, const Case& facts, const Answer& answer,
                    Language language);

// The whole decision: every answer, then what was not assessed, the date of the texts, and that
// this is no legal advice.
std::string Explain(const RuleBook& book, const Case& facts, const Decision& decision,
                    Language language);

// {"answers": [{"jurisdiction", "layer", "date", "outcome", "cites", "legs", "missing", "proof",
//   "duties"}], "not_assessed": [...], "packs": [{"id", "version", "sha256", "text_as_of"}]}.
syntax::Value ToJson(const RuleBook& book, const Case& facts, const Decision& decision,
                     Language language);

// The oldest of the packs' texts: what the decision can be held to know.
Date TextAsOf(const RuleBook& book);

}  // namespace renkei::rules
