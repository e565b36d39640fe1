// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/condition.h"

#include <cmath>
#include <optional>
#include <utility>

#include "renkei/rules/number.h"
#include "renkei/syntax/fields.h"

namespace renkei::rules {
namespace {

using syntax::Value;
using Kind = Condition::Kind;

class Parser {
 public:
  explicit Parser(const std::string& where) : where_(where) {}

  StatusOr<Condition> Parse(const Value& value, int depth_left) const {
    if (depth_left == 0) return Fail(value, "conditions nested too deep");
    if (value.kind() == Value::Kind::kText) return ParseLine(value);
    if (value.kind() != Value::Kind::kObject || value.members().empty()) {
      return Fail(value, "a condition belongs here: a line, or a table such as {all: [...]}");
    }
    const auto& [key, content] = value.members().front();
    if (key == "licence required under") return ParseRequirement(value);
    if (value.members().size() > 1) {
      return Fail(value, "one key at a time; put several conditions into all: [...] or any: [...]");
    }
    if (key == "all" || key == "any") return ParseList(key, content, depth_left);
    if (key == "not") return Wrap(Kind::kNot, content, depth_left);
    if (key == "any party") return Wrap(Kind::kAnyParty, content, depth_left);
    if (key == "no party") {
      RK_ASSIGN_OR_RETURN(Condition any, Wrap(Kind::kAnyParty, content, depth_left));
      return Condition{.kind = Kind::kNot, .parts = {std::move(any)}, .at = value.at};
    }
    if (key.ends_with(" in")) return ParseIn(key.substr(0, key.size() - 3), content);
    return Fail(value, fmt::format("'{}' is no condition; all, any, not, any party, no party, "
                                   "'FACT in', 'class in' and 'licence required under' are",
                                   key));
  }

 private:
  Status Fail(const Value& value, std::string_view what) const {
    return Error(Code::kInvalidArgument, "{}: {}{}", where_, syntax::PositionText(value.at), what);
  }

  StatusOr<Condition> Wrap(Kind kind, const Value& content, int depth_left) const {
    RK_ASSIGN_OR_RETURN(Condition part, Parse(content, depth_left - 1));
    return Condition{.kind = kind, .parts = {std::move(part)}, .at = content.at};
  }

  StatusOr<Condition> ParseList(std::string_view key, const Value& content, int depth_left) const {
    if (content.kind() != Value::Kind::kArray || content.items().empty() ||
        content.items().size() > kConditionPartsMax) {
      return Fail(content, fmt::format("a list of 1 to {} conditions", kConditionPartsMax));
    }
    Condition list{.kind = key == "all" ? Kind::kAll : Kind::kAny, .at = content.at};
    for (const Value& item : content.items()) {
      RK_ASSIGN_OR_RETURN(Condition part, Parse(item, depth_left - 1));
      list.parts.push_back(std::move(part));
    }
    return list;
  }

  StatusOr<std::vector<std::string>> Words(const Value& content) const {
    if (content.kind() != Value::Kind::kArray || content.items().empty() ||
        content.items().size() > kConditionPartsMax) {
      return Fail(content, fmt::format("a list of 1 to {} words", kConditionPartsMax));
    }
    std::vector<std::string> words;
    for (const Value& item : content.items()) {
      if (item.kind() != Value::Kind::kText) return Fail(item, "a word belongs here");
      words.push_back(item.text());
    }
    return words;
  }

  StatusOr<Condition> ParseIn(std::string_view fact, const Value& content) const {
    RK_ASSIGN_OR_RETURN(auto values, Words(content));
    return Condition{.kind = fact == "class" ? Kind::kClass : Kind::kIs,
                     .name = std::string(fact),
                     .values = std::move(values),
                     .at = content.at};
  }

  StatusOr<Condition> ParseRequirement(const Value& value) const {
    Condition condition{.kind = Kind::kRequirement, .at = value.at};
    for (const auto& [key, content] : value.members()) {
      RK_ASSIGN_OR_RETURN(auto words, Words(content));
      if (key == "but") {
        condition.but = std::move(words);
      } else if (key == "licence required under") {
        condition.values = std::move(words);
      } else {
        return Fail(content, fmt::format("'{}' is not 'but'", key));
      }
    }
    return condition;
  }

  // FACT is VALUE, FACT is not VALUE, FACT in VALUE, FACT >= NUMBER, class is CLASS, rule ID, TERM.
  StatusOr<Condition> ParseLine(const Value& value) const {
    std::vector<std::string> words;
    const std::string& text = value.text();
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find(' ', at), text.size());
      if (end > at) words.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    if (words.size() == 1) {
      return Condition{.kind = Kind::kTerm, .name = words[0], .at = value.at};
    }
    if (words.size() == 2 && words[0] == "rule") {
      return Condition{.kind = Kind::kRule, .name = words[1], .at = value.at};
    }
    if (words.size() == 3 && (words[1] == "is" || words[1] == "in")) {
      return Condition{.kind = words[0] == "class" ? Kind::kClass : Kind::kIs,
                       .name = words[0],
                       .values = {words[2]},
                       .at = value.at};
    }
    if (words.size() == 4 && words[1] == "is" && words[2] == "not") {
      Condition is{.kind = words[0] == "class" ? Kind::kClass : Kind::kIs,
                   .name = words[0],
                   .values = {words[3]},
                   .at = value.at};
      return Condition{.kind = Kind::kNot, .parts = {std::move(is)}, .at = value.at};
    }
    if (words.size() == 3) return ParseComparison(value, words);
    return Fail(value,
                "not a condition such as 'FACT is yes', 'FACT in GROUP', 'FACT >= 4800', "
                "'class is 3A090.a', 'rule ID' or a term");
  }

  StatusOr<Condition> ParseComparison(const Value& value,
                                      const std::vector<std::string>& words) const {
    for (const Comparison comparison :
         {Comparison::kLess, Comparison::kAtMost, Comparison::kMore, Comparison::kAtLeast}) {
      if (words[1] != NameOf(comparison)) continue;
      const std::optional<double> number = ParseNumber(words[2]);
      if (!number) return Fail(value, fmt::format("'{}' is not a number", words[2]));
      return Condition{.kind = Kind::kCompare,
                       .name = words[0],
                       .comparison = comparison,
                       .number = *number,
                       .at = value.at};
    }
    return Fail(value, fmt::format("'{}' is none of is, in, <, <=, > and >=", words[1]));
  }

  const std::string& where_;
};

}  // namespace

std::string_view NameOf(Comparison comparison) {
  switch (comparison) {
    case Comparison::kLess:
      return "<";
    case Comparison::kAtMost:
      return "<=";
    case Comparison::kMore:
      return ">";
    case Comparison::kAtLeast:
      break;
  }
  return ">=";
}

StatusOr<Condition> ParseCondition(const Value& value, const std::string& where) {
  return Parser(where).Parse(value, kConditionDepthMax);
}

}  // namespace renkei::rules
