// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/pack.h"

#include <algorithm>
#include <utility>

#include "renkei/crypto/hash.h"
#include "renkei/rules/country.h"
#include "renkei/rules/rule_reader.h"
#include "renkei/syntax/yaml.h"

namespace renkei::rules {
namespace {

using syntax::Value;

class PackReader : RuleReader {
 public:
  explicit PackReader(const std::string& where) : RuleReader(where) {}

  StatusOr<Pack> Read(const Value& document) {
    syntax::Fields fields(document, where_);
    Pack pack{.where = where_};
    if (fields.Text("format") != kPackFormat && !fields.failed()) {
      fields.Fail("format", fmt::format("{} belongs here", kPackFormat));
    }
    pack.id = Id(fields, "pack");
    pack.version = static_cast<int>(Number(fields, "version", 1, 1'000'000));
    if (const std::string text = fields.Text("jurisdiction"); text != "none" && !fields.failed()) {
      const auto jurisdiction = ParseJurisdiction(text);
      if (jurisdiction.ok()) pack.jurisdiction = *jurisdiction;
      if (!jurisdiction.ok()) fields.Fail("jurisdiction", "us, jp or none belongs here");
    }
    pack.is_private = YesNo(fields, "private", false);
    pack.text_as_of = Day(fields, "text_as_of").value_or(Date{});
    RK_RETURN_IF_ERROR(fields.status());
    RK_ASSIGN_OR_RETURN(pack.law, WordsAt(fields, "law"));
    RK_RETURN_IF_ERROR(ReadWords(fields, pack));
    RK_RETURN_IF_ERROR(ReadRules(fields, pack));
    RK_RETURN_IF_ERROR(ReadTrials(fields, pack));
    RK_RETURN_IF_ERROR(fields.Finish());
    return pack;
  }

 private:
  Status ReadWords(syntax::Fields& fields, Pack& pack) {
    RK_RETURN_IF_ERROR(ForMembers(fields, "groups", [&](const std::string& id, const Value& value) {
      return ReadGroup(id, value, pack);
    }));
    RK_RETURN_IF_ERROR(ForMembers(fields, "facts", [&](const std::string& id, const Value& value) {
      return ReadFact(id, value, pack);
    }));
    return ForMembers(fields, "terms", [&](const std::string& id, const Value& value) {
      return ReadTerm(id, value, pack);
    });
  }

  // A condition, or {when: condition, says: {en, ja}}.
  Status ReadTerm(const std::string& id, const Value& value, Pack& pack) const {
    Term term{.id = id, .at = value.at};
    const Value* when = value.Find("when");
    if (when != nullptr) {
      syntax::Fields fields(value, Where("terms", id));
      fields.Any("when");
      RK_ASSIGN_OR_RETURN(term.says, WordsAt(fields, "says"));
      RK_RETURN_IF_ERROR(fields.Finish());
    }
    RK_ASSIGN_OR_RETURN(term.when,
                        ParseCondition(when != nullptr ? *when : value, Where("terms", id)));
    pack.terms.push_back(std::move(term));
    return Ok();
  }

  Status ReadGroup(const std::string& id, const Value& value, Pack& pack) {
    syntax::Fields fields(value, Where("groups", id));
    CountryGroup group{.id = id, .cite = fields.Text("cite"), .at = value.at};
    for (const std::string& code : Texts(fields, "members")) {
      RK_RETURN_IF_ERROR(AddMember(fields, "members", {.country = code}, group));
    }
    for (const Value* change : fields.Objects("changes", false)) {
      syntax::Fields row(*change, Where("groups", id));
      GroupMember member{.country = row.Text("country"),
                         .period = {Day(row, "from", false), Day(row, "until", false)},
                         .cite = row.Text("cite")};
      RK_RETURN_IF_ERROR(row.Finish());
      RK_RETURN_IF_ERROR(AddMember(fields, "changes", std::move(member), group));
    }
    RK_RETURN_IF_ERROR(fields.Finish());
    pack.groups.push_back(std::move(group));
    return Ok();
  }

  static Status AddMember(syntax::Fields& fields, std::string_view key, GroupMember member,
                          CountryGroup& group) {
    if (!CountryIndex(member.country)) {
      fields.Fail(key, fmt::format("'{}' is no country of ISO 3166", member.country));
    }
    for (const GroupMember& other : group.members) {
      if (other.country != member.country) continue;
      const bool apart =
          (other.period.until && member.period.from && *other.period.until < *member.period.from) ||
          (member.period.until && other.period.from && *member.period.until < *other.period.from);
      if (!apart) fields.Fail(key, fmt::format("{} stands here twice", member.country));
    }
    RK_RETURN_IF_ERROR(fields.status());
    group.members.push_back(std::move(member));
    return Ok();
  }

  Status ReadFact(const std::string& id, const Value& value, Pack& pack) {
    constexpr size_t kWordsMax = 64;
    syntax::Fields fields(value, Where("facts", id));
    FactDeclaration fact{.id = id, .at = value.at};
    const std::string type = fields.Text("type");
    if (type == "yes/no") {
      fact.type = FactType::kTruth;
    } else if (type == "number") {
      fact.type = FactType::kNumber;
    } else if (type == "country") {
      fact.type = FactType::kCountry;
    } else if (type == "word") {
      fact.type = FactType::kWord;
      fact.words = fields.Texts("words");
      if (fact.words.size() > kWordsMax || fact.words.empty()) {
        fields.Fail("words", fmt::format("1 to {} words", kWordsMax));
      }
    } else {
      fields.Fail("type", "yes/no, number, country or word belongs here");
    }
    fact.of = Texts(fields, "of");
    fact.unit = fields.TextOr("unit", "");
    RK_RETURN_IF_ERROR(fields.status());
    RK_ASSIGN_OR_RETURN(fact.name, WordsAt(fields, "name"));
    RK_ASSIGN_OR_RETURN(fact.ask, WordsAt(fields, "ask"));
    RK_RETURN_IF_ERROR(fields.Finish());
    pack.facts.push_back(std::move(fact));
    return Ok();
  }

  Status ReadRules(syntax::Fields& fields, Pack& pack) {
    for (const Value* value : fields.Objects("rules", false)) {
      RK_ASSIGN_OR_RETURN(Rule rule, ReadRule(*value));
      pack.rules.push_back(std::move(rule));
    }
    if (pack.rules.size() > kRulesMax) fields.Fail("rules", fmt::format("above {}", kRulesMax));
    if (!pack.rules.empty() && !pack.jurisdiction && !fields.failed()) {
      fields.Fail("rules", "a pack of rules names its jurisdiction, us or jp");
    }
    if (const Value* sets = fields.Any("exclusive"); sets != nullptr && !fields.failed()) {
      RK_ASSIGN_OR_RETURN(pack.exclusive, ListsOfTexts(*sets, "exclusive"));
    }
    for (const Value* value : fields.Objects("not_assessed", false)) {
      syntax::Fields row(*value, Where("not_assessed", ""));
      NotAssessed item{.id = Id(row, "id"), .cite = row.TextOr("cite", "")};
      RK_ASSIGN_OR_RETURN(item.name, WordsAt(row, "name"));
      RK_RETURN_IF_ERROR(row.Finish());
      pack.not_assessed.push_back(std::move(item));
    }
    return fields.status();
  }

  Status ReadTrials(syntax::Fields& fields, Pack& pack) {
    RK_RETURN_IF_ERROR(ForMembers(fields, "models", [&](const std::string& id, const Value& value) {
      pack.models.emplace_back(id, value);
      return Ok();
    }));
    for (const Value* value : fields.Objects("tests", false)) {
      RK_ASSIGN_OR_RETURN(Trial trial, ReadTrial(*value));
      pack.trials.push_back(std::move(trial));
    }
    return fields.status();
  }

  StatusOr<Trial> ReadTrial(const Value& value) const {
    syntax::Fields fields(value, Where("tests", ""));
    Trial trial{.name = fields.Text("test"), .crossing = Value::Object(), .at = value.at};
    for (const std::string_view key : {"like", "on", "at", "facts", "classes", "parties"}) {
      if (const Value* part = fields.Any(key)) trial.crossing.Set(key, *part);
    }
    trial.crossing.at = value.at;
    const Value* expect = fields.ObjectAt("expect");
    RK_RETURN_IF_ERROR(fields.Finish());
    syntax::Fields wanted(*expect, Where("tests", trial.name));
    for (const std::string_view key : {"us.codified", "us.enforced", "jp"}) {
      if (wanted.Has(key)) trial.expect.emplace_back(key, wanted.Text(key));
    }
    trial.leg = wanted.TextOr("leg", "");
    trial.cites = Texts(wanted, "cites");
    trial.missing = Texts(wanted, "missing");
    RK_RETURN_IF_ERROR(wanted.Finish());
    return trial;
  }
};

}  // namespace

std::string_view NameOf(Layer layer) { return layer == Layer::kCodified ? "codified" : "enforced"; }

StatusOr<Pack> ParsePack(std::string_view yaml, const std::string& where) {
  const auto document = syntax::ParseYaml(yaml, {.size_bytes_max = kPackBytesMax});
  if (!document.ok()) return Annotate(document.status(), where);
  RK_ASSIGN_OR_RETURN(Pack pack, PackReader(where).Read(*document));
  pack.sha256 = crypto::Sha256(AsBytes(yaml));
  return pack;
}

}  // namespace renkei::rules
