// SPDX-License-Identifier: Apache-2.0
// The facts of one crossing to one destination, in the terms of a book (docs/formats/crossing.md):
//
//   format: renkei-crossing/1
//   at: 2026-10-01T09:00:00Z         or on: 2026-10-01, that day everywhere
//   facts: { item.kind: board, origin: US, destination: JP, ic.tpp: 15832, ic.pd: [19.4, 19.5] }
//   classes: { us: [4A090.a], jp: [] }  these, besides what rules derive; absent: not known
//   parties: [ { name: A lab, located: JP, hq: JP, entity_list: no } ]
//
// What is not stated is unknown. Nothing has a default.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/rules/book.h"

namespace renkei::rules {

inline constexpr std::string_view kCrossingFormat = "renkei-crossing/1";
inline constexpr size_t kPartiesMax = 16;
inline constexpr size_t kClassesMax = 64;
inline constexpr Milliseconds kSkewMax = std::chrono::hours(24);

struct Case {
  std::vector<Interval> facts{};                 // by slot
  std::vector<std::vector<Interval>> parties{};  // by party and slot; at least one
  std::vector<std::string> party_names{};
  ClassSet classes{};                    // that the item is said to have
  ClassSet open_classes{};               // that it may have or not: nobody said
  std::array<bool, 2> classes_stated{};  // by jurisdiction
  std::optional<Instant> at{};
  Milliseconds skew{0};
  std::optional<Date> on{};  // one of `at` and `on`

  // The days that it may be in the jurisdiction.
  std::vector<Date> DatesIn(Jurisdiction jurisdiction) const;
};

// A case of which nothing is known but that there is one party.
Case EmptyCase(const RuleBook& book);

// One fact: yes or no; a number, or the two numbers that it lies between, either of which may be
// inf; a country; a word; or unknown.
//   INVALID_ARGUMENT  something else
StatusOr<Interval> ParseFact(const Fact& fact, const syntax::Value& value);
std::string FormatFact(const Fact& fact, const Interval& value);  // "[19.4, 19.5]", "yes", "JP"

// Reads the document. Its format may be left out when `is_part`; a `like` names a model of a pack.
//   INVALID_ARGUMENT  a fact that no pack declares, of the wrong type, a day that does not exist...
StatusOr<Case> ParseCase(const syntax::Value& document, const std::string& where,
                         const RuleBook& book, bool is_part = false);

// A text in YAML or, when it begins with '{', JSON. Errors read "<where>: line L, column C: ...".
StatusOr<Case> ParseCaseText(std::string_view text, const std::string& where, const RuleBook& book);

}  // namespace renkei::rules
