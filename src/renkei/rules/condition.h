// SPDX-License-Identifier: Apache-2.0
// What a rule asks of the facts, as its pack writes it:
//
//   all: [ class is 3A090.a, destination in D:5, ic.tpp >= 4800, item.data_center is no ]
//   any: [ ... ]      not: ...      any party: ...      no party: ...
//   class in: [ 3A090.a, 4A090.a ]        destination in: [ D:5, MO ]
//   headquartered-there                   a term of the pack
//   rule 3A090.a                          that rule holds
//   licence required under: [ "744", "746" ], but: [ EU-b-hq ]   some requirement of these parts
//
// A condition names facts; whether they exist and what they are is for the book (book.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/status.h"
#include "renkei/syntax/value.h"

namespace renkei::rules {

enum class Comparison : uint8_t { kLess, kAtMost, kMore, kAtLeast };
std::string_view NameOf(Comparison comparison);  // "<", "<=", ">", ">="

struct Condition {
  enum class Kind {
    kAll,          // parts
    kAny,          // parts
    kNot,          // one part
    kAnyParty,     // one part, of one and the same party
    kIs,           // fact `name` is one of `values`: yes, no, a word, a country or group
    kCompare,      // number `name` against `number`
    kClass,        // the item has one of the classes `values`
    kTerm,         // `name`
    kRule,         // rule `name` holds
    kRequirement,  // some requirement of the parts `values` holds, but for the rules `but`
  };
  Kind kind = Kind::kAll;
  std::vector<Condition> parts{};
  std::string name{};
  std::vector<std::string> values{};
  std::vector<std::string> but{};
  Comparison comparison = Comparison::kLess;
  double number = 0;
  syntax::Position at{};
};

inline constexpr int kConditionDepthMax = 16;
inline constexpr size_t kConditionPartsMax = 256;

//   INVALID_ARGUMENT  not a condition; the message gives the place
StatusOr<Condition> ParseCondition(const syntax::Value& value, const std::string& where);

}  // namespace renkei::rules
