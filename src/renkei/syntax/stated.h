// SPDX-License-Identifier: Apache-2.0
// Facts as people state them in a table: kept as text, for whoever knows what they mean to read.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "renkei/base/status.h"
#include "renkei/syntax/value.h"

namespace renkei::syntax {

inline constexpr size_t kStatedMax = 64;
inline constexpr size_t kStatedBytesMax = 64;  // of an id, and of a value

// Id -> value: a line of text; "yes" or "no"; a number; "[lo, hi]", which it lies between.
using Stated = std::map<std::string, std::string>;

//   INVALID_ARGUMENT  more than kStatedMax, a longer or empty text, another kind of value, an id
//                     with other characters than letters, digits, '.', '_' and '-'
StatusOr<Stated> ReadStated(const Value& table, const std::string& where);

// The text as a value: of "[lo, hi]" an array of two texts, else a text.
Value StatedValue(std::string_view text);

// An inline table of TOML that ReadStated reads back: { hq = "JP", like = "clean" }.
std::string DumpStated(const Stated& stated);

}  // namespace renkei::syntax
