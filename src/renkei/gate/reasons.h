// SPDX-License-Identifier: Apache-2.0
// The fixed catalogue of the gate's reasons. A determination carries nothing that a person typed.
#pragma once

#include <string>
#include <string_view>

#include "renkei/record/record.h"
#include "renkei/rules/words.h"

namespace renkei::gate {

struct Finding {
  record::Verdict verdict = record::Verdict::kRefuse;
  record::Reason reason;
};

// The catalogue's entry `code` (our bug if there is none) said of `about`, which is made of
// checked names alone. A `cite` replaces the catalogue's.
Finding FindingOf(std::string_view code, std::string_view about, std::string_view cite = {});

// The reason's text, which an entry holds in English, in `language`. What is not of the catalogue
// stays as it is.
std::string TextIn(const record::Reason& reason, rules::Language language);

}  // namespace renkei::gate
