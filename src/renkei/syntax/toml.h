// SPDX-License-Identifier: Apache-2.0
// TOML 1.0, strict: UTF-8, no duplicate keys. Members stand in the order of the source. A
// date-time needs an offset and becomes text, RFC 3339 in UTC with milliseconds (clock.h); local
// dates and times, inf and nan are refused. Errors begin with "line L, column C: ".
#pragma once

#include <string>
#include <string_view>

#include "renkei/base/status.h"
#include "renkei/syntax/parse_limits.h"
#include "renkei/syntax/value.h"

namespace renkei::syntax {

//   INVALID_ARGUMENT    not such a document
//   RESOURCE_EXHAUSTED  longer than limits.size_bytes_max
StatusOr<Value> ParseToml(std::string_view text, const ParseLimits& limits = {});

// `text` as a TOML basic string with its quotes, on one line.
std::string TomlQuoted(std::string_view text);

}  // namespace renkei::syntax
