// SPDX-License-Identifier: Apache-2.0
// The fixed catalogue of the gate's reasons. A determination carries nothing that a person typed.
#pragma once

#include <string_view>

#include "renkei/record/record.h"

namespace renkei::gate {

struct Finding {
  record::Verdict verdict = record::Verdict::kRefuse;
  record::Reason reason;
};

// The catalogue's entry `code` (our bug if there is none) said of `about`, which is made of
// checked names alone. A `cite` replaces the catalogue's.
Finding FindingOf(std::string_view code, std::string_view about, std::string_view cite = {});

}  // namespace renkei::gate
