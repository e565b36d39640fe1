// SPDX-License-Identifier: Apache-2.0
#include "renkei/charter/tables.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "renkei/charter/country.h"
#include "renkei/crypto/x509.h"
#include "renkei/syntax/toml.h"

namespace renkei::charter {
namespace {

constexpr size_t kCaPemBytesMax = 4096;
constexpr size_t kAddressBytesMax = 260;

std::string ReadCountry(syntax::Fields& fields) {
  std::string country = fields.Text("country");
  if (!IsCountry(country)) {
    fields.Fail("country", "is not a country code of ISO 3166, such as \"JP\"");
  }
  return country;
}

// Host and port as "fab.example.com:7400" or "[::1]:7400".
bool IsAddress(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == 0 || colon == std::string_view::npos || address.size() > kAddressBytesMax) {
    return false;
  }
  const std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && port[0] != '0' &&
                      std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || std::stoi(std::string(port)) > 65535) return false;
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  return std::ranges::all_of(host, [&](char c) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '-';
    return plain || (bracketed && (c == ':' || c == '[' || c == ']'));
  });
}

std::string ReadCa(syntax::Fields& fields) {
  std::string pem = fields.Text("ca");
  if (fields.failed()) return {};
  if (pem.size() > kCaPemBytesMax) {
    fields.Fail("ca", fmt::format("more than {} bytes", kCaPemBytesMax));
  } else if (const auto digest = crypto::CertificateSha256(pem); !digest.ok()) {
    fields.Fail("ca", "is not the PEM text of a certificate");
  }
  return pem;
}

StatusOr<Person> ReadPerson(const syntax::Value& table, const std::string& where) {
  syntax::Fields fields(table, where);
  Person person;
  person.id = fields.NameOf<PersonId>("id");
  person.key = fields.NameOf<crypto::PublicKey>("key");
  const std::vector<std::string> roles = fields.Texts("roles");
  if (roles.empty()) fields.Fail("roles", "name at least one role");
  for (const std::string& text : roles) {
    const auto role = ParseRole(text);
    if (!role.ok()) {
      fields.Fail("roles", Message(role.status()));
    } else if (!person.roles.insert(*role).second) {
      fields.Fail("roles", text + " is there twice");
    }
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  return person;
}

std::string Quoted(std::string_view text) { return syntax::TomlQuoted(text); }

}  // namespace

std::string_view Plural(size_t count, std::string_view one, std::string_view many) {
  return count == 1 ? one : many;
}

void CheckLine(syntax::Fields& fields, std::string_view key, std::string_view text) {
  const bool line =
      !text.empty() && text.size() <= kTextMax && std::ranges::none_of(text, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
      });
  if (!line) fields.Fail(key, fmt::format("is not one line of 1 to {} bytes", kTextMax));
}

std::string ReadLine(syntax::Fields& fields, std::string_view key) {
  std::string text = fields.Text(key);
  CheckLine(fields, key, text);
  return text;
}

StatusOr<Party> ReadParty(const syntax::Value& table, const std::string& where) {
  syntax::Fields fields(table, where);
  Party party;
  party.line = table.at.line;
  party.id = fields.NameOf<PartyId>("id");
  party.name = ReadLine(fields, "name");
  party.country = ReadCountry(fields);
  party.threshold = static_cast<uint32_t>(fields.Integer("threshold", 1, kPeopleMax));
  party.ca_pem = ReadCa(fields);
  const syntax::Value* facts = fields.ObjectAt("facts", false);
  const auto people = fields.Objects("person");
  if (people.size() > kPeopleMax) {
    fields.Fail("person", fmt::format("more than {} people", kPeopleMax));
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  if (facts != nullptr) {
    RK_ASSIGN_OR_RETURN(party.facts, syntax::ReadStated(*facts, where + ": facts"));
  }
  size_t officers = 0;
  for (size_t i = 0; i < people.size(); ++i) {
    RK_ASSIGN_OR_RETURN(Person person,
                        ReadPerson(*people[i], fmt::format("{}: person[{}]", where, i + 1)));
    for (const Person& other : party.people) {
      if (other.id == person.id) {
        return Error(Code::kInvalidArgument, "{}: {}person {} is there twice", where,
                     syntax::PositionText(people[i]->at), person.id);
      }
      if (other.key == person.key) {
        return Error(Code::kInvalidArgument, "{}: {}{} and {} have the same key", where,
                     syntax::PositionText(people[i]->at), other.id, person.id);
      }
    }
    officers += person.roles.contains(Role::kOfficer);
    party.people.push_back(std::move(person));
  }
  if (officers > 0 && party.threshold > officers) {
    return Error(Code::kInvalidArgument,
                 "{}: {}threshold is {}, but {} has {} {}: it could never sign", where,
                 syntax::PositionText(table.at), party.threshold, party.id, officers,
                 Plural(officers, "officer", "officers"));
  }
  return party;
}

StatusOr<CoordinatorSite> ReadCoordinator(const syntax::Value& table, const std::string& where) {
  syntax::Fields fields(table, where);
  CoordinatorSite coordinator;
  coordinator.party = fields.NameOf<PartyId>("party");
  coordinator.site = fields.NameOf<SiteId>("site");
  coordinator.country = ReadCountry(fields);
  coordinator.address = fields.Text("address");
  if (!IsAddress(coordinator.address)) {
    fields.Fail("address", "is not host:port, such as \"fab.example.com:7400\"");
  }
  coordinator.key = fields.NameOf<crypto::PublicKey>("key");
  RK_RETURN_IF_ERROR(fields.Finish());
  return coordinator;
}

StatusOr<ExportRules> ReadExportRules(const syntax::Value& table, const std::string& where) {
  constexpr std::string_view kBindings[] = {"both", "codified", "enforced", "none"};
  syntax::Fields fields(table, where);
  ExportRules rules;
  rules.binding = fields.Text("binding");
  if (std::ranges::find(kBindings, rules.binding) == std::end(kBindings)) {
    fields.Fail("binding", "is none of: both, codified, enforced, none");
  }
  rules.text_days = static_cast<uint32_t>(fields.Integer("text_days", 1, kTextDaysMax));
  rules.hold_hours = static_cast<uint32_t>(fields.Integer("hold_hours", 1, kHoldHoursMax));
  const syntax::Value* facts = fields.ObjectAt("facts", false);
  const syntax::Value* packs = fields.ObjectAt("packs", rules.IsAssessed());
  if (packs != nullptr && (packs->members().empty() || !rules.IsAssessed())) {
    fields.Fail("packs", "names the rule packs that answer, unless binding is \"none\"");
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  if (facts != nullptr) {
    RK_ASSIGN_OR_RETURN(rules.facts, syntax::ReadStated(*facts, where + ": facts"));
  }
  if (packs == nullptr) return rules;
  RK_ASSIGN_OR_RETURN(const syntax::Stated stated, syntax::ReadStated(*packs, where + ": packs"));
  for (const auto& [id, text] : stated) {
    const auto sha256 = Digest::FromHexText(text);
    if (!sha256.ok()) return Annotate(sha256.status(), fmt::format("{}: packs: {}", where, id));
    rules.packs.emplace(id, *sha256);
  }
  return rules;
}

std::string DumpParty(const Party& party) {
  std::string text = fmt::format("[[party]]\nid = {}\nname = {}\ncountry = {}\nthreshold = {}\n",
                                 Quoted(party.id.text()), Quoted(party.name), Quoted(party.country),
                                 party.threshold);
  if (!party.facts.empty()) text += fmt::format("facts = {}\n", syntax::DumpStated(party.facts));
  // A certificate's PEM holds no character that TOML would have to escape.
  text += fmt::format("ca = \"\"\"\n{}\"\"\"\n", party.ca_pem);
  for (const Person& person : party.people) {
    std::vector<std::string> roles;
    for (const Role role : person.roles) roles.push_back(Quoted(NameOf(role)));
    text +=
        fmt::format("\n  [[party.person]]\n  id = {}\n  key = {}\n  roles = [{}]\n",
                    Quoted(person.id.text()), Quoted(person.key.Text()), fmt::join(roles, ", "));
  }
  return text;
}

std::string DumpExportRules(const ExportRules& rules) {
  std::string text = fmt::format("[export]\nbinding = {}\ntext_days = {}\nhold_hours = {}\n",
                                 Quoted(rules.binding), rules.text_days, rules.hold_hours);
  if (!rules.facts.empty()) text += fmt::format("facts = {}\n", syntax::DumpStated(rules.facts));
  if (rules.packs.empty()) return text;
  text += "\n  [export.packs]\n";
  for (const auto& [id, sha256] : rules.packs) {
    text += fmt::format("  {} = {}\n", id, Quoted(sha256.hex()));
  }
  return text;
}

std::string DumpCoordinator(const CoordinatorSite& coordinator) {
  return fmt::format("[coordinator]\nparty = {}\nsite = {}\ncountry = {}\naddress = {}\nkey = {}\n",
                     Quoted(coordinator.party.text()), Quoted(coordinator.site.text()),
                     Quoted(coordinator.country), Quoted(coordinator.address),
                     Quoted(coordinator.key.Text()));
}

}  // namespace renkei::charter
