// SPDX-License-Identifier: Apache-2.0
// The public file that a party gives to its partners ("party.toml", made by `renkei init`): its
// [[party]] table as the charter will hold it and, from the party that runs the coordinator,
// [coordinator].
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "renkei/base/status.h"
#include "renkei/charter/charter.h"

namespace renkei::charter {

inline constexpr std::string_view kCardFormat = "renkei-party/1";

struct PartyCard {
  Party party;
  std::optional<CoordinatorSite> coordinator;
};

// Errors as charter::Parse gives them. Another party's coordinator is refused.
StatusOr<PartyCard> ParsePartyCard(std::string_view toml, std::string_view source_name);
// The same card gives the same text.
std::string DumpPartyCard(const PartyCard& card);

}  // namespace renkei::charter
