// SPDX-License-Identifier: Apache-2.0
#include "renkei/charter/charter.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "renkei/base/check.h"

namespace renkei::charter {

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kOfficer:
      return "officer";
    case Role::kOperator:
      return "operator";
    case Role::kResearcher:
      return "researcher";
    case Role::kAuditor:
      return "auditor";
  }
  RK_CHECK(false);
}

StatusOr<Role> ParseRole(std::string_view text) {
  for (const Role role : {Role::kOfficer, Role::kOperator, Role::kResearcher, Role::kAuditor}) {
    if (text == NameOf(role)) return role;
  }
  return Error(Code::kInvalidArgument, "a role is one of: officer, operator, researcher, auditor");
}

syntax::Stated ExportRules::FactsWith(const syntax::Stated& stated) const {
  syntax::Stated all = stated;
  all.insert(facts.begin(), facts.end());
  return all;
}

std::string Charter::LedgerOrigin() const {
  constexpr size_t kShownDigits = 16;
  const Digest& first = first_sha256 ? *first_sha256 : sha256;
  return fmt::format("renkei/{}/{}", name, first.hex().substr(0, kShownDigits));
}

seal::NoteKey Charter::LedgerKey() const {
  return seal::NoteKey::Of(LedgerOrigin(), coordinator.key);
}

const Party* Charter::FindParty(const PartyId& id) const {
  const auto found = std::ranges::find(parties, id, &Party::id);
  return found == parties.end() ? nullptr : &*found;
}

const Person* Charter::FindPersonByKeyId(std::string_view key_id, const Party** party) const {
  for (const Party& candidate : parties) {
    for (const Person& person : candidate.people) {
      if (person.key.KeyId() != key_id) continue;
      if (party != nullptr) *party = &candidate;
      return &person;
    }
  }
  return nullptr;
}

}  // namespace renkei::charter
