// SPDX-License-Identifier: Apache-2.0
// JSON, strict: RFC 8259 in UTF-8, without byte order mark, duplicate keys, comments or bytes
// after the value. Errors begin with "line L, column C: ".
#pragma once

#include <string>
#include <string_view>

#include "renkei/base/status.h"
#include "renkei/syntax/parse_limits.h"
#include "renkei/syntax/value.h"

namespace renkei::syntax {

//   INVALID_ARGUMENT    not such a document, or a number beyond int64 or double
//   RESOURCE_EXHAUSTED  longer than limits.size_bytes_max
StatusOr<Value> ParseJson(std::string_view text, const ParseLimits& limits = {});

// Compact, members in order; doubles in the shortest form that reads back the same, always with
// '.' or 'e'; integers exact. The same value gives the same bytes, and
// ParseJson(DumpJson(v)) == v. A double that is not finite is a bug of the caller. Bytes that are
// not UTF-8 come out as U+FFFD.
std::string DumpJson(const Value& value);
// The same for people: indented by two spaces, with a line feed at the end.
std::string DumpJsonPretty(const Value& value);

}  // namespace renkei::syntax
