// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/case.h"

#include <algorithm>
#include <utility>

#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/yaml.h"

namespace renkei::rules {
namespace {

using syntax::Value;

constexpr Interval kYes{1, 1};
constexpr Interval kNo{0, 0};

Status Refuse(const std::string& where, const syntax::Position& at, std::string_view what) {
  return Error(Code::kInvalidArgument, "{}: {}{}", where, syntax::PositionText(at), what);
}

std::optional<double> NumberOf(const Value& value) {
  if (value.kind() == Value::Kind::kInteger || value.kind() == Value::Kind::kNumber) {
    return value.number();
  }
  if (value.kind() != Value::Kind::kText) return std::nullopt;
  if (value.text() == "inf") return kInfinite;
  return ParseNumber(value.text());
}

StatusOr<Interval> ParseNumberFact(const Value& value) {
  if (value.kind() == Value::Kind::kArray && value.items().size() == 2) {
    const auto lo = NumberOf(value.items()[0]), hi = NumberOf(value.items()[1]);
    if (lo && hi && *lo <= *hi && *lo < kInfinite) return Interval{*lo, *hi};
    return Error(Code::kInvalidArgument, "two numbers, the smaller first, belong here");
  }
  const auto number = NumberOf(value);
  if (number && *number < kInfinite) return Interval{*number, *number};
  return Error(Code::kInvalidArgument, "a number, or two that it lies between, belongs here");
}

class CaseReader {
 public:
  CaseReader(const std::string& where, const RuleBook& book) : where_(where), book_(book) {}

  StatusOr<Case> Read(const Value& document, bool is_part) {
    syntax::Fields fields(document, where_);
    if (!is_part && fields.Text("format") != kCrossingFormat && !fields.failed()) {
      fields.Fail("format", fmt::format("{} belongs here", kCrossingFormat));
    }
    Case made = EmptyCase(book_);
    RK_RETURN_IF_ERROR(TakeModel(fields, made));
    RK_RETURN_IF_ERROR(TakeTime(fields, made));
    RK_RETURN_IF_ERROR(TakeFacts(fields.ObjectAt("facts", false), made));
    RK_RETURN_IF_ERROR(TakeClasses(fields.ObjectAt("classes", false), made));
    const Value* parties = fields.Any("parties");
    RK_RETURN_IF_ERROR(fields.Finish());
    RK_RETURN_IF_ERROR(TakeParties(parties, made));
    return made;
  }

 private:
  Status TakeModel(syntax::Fields& fields, Case& made) {
    if (!fields.Has("like")) return Ok();
    const Value* model = book_.FindModel(fields.Text("like"));
    if (model == nullptr) fields.Fail("like", "no pack has a model of this name");
    RK_RETURN_IF_ERROR(fields.status());
    syntax::Fields parts(*model, "models");
    RK_RETURN_IF_ERROR(TakeFacts(parts.ObjectAt("facts", false), made));
    RK_RETURN_IF_ERROR(TakeClasses(parts.ObjectAt("classes", false), made));
    if (const Value* party = parts.ObjectAt("party", false)) {
      RK_RETURN_IF_ERROR(TakeParty(*party, made.parties[0], made.party_names[0]));
    }
    return parts.Finish();
  }

  Status TakeTime(syntax::Fields& fields, Case& made) {
    if (fields.Has("on")) {
      const auto day = ParseDate(fields.Text("on"));
      if (!day.ok()) fields.Fail("on", Message(day.status()));
      if (fields.Has("at")) fields.Fail("at", "on or at, not both");
      RK_RETURN_IF_ERROR(fields.status());
      made.on = *day;
      return Ok();
    }
    made.at = fields.Time("at");
    RK_RETURN_IF_ERROR(fields.status());
    if (const Value* skew = fields.Any("skew_s")) {
      const auto seconds = NumberOf(*skew);
      constexpr double kSecondsMax = 86400;
      if (!seconds || *seconds < 0 || *seconds > kSecondsMax) {
        fields.Fail("skew_s", "seconds from 0 to 86400 belong here");
        return fields.status();
      }
      made.skew = Milliseconds(static_cast<int64_t>(*seconds * 1000));
    }
    return Ok();
  }

  StatusOr<uint32_t> FactOf(const std::string& id, bool of_party, const Value& value) const {
    const std::string full = of_party ? std::string(kPartyPrefix) + id : id;
    const auto found = book_.fact_by_id.find(full);
    if (found == book_.fact_by_id.end()) {
      return Refuse(where_, value.at, fmt::format("no pack asks for a fact {}", full));
    }
    if (book_.facts[found->second].of_party == of_party) return found->second;
    return Refuse(where_, value.at, fmt::format("{} belongs to a party of parties: [...]", full));
  }

  Status Take(const std::string& id, const Value& value, bool of_party,
              std::vector<Interval>& slots) const {
    RK_ASSIGN_OR_RETURN(const uint32_t index, FactOf(id, of_party, value));
    const Fact& fact = book_.facts[index];
    const auto parsed = ParseFact(fact, value);
    if (!parsed.ok()) {
      return Refuse(where_, value.at, fmt::format("{}: {}", id, Message(parsed.status())));
    }
    slots[fact.slot] = *parsed;
    return Ok();
  }

  Status TakeFacts(const Value* table, Case& made) const {
    if (table == nullptr) return Ok();
    for (const auto& [id, value] : table->members()) {
      RK_RETURN_IF_ERROR(Take(id, value, false, made.facts));
    }
    return Ok();
  }

  Status TakeClasses(const Value* table, Case& made) const {
    if (table == nullptr) return Ok();
    syntax::Fields fields(*table, where_ + ": classes");
    for (const Jurisdiction jurisdiction : kJurisdictions) {
      const std::string_view key = NameOf(jurisdiction);
      if (!fields.Has(key)) continue;
      const std::vector<std::string> ids = fields.Texts(key);
      if (ids.size() > kClassesMax) fields.Fail(key, fmt::format("above {}", kClassesMax));
      RK_RETURN_IF_ERROR(fields.status());
      made.classes_stated[static_cast<size_t>(jurisdiction)] = true;
      for (uint32_t i = 0; i < book_.classes.size(); ++i) {
        if (book_.classes[i].jurisdiction != jurisdiction) continue;
        made.classes.set(i, std::ranges::count(ids, book_.classes[i].id) > 0);
        made.open_classes.reset(i);
      }
    }
    return fields.Finish();
  }

  Status TakeParty(const Value& table, std::vector<Interval>& slots, std::string& name) const {
    if (table.kind() != Value::Kind::kObject) {
      return Refuse(where_, table.at, "a party is a table of its facts");
    }
    for (const auto& [id, value] : table.members()) {
      if (id != "name") {
        RK_RETURN_IF_ERROR(Take(id, value, true, slots));
      } else if (value.kind() == Value::Kind::kText) {
        name = value.text().substr(0, kIdBytesMax);
      } else {
        return Refuse(where_, value.at, "the name of a party is text");
      }
    }
    return Ok();
  }

  Status TakeParties(const Value* list, Case& made) const {
    if (list == nullptr) return Ok();
    if (list->kind() != Value::Kind::kArray || list->items().empty() ||
        list->items().size() > kPartiesMax) {
      return Refuse(where_, list->at, fmt::format("parties: 1 to {} tables", kPartiesMax));
    }
    const std::vector<Interval> model = made.parties[0];  // what each party begins with
    made.parties.clear();
    made.party_names.clear();
    for (const Value& table : list->items()) {
      made.parties.push_back(model);
      made.party_names.push_back(fmt::format("party {}", made.parties.size()));
      RK_RETURN_IF_ERROR(TakeParty(table, made.parties.back(), made.party_names.back()));
    }
    return Ok();
  }

  const std::string& where_;
  const RuleBook& book_;
};

}  // namespace

std::vector<Date> Case::DatesIn(Jurisdiction jurisdiction) const {
  if (on) return {*on};
  return rules::DatesIn(jurisdiction, *at, skew);
}

Case EmptyCase(const RuleBook& book) {
  Case made;
  made.facts.resize(book.slots);
  made.parties.resize(1);
  made.parties[0].resize(book.party_slots);
  for (const Fact& fact : book.facts) {
    (fact.of_party ? made.parties[0] : made.facts)[fact.slot] = fact.unknown;
  }
  made.party_names = {"party 1"};
  for (const BookClass& each : book.classes) {
    // A class that rules derive is theirs to say when nobody states it.
    made.open_classes.set(static_cast<size_t>(&each - book.classes.data()), each.rules.empty());
  }
  return made;
}

StatusOr<Interval> ParseFact(const Fact& fact, const Value& value) {
  const bool is_text = value.kind() == Value::Kind::kText;
  if (is_text && value.text() == "unknown") return fact.unknown;
  switch (fact.said.type) {
    case FactType::kNumber:
      return ParseNumberFact(value);
    case FactType::kTruth:
      if (value.kind() == Value::Kind::kBool) return value.boolean() ? kYes : kNo;
      if (is_text && value.text() == "yes") return kYes;
      if (is_text && value.text() == "no") return kNo;
      return Error(Code::kInvalidArgument, "yes, no or unknown belongs here");
    case FactType::kCountry:
      if (is_text) {
        if (const auto country = CountryIndex(value.text())) {
          return Interval{static_cast<double>(*country), static_cast<double>(*country)};
        }
      }
      return Error(Code::kInvalidArgument, "a country of ISO 3166 such as JP belongs here");
    case FactType::kWord:
      break;
  }
  for (size_t i = 0; is_text && i < fact.said.words.size(); ++i) {
    const auto index = static_cast<double>(i);
    if (fact.said.words[i] == value.text()) return Interval{index, index};
  }
  return Error(Code::kInvalidArgument, "one of {} belongs here", fmt::join(fact.said.words, ", "));
}

std::string FormatFact(const Fact& fact, const Interval& value) {
  if (value == fact.unknown) return "unknown";
  if (!value.is_point()) {
    return fmt::format("[{}, {}]", FormatNumber(value.lo), FormatNumber(value.hi));
  }
  switch (fact.said.type) {
    case FactType::kTruth:
      return value.lo == 1 ? "yes" : "no";
    case FactType::kCountry:
      return std::string(CountryCode(static_cast<uint16_t>(value.lo)));
    case FactType::kWord:
      return fact.said.words[static_cast<size_t>(value.lo)];
    case FactType::kNumber:
      break;
  }
  return FormatNumber(value.lo);
}

StatusOr<Case> ParseCase(const Value& document, const std::string& where, const RuleBook& book,
                         bool is_part) {
  return CaseReader(where, book).Read(document, is_part);
}

StatusOr<Case> ParseCaseText(std::string_view text, const std::string& where,
                             const RuleBook& book) {
  constexpr size_t kBytesMax = 1 << 20;
  const bool is_json = text.starts_with('{');
  const auto document = is_json ? syntax::ParseJson(text, {.size_bytes_max = kBytesMax})
                                : syntax::ParseYaml(text, {.size_bytes_max = kBytesMax});
  if (!document.ok()) return Annotate(document.status(), where);
  return ParseCase(*document, where, book);
}

}  // namespace renkei::rules
