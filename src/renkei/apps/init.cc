// SPDX-License-Identifier: Apache-2.0
// renkei init: a party's keys, its certificate authority and its public card.
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/party_files.h"
#include "renkei/base/clock.h"
#include "renkei/base/random.h"
#include "renkei/charter/party_card.h"
#include "renkei/identity/party_authority.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr std::string_view kCoordinatorSite = "coordinator";

struct NamedRoles {
  PersonId person;
  std::set<charter::Role> roles;
};

// "alice:officer,operator".
StatusOr<NamedRoles> ParsePerson(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) {
    return Error(Code::kInvalidArgument,
                 "--person {}: give roles after a colon, such as alice:officer,operator", text);
  }
  NamedRoles named;
  RK_ASSIGN_OR_RETURN(named.person, PersonId::Parse(text.substr(0, colon)));
  for (size_t at = colon + 1; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    RK_ASSIGN_OR_RETURN(const charter::Role role, charter::ParseRole(text.substr(at, comma - at)));
    named.roles.insert(role);
    at = comma + 1;
  }
  return named;
}

StatusOr<charter::PartyCard> MakeCard(Disk& disk, const InitOptions& options) {
  charter::PartyCard card;
  RK_ASSIGN_OR_RETURN(card.party.id, PartyId::Parse(options.party));
  card.party.name = options.name;
  card.party.country = options.country;
  card.party.threshold = options.threshold;
  RK_ASSIGN_OR_RETURN(card.party.facts, ParseFactFlags(options.facts));
  for (const std::string& text : options.people) {
    RK_ASSIGN_OR_RETURN(const NamedRoles named, ParsePerson(text));
    RK_ASSIGN_OR_RETURN(const auto key, MakeKey(disk, PersonKeyFile(options.dir, named.person)));
    card.party.people.push_back(
        {.id = named.person, .key = key.public_key(), .roles = named.roles});
  }
  if (!options.coordinator_address.empty()) {
    RK_ASSIGN_OR_RETURN(const auto key, MakeKey(disk, CoordinatorKeyFile(options.dir)));
    charter::CoordinatorSite coordinator;
    coordinator.party = card.party.id;
    RK_ASSIGN_OR_RETURN(coordinator.site, SiteId::Parse(kCoordinatorSite));
    coordinator.country = options.country;
    coordinator.address = options.coordinator_address;
    coordinator.key = key.public_key();
    card.coordinator = coordinator;
  }
  return card;
}

Status Create(const InitOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  const auto clock = MakeSystemClock();
  const auto random = MakeSystemRandom();
  const std::string card_file = options.dir + "/party.toml";
  RK_ASSIGN_OR_RETURN(const bool exists, disk->Exists(card_file));
  if (exists) {
    return Error(Code::kAlreadyExists, "{}: a party lives in this directory; choose another",
                 card_file);
  }
  RK_RETURN_IF_ERROR(disk->MakeDirs(options.dir));
  RK_ASSIGN_OR_RETURN(charter::PartyCard card, MakeCard(*disk, options));
  RK_RETURN_IF_ERROR(
      identity::PartyAuthority::Create(*disk, options.dir, card.party.id, *random, *clock));
  RK_ASSIGN_OR_RETURN(const auto authority, identity::PartyAuthority::Open(*disk, options.dir));
  card.party.ca_pem = authority.root_pem();
  const std::string text = charter::DumpPartyCard(card);
  RK_RETURN_IF_ERROR(charter::ParsePartyCard(text, card_file).status());
  RK_RETURN_IF_ERROR(WriteWhole(*disk, card_file, AsBytes(text)));

  Value row = Value::Object();
  row.Set("party", card.party.id.text());
  row.Set("country", card.party.country);
  row.Set("people", static_cast<uint64_t>(card.party.people.size()));
  row.Set("card", card_file);
  console.Object(row);
  Console::Note("Give " + card_file + " to your partners. Everything else in " + options.dir +
                " is secret; keep ca/root.key offline.");
  return Ok();
}

}  // namespace

Exit Init(const InitOptions& options, const Console& console) {
  const Status created = Create(options, console);
  return created.ok() ? Exit::kOk : Console::Fail(created);
}

}  // namespace renkei::apps
