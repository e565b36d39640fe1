// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/rule_reader.h"

#include <algorithm>
#include <utility>

#include "renkei/rules/number.h"

namespace renkei::rules {
namespace {

using syntax::Fields;
using syntax::Value;

struct EffectForm {
  std::string_view begins;  // "class X" has a subject; "review" has none
  Effect effect;
  bool has_subject;
  std::string_view targets;  // key of its targets, if it may have any
};
constexpr EffectForm kEffects[] = {
    {"not subject", Effect::kNotSubject, false, ""},
    {"no licence", Effect::kNoLicence, false, "against"},
    {"class ", Effect::kClass, true, ""},
    {"licence", Effect::kRequire, false, ""},
    {"prohibited", Effect::kProhibit, false, ""},
    {"exception ", Effect::kException, true, "lifts"},
    {"only exceptions", Effect::kOnlyExceptions, false, ""},
    {"policy ", Effect::kPolicy, true, "for"},
    {"review", Effect::kReview, false, "lifts"},
    {"note", Effect::kNote, false, ""},
};

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._:-/()").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string RuleReader::Where(std::string_view section, std::string_view id) const {
  return id.empty() ? fmt::format("{}: {}", where_, section)
                    : fmt::format("{}: {}: {}", where_, section, id.substr(0, kIdBytesMax));
}

std::string RuleReader::Id(Fields& fields, std::string_view key) {
  std::string id = fields.Text(key);
  if (!IsId(id) && !fields.failed()) {
    fields.Fail(key,
                fmt::format("a name of 1 to {} letters, digits and . _ : - / ( )", kIdBytesMax));
  }
  return id;
}

double RuleReader::Number(Fields& fields, std::string_view key, double fallback, double max) {
  if (!fields.Has(key)) return fallback;
  const std::optional<double> number = ParseNumber(fields.Text(key));
  if (number && *number >= 0 && *number <= max) return *number;
  fields.Fail(key, fmt::format("a number from 0 to {} belongs here", max));
  return fallback;
}

bool RuleReader::YesNo(Fields& fields, std::string_view key, bool fallback) {
  const std::string text = fields.TextOr(key, fallback ? "yes" : "no");
  if (text != "yes" && text != "no") fields.Fail(key, "yes or no belongs here");
  return text == "yes";
}

std::optional<Date> RuleReader::Day(Fields& fields, std::string_view key, bool required) {
  if (!required && !fields.Has(key)) return std::nullopt;
  const std::string text = fields.Text(key);
  if (fields.failed()) return std::nullopt;
  const auto date = ParseDate(text);
  if (date.ok()) return *date;
  fields.Fail(key, Message(date.status()));
  return std::nullopt;
}

std::vector<std::string> RuleReader::Texts(Fields& fields, std::string_view key) {
  const Value* value = fields.Any(key);
  if (value == nullptr) return {};
  if (value->kind() == Value::Kind::kText) return {value->text()};
  return fields.Texts(key);
}

StatusOr<Words> RuleReader::WordsAt(Fields& fields, std::string_view key) const {
  const Value* value = fields.ObjectAt(key);
  RK_RETURN_IF_ERROR(fields.status());
  return ParseWords(*value, where_);
}

StatusOr<std::vector<std::vector<std::string>>> RuleReader::ListsOfTexts(
    const Value& value, std::string_view key) const {
  std::vector<std::vector<std::string>> lists;
  const auto refuse = [&](const Value& at) {
    return Error(Code::kInvalidArgument, "{}: {}{}: a list of lists of names belongs here", where_,
                 syntax::PositionText(at.at), key);
  };
  if (value.kind() != Value::Kind::kArray) return refuse(value);
  for (const Value& inner : value.items()) {
    if (inner.kind() != Value::Kind::kArray) return refuse(inner);
    lists.emplace_back();
    for (const Value& item : inner.items()) {
      if (item.kind() != Value::Kind::kText) return refuse(item);
      lists.back().push_back(item.text());
    }
  }
  return lists;
}

Status RuleReader::ForMembers(Fields& fields, std::string_view key, const Member& member) {
  const Value* table = fields.ObjectAt(key, false);
  RK_RETURN_IF_ERROR(fields.status());
  if (table == nullptr) return Ok();
  for (const auto& [id, value] : table->members()) {
    if (!IsId(id)) {
      fields.Fail(key,
                  fmt::format("a name of 1 to {} letters, digits and . _ : - / ( )", kIdBytesMax));
    }
    RK_RETURN_IF_ERROR(fields.status());
    RK_RETURN_IF_ERROR(member(id, value));
  }
  return Ok();
}

void RuleReader::ReadEffect(Fields& fields, Rule& rule) {
  const std::string then = fields.Text("then");
  const auto* form = std::ranges::find_if(kEffects, [&](const EffectForm& each) {
    return each.has_subject ? then.starts_with(each.begins) && then.size() > each.begins.size()
                            : then == each.begins;
  });
  if (form == std::end(kEffects)) {
    return fields.Fail("then",
                       "not subject, no licence, class X, licence, prohibited, exception X, "
                       "only exceptions, policy X, review or note belongs here");
  }
  rule.effect = form->effect;
  if (form->has_subject) rule.subject = then.substr(form->begins.size());
  if (!form->targets.empty()) rule.targets = Texts(fields, form->targets);
  if (rule.effect == Effect::kRequire) {
    rule.control = Id(fields, "control");
    rule.subject = fields.TextOr("policy", "");
  }
  if (rule.effect == Effect::kOnlyExceptions) rule.but = Texts(fields, "but");
  if (rule.effect == Effect::kException) {
    rule.rank = static_cast<int>(Number(fields, "rank", rule.rank, 1000));
  }
  const bool needs_targets = rule.effect == Effect::kException || rule.effect == Effect::kPolicy;
  if (needs_targets && rule.targets.empty()) {
    fields.Fail(form->targets.data(), "the rules that it speaks of belong here");
  }
}

void RuleReader::ReadDates(Fields& fields, Rule& rule) {
  rule.period = {Day(fields, "from"), Day(fields, "until", false)};
  rule.comply_from = Day(fields, "comply_from", false);
  if (rule.period.until && *rule.period.until < *rule.period.from) {
    fields.Fail("until", "before the first day of the rule");
  }
  const std::string layer = fields.TextOr("layer", "");
  if (layer != "" && layer != "codified" && layer != "enforced") {
    fields.Fail("layer", "codified or enforced belongs here, or nothing for both");
  }
  rule.codified = layer != "enforced";
  rule.enforced = layer != "codified";
}

Status RuleReader::ReadConditions(Fields& fields, Rule& rule) const {
  const std::string where = Where("rules", rule.id);
  const Value* when = fields.Any("when");
  if (when == nullptr) fields.Fail("when", "is missing");
  const Value* except = fields.Any("except");
  const Value* shown = fields.Any("shown");
  RK_RETURN_IF_ERROR(fields.status());
  RK_ASSIGN_OR_RETURN(rule.when, ParseCondition(*when, where));
  if (except != nullptr) {
    RK_ASSIGN_OR_RETURN(rule.except, ParseCondition(*except, where));
  }
  if (shown == nullptr) return Ok();
  if (shown->kind() != Value::Kind::kArray) fields.Fail("shown", "a list of conditions");
  if (rule.effect != Effect::kException) fields.Fail("shown", "belongs to an exception alone");
  RK_RETURN_IF_ERROR(fields.status());
  for (const Value& item : shown->items()) {
    RK_ASSIGN_OR_RETURN(Condition condition, ParseCondition(item, where));
    rule.shown.push_back(std::move(condition));
  }
  return Ok();
}

StatusOr<Rule> RuleReader::ReadRule(const Value& value) const {
  Rule rule{.at = value.at};
  const Value* id = value.Find("id");
  const bool has_id = id != nullptr && id->kind() == Value::Kind::kText;
  Fields fields(value, Where("rules", has_id ? id->text() : ""));
  rule.id = Id(fields, "id");
  rule.cites = Texts(fields, "cite");
  if (rule.cites.empty() || std::ranges::count(rule.cites, "") > 0) {
    fields.Fail("cite", "every rule cites its paragraph");
  }
  ReadDates(fields, rule);
  ReadEffect(fields, rule);
  rule.except_cites = Texts(fields, "except_cite");
  RK_RETURN_IF_ERROR(fields.status());
  RK_RETURN_IF_ERROR(ReadConditions(fields, rule));
  RK_ASSIGN_OR_RETURN(rule.says, WordsAt(fields, "says"));
  for (const Value* duty : fields.Objects("duties", false)) {
    RK_ASSIGN_OR_RETURN(Words words, ParseWords(*duty, Where("rules", rule.id)));
    rule.duties.push_back(std::move(words));
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  return rule;
}

}  // namespace renkei::rules
