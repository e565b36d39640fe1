// SPDX-License-Identifier: Apache-2.0
// The parts that the reading of a pack is made of: scalars that YAML leaves as text, and a rule.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/status.h"
#include "renkei/rules/pack.h"
#include "renkei/syntax/fields.h"

namespace renkei::rules {

class RuleReader {
 public:
  // `where` is the file.
  explicit RuleReader(const std::string& where) : where_(where) {}

  //   INVALID_ARGUMENT  names the rule, the place and what belongs there
  StatusOr<Rule> ReadRule(const syntax::Value& value) const;

 protected:
  using Member = std::function<Status(const std::string& id, const syntax::Value& value)>;

  std::string Where(std::string_view section, std::string_view id) const;
  // Each of these notes an error in `fields` and then returns an empty value.
  static std::string Id(syntax::Fields& fields, std::string_view key);
  static double Number(syntax::Fields& fields, std::string_view key, double fallback, double max);
  static bool YesNo(syntax::Fields& fields, std::string_view key, bool fallback);
  static std::optional<Date> Day(syntax::Fields& fields, std::string_view key,
                                 bool required = true);
  static std::vector<std::string> Texts(syntax::Fields& fields, std::string_view key);
  StatusOr<Words> WordsAt(syntax::Fields& fields, std::string_view key) const;
  StatusOr<std::vector<std::vector<std::string>>> ListsOfTexts(const syntax::Value& value,
                                                               std::string_view key) const;
  static Status ForMembers(syntax::Fields& fields, std::string_view key, const Member& member);

  const std::string where_;

 private:
  static void ReadEffect(syntax::Fields& fields, Rule& rule);
  static void ReadDates(syntax::Fields& fields, Rule& rule);
  Status ReadConditions(syntax::Fields& fields, Rule& rule) const;
};

}  // namespace renkei::rules
