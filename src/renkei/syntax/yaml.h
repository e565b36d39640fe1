// SPDX-License-Identifier: Apache-2.0
// YAML 1.2, the part of it that people read without surprises: one document of tables, lists and
// scalars in UTF-8. Every scalar is text exactly as written, whatever it looks like: "no" is a
// word, 1.10 has its zero. What it means is for the schema of its reader to say. An empty value,
// ~ and null are null.
//
// Refused: anchors, aliases, tags, merge keys, keys that are not scalars, the same key twice,
// more than one document, control characters. Errors begin with "line L, column C: ".
#pragma once

#include <string_view>

#include "renkei/base/status.h"
#include "renkei/syntax/parse_limits.h"
#include "renkei/syntax/value.h"

namespace renkei::syntax {

//   INVALID_ARGUMENT    not such a document
//   RESOURCE_EXHAUSTED  longer than limits.size_bytes_max
StatusOr<Value> ParseYaml(std::string_view text, const ParseLimits& limits = {});

}  // namespace renkei::syntax
