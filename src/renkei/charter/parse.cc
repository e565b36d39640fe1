// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "renkei/charter/charter.h"
#include "renkei/charter/tables.h"
#include "renkei/crypto/hash.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/toml.h"

namespace renkei::charter {
namespace {

using syntax::Fields;
using syntax::PositionText;
using syntax::Value;

constexpr std::string_view kAll = "*";
constexpr std::string_view kItems[] = {"model", "update", "metrics"};

struct NameTag {
  static constexpr std::string_view kWhat = "charter name";
};

// A list of lines without repetition; not empty.
std::vector<std::string> ReadList(Fields& fields, std::string_view key) {
  std::vector<std::string> list = fields.Texts(key);
  if (list.empty()) fields.Fail(key, "is empty; name at least one");
  if (list.size() > kListMax) fields.Fail(key, fmt::format("more than {} items", kListMax));
  std::set<std::string_view> seen;
  for (const std::string& text : list) {
    CheckLine(fields, key, text);
    if (!seen.insert(text).second) fields.Fail(key, text + " is there twice");
  }
  return list;
}

std::vector<std::string> ReadRuleList(Fields& fields, std::string_view key) {
  std::vector<std::string> list = ReadList(fields, key);
  if (list.size() > 1 && std::ranges::find(list, kAll) != list.end()) {
    fields.Fail(key, "\"*\" stands for all and stands alone");
  }
  return list;
}

// Each item but "*" is one that the charter knows.
template <class Known>
std::vector<std::string> ReadKnown(Fields& fields, std::string_view key, const Known& known,
                                   std::string_view else_say) {
  std::vector<std::string> list = ReadRuleList(fields, key);
  for (const std::string& text : list) {
    if (text != kAll && std::ranges::find(known, text) == std::ranges::end(known)) {
      fields.Fail(key, fmt::format("{} {}", text, else_say));
    }
  }
  return list;
}

StatusOr<Rule> ReadRule(const Value& table, const std::string& where, const Charter& charter) {
  Fields fields(table, where);
  std::vector<std::string> parties;
  for (const Party& party : charter.parties) parties.push_back(party.id.text());
  Rule rule;
  rule.line = table.at.line;
  rule.items = ReadKnown(fields, "items", kItems, "is none of: model, update, metrics");
  rule.purposes =
      ReadKnown(fields, "purposes", charter.runs.purposes, "is not among the purposes of [runs]");
  rule.from = ReadKnown(fields, "from", parties, "is not a [[party]] of this charter");
  rule.to = ReadKnown(fields, "to", parties, "is not a [[party]] of this charter");
  rule.classifications_us = ReadRuleList(fields, "classifications_us");
  rule.classifications_jp = ReadRuleList(fields, "classifications_jp");
  RK_RETURN_IF_ERROR(fields.Finish());
  return rule;
}

StatusOr<RunRules> ReadRunRules(const Value& table, const std::string& where, size_t parties) {
  Fields fields(table, where);
  RunRules runs;
  runs.approvals =
      static_cast<uint32_t>(fields.Integer("approvals", 0, static_cast<int64_t>(parties)));
  runs.auditors = static_cast<uint32_t>(fields.Integer("auditors", 0, kListMax));
  runs.weight_max = static_cast<uint64_t>(fields.Integer("weight_max", 1, kWeightMax));
  runs.rounds_max = static_cast<uint32_t>(fields.Integer("rounds_max", 1, kRoundsMax));
  runs.purposes = ReadList(fields, "purposes");
  if (std::ranges::find(runs.purposes, kAll) != runs.purposes.end()) {
    fields.Fail("purposes", "\"*\" is not a purpose: name each");
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  return runs;
}

void ReadHead(Fields& fields, Charter& charter) {
  if (fields.Text("format") != kFormat) {
    fields.Fail("format", fmt::format("has to be \"{}\"", kFormat));
  }
  charter.name = fields.NameOf<Name<NameTag>>("name").text();
  charter.version = static_cast<uint32_t>(fields.Integer("version", 1, UINT32_MAX));
  charter.created = fields.Time("created");
  charter.expires = fields.Time("expires");
  if (charter.expires <= charter.created) fields.Fail("expires", "is not after `created`");
  charter.parties_to_adopt =
      static_cast<uint32_t>(fields.Integer("parties_to_adopt", 1, kPartiesMax));
}

void ReadDigest(Fields& fields, std::string_view key, std::optional<Digest>& digest) {
  const auto parsed = Digest::FromHexText(fields.Text(key));
  if (!parsed.ok()) return fields.Fail(key, Message(parsed.status()));
  digest = *parsed;
}

void ReadAncestry(Fields& fields, Charter& charter) {
  if (charter.version > 1) {
    ReadDigest(fields, "previous_sha256", charter.previous_sha256);
    ReadDigest(fields, "first_sha256", charter.first_sha256);
    if (charter.version == 2 && charter.first_sha256 != charter.previous_sha256) {
      fields.Fail("first_sha256", "differs from previous_sha256, which is version 1 too");
    }
    return;
  }
  for (const std::string_view key : {"previous_sha256", "first_sha256"}) {
    if (fields.Any(key) != nullptr) fields.Fail(key, "belongs to versions after the first");
  }
}

// What no table can say alone: nobody and nothing is there twice, and thresholds can be reached.
Status CheckTogether(const Charter& charter, const std::string& where) {
  std::set<PartyId> ids;
  std::map<crypto::PublicKey, std::string> keys;
  std::set<std::string> roots;
  size_t able = 0;
  for (const Party& party : charter.parties) {
    const std::string place = fmt::format(
        "{}: {}party {}", where, PositionText({.line = party.line, .column = 1}), party.id);
    if (!ids.insert(party.id).second) {
      return Error(Code::kInvalidArgument, "{} is there twice", place);
    }
    if (!roots.insert(party.ca_pem).second) {
      return Error(Code::kInvalidArgument, "{} has the certificate root of another party", place);
    }
    bool officer = false;
    for (const Person& person : party.people) {
      officer = officer || person.roles.contains(Role::kOfficer);
      const auto [other, added] = keys.emplace(person.key, party.id.text());
      if (added) continue;
      return Error(Code::kInvalidArgument, "{}: {} has the key of somebody of {}", place, person.id,
                   other->second);
    }
    able += officer;
  }
  if (keys.contains(charter.coordinator.key)) {
    return Error(Code::kInvalidArgument, "{}: coordinator: its key is also a person's", where);
  }
  if (charter.FindParty(charter.coordinator.party) == nullptr) {
    return Error(Code::kInvalidArgument, "{}: coordinator: {} is not a [[party]] of this charter",
                 where, charter.coordinator.party);
  }
  if (charter.parties_to_adopt > able || charter.runs.approvals > able) {
    return Error(Code::kInvalidArgument,
                 "{}: parties_to_adopt is {} and approvals {}, but only {} {} an officer", where,
                 charter.parties_to_adopt, charter.runs.approvals, able,
                 Plural(able, "party has", "parties have"));
  }
  return Ok();
}

Status ReadRules(const std::vector<const Value*>& tables, const std::string& where,
                 const Charter& charter, std::vector<Rule>& rules) {
  if (tables.size() > kRulesMax) {
    return Error(Code::kInvalidArgument, "{}: more than {}", where, kRulesMax);
  }
  for (size_t i = 0; i < tables.size(); ++i) {
    RK_ASSIGN_OR_RETURN(Rule rule,
                        ReadRule(*tables[i], fmt::format("{}[{}]", where, i + 1), charter));
    rules.push_back(std::move(rule));
  }
  return Ok();
}

}  // namespace

StatusOr<Charter> Parse(std::string_view toml, std::string_view source_name) {
  const std::string where(source_name);
  if (toml.size() > kCharterBytesMax) {
    return Error(Code::kResourceExhausted, "{}: {} bytes; a charter has at most {}", where,
                 toml.size(), kCharterBytesMax);
  }
  const auto document = syntax::ParseToml(toml);
  if (!document.ok()) return Annotate(document.status(), where);
  Fields fields(*document, where);
  Charter charter;
  ReadHead(fields, charter);
  ReadAncestry(fields, charter);
  const Value* runs = fields.ObjectAt("runs");
  const Value* export_rules = fields.ObjectAt("export");
  const Value* coordinator = fields.ObjectAt("coordinator");
  const auto parties = fields.Objects("party");
  const auto permits = fields.Objects("permit", false);
  const auto prohibits = fields.Objects("prohibit", false);
  if (parties.empty()) fields.Fail("party", "name at least one");
  if (parties.size() > kPartiesMax) {
    fields.Fail("party", fmt::format("more than {} parties", kPartiesMax));
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  RK_ASSIGN_OR_RETURN(charter.runs, ReadRunRules(*runs, where + ": runs", parties.size()));
  RK_ASSIGN_OR_RETURN(charter.export_rules, ReadExportRules(*export_rules, where + ": export"));
  RK_ASSIGN_OR_RETURN(charter.coordinator, ReadCoordinator(*coordinator, where + ": coordinator"));
  for (size_t i = 0; i < parties.size(); ++i) {
    RK_ASSIGN_OR_RETURN(Party party,
                        ReadParty(*parties[i], fmt::format("{}: party[{}]", where, i + 1)));
    charter.parties.push_back(std::move(party));
  }
  RK_RETURN_IF_ERROR(CheckTogether(charter, where));
  RK_RETURN_IF_ERROR(ReadRules(permits, where + ": permit", charter, charter.permits));
  RK_RETURN_IF_ERROR(ReadRules(prohibits, where + ": prohibit", charter, charter.prohibits));
  charter.sha256 = crypto::Sha256(AsBytes(toml));
  return charter;
}

}  // namespace renkei::charter
