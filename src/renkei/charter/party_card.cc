// SPDX-License-Identifier: Apache-2.0
#include "renkei/charter/party_card.h"

#include <utility>

#include <fmt/format.h>

#include "renkei/charter/tables.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/toml.h"

namespace renkei::charter {

StatusOr<PartyCard> ParsePartyCard(std::string_view toml, std::string_view source_name) {
  const std::string where(source_name);
  const auto document = syntax::ParseToml(toml, {.size_bytes_max = kCharterBytesMax});
  if (!document.ok()) return Annotate(document.status(), where);
  syntax::Fields fields(*document, where);
  if (fields.Text("format") != kCardFormat) {
    fields.Fail("format", fmt::format("has to be \"{}\"", kCardFormat));
  }
  const syntax::Value* coordinator = fields.ObjectAt("coordinator", false);
  const auto parties = fields.Objects("party");
  if (parties.size() != 1) fields.Fail("party", "a card holds exactly one");
  RK_RETURN_IF_ERROR(fields.Finish());
  PartyCard card;
  RK_ASSIGN_OR_RETURN(card.party, ReadParty(*parties[0], where + ": party"));
  if (coordinator != nullptr) {
    RK_ASSIGN_OR_RETURN(card.coordinator, ReadCoordinator(*coordinator, where + ": coordinator"));
    if (card.coordinator->party != card.party.id) {
      return Error(Code::kInvalidArgument, "{}: coordinator: its party is {}, not {}", where,
                   card.coordinator->party, card.party.id);
    }
  }
  return card;
}

std::string DumpPartyCard(const PartyCard& card) {
  std::string text = fmt::format(
      "# The public card of {}: names, public keys and the root of its certificates.\n"
      "# Nothing in it is secret. Give it to your partners.\n"
      "format = \"{}\"\n\n",
      card.party.id, kCardFormat);
  if (card.coordinator) text += DumpCoordinator(*card.coordinator) + "\n";
  return text + DumpParty(card.party);
}

}  // namespace renkei::charter
