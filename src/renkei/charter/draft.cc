// SPDX-License-Identifier: Apache-2.0
#include "renkei/charter/draft.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "renkei/charter/tables.h"
#include "renkei/syntax/toml.h"

namespace renkei::charter {
namespace {

constexpr std::string_view kCoordinatorNote =
    "\n"
    "# Where runs are steered. It is convenient, not trusted: it can admit, weight, drop or\n"
    "# release nothing alone.\n";
constexpr std::string_view kExportNote =
    "\n"
    "# Export rules: `binding` names the layers that count (the law as written, codified; as the\n"
    "# authority says that it applies it, enforced; both; none: nobody is asked here). A text "
    "older\n"
    "# than `text_days` holds, and a hold that nobody decides within `hold_hours` is a refusal.\n"
    "# A compliance aid, not legal advice.\n";
constexpr std::string_view kPartiesNote =
    "\n"
    "# The parties; `threshold` officers sign for theirs. Keys and certificate roots are public:\n"
    "# compare them with your partners over another channel before you sign. `facts`: what export\n"
    "# rules ask about a party; what is not stated is not known, and holds where it matters.\n";

std::string Quoted(std::string_view text) { return syntax::TomlQuoted(text); }

std::string List(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(Quoted(text));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string Head(const DraftSpec& spec, size_t to_adopt) {
  return fmt::format(
      "# The charter of {0}: who works together, whose signatures bind them, and what may\n"
      "# cross between them. What is signed is this very text, to the last byte.\n"
      "#\n"
      "# In force when officers of {1} {2} have signed it; it ends at `expires`.\n"
      "# A next version needs the signatures that this one asks for and those that it asks for.\n"
      "# What no [[permit]] names may not cross. Export law applies beside this charter.\n"
      "\n"
      "format = \"{3}\"\n"
      "name = {4}\n"
      "version = 1\n"
      "created = {5}\n"
      "expires = {6}\n"
      "parties_to_adopt = {1}  # of the {7} below\n",
      spec.name, to_adopt, Plural(to_adopt, "party", "parties"), kFormat, Quoted(spec.name),
      FormatInstant(spec.created), FormatInstant(spec.expires), spec.cards.size());
}

std::string Runs(const DraftSpec& spec) {
  return fmt::format(
      "\n"
      "# Training together.\n"
      "[runs]\n"
      "approvals = {:<10} # parties of which an officer approves a run before it starts\n"
      "auditors = {:<11} # sites of other parties that recompute each sum; 0: nobody does\n"
      "weight_max = {:<9} # the most that one site may count for, in examples\n"
      "rounds_max = {:<9} # of one run\n"
      "purposes = {}\n",
      spec.approvals, spec.auditors, spec.weight_max, spec.rounds_max, List(spec.purposes));
}

std::string Permit(const DraftSpec& spec) {
  return fmt::format(
      "\n"
      "# What may cross. \"*\" stands for every party of this charter. Raw data is not on the "
      "list\n"
      "# of items: it stays where it is.\n"
      "[[permit]]\n"
      "items = [\"model\", \"update\", \"metrics\"]\n"
      "purposes = {}\n"
      "from = [\"*\"]\n"
      "to = [\"*\"]\n"
      "classifications_us = {:<16} # US: Commerce Control List; EAR99 is what it does not list\n"
      "classifications_jp = {:<16} # Japan: Export Trade Control Order, appended table 1\n"
      "\n"
      "# A [[prohibit]] has the same keys and wins over every permit.\n",
      List(spec.purposes), List({spec.classification_us}), List({spec.classification_jp}));
}

// The one coordinator among the cards.
StatusOr<CoordinatorSite> FindCoordinator(const std::vector<PartyCard>& cards) {
  std::optional<CoordinatorSite> found;
  for (const PartyCard& card : cards) {
    if (!card.coordinator) continue;
    if (found) {
      return Error(Code::kInvalidArgument,
                   "{} and {} both bring a coordinator: a charter has one; remove [coordinator] "
                   "from one of the cards",
                   found->party, card.party.id);
    }
    found = card.coordinator;
  }
  if (found) return *found;
  return Error(Code::kInvalidArgument,
               "no card brings a [coordinator]: one party has to run it (renkei init "
               "--coordinator)");
}

}  // namespace

StatusOr<std::string> Draft(const DraftSpec& spec) {
  if (spec.purposes.empty()) {
    return Error(Code::kInvalidArgument, "name at least one purpose");
  }
  RK_ASSIGN_OR_RETURN(const CoordinatorSite coordinator, FindCoordinator(spec.cards));
  std::vector<const PartyCard*> cards;
  for (const PartyCard& card : spec.cards) cards.push_back(&card);
  std::ranges::stable_sort(cards, {}, [](const PartyCard* card) { return card->party.id; });
  const size_t to_adopt = spec.parties_to_adopt == 0 ? cards.size() : spec.parties_to_adopt;
  std::string text = Head(spec, to_adopt);
  text += Runs(spec);
  text += kExportNote;
  text += DumpExportRules(spec.export_rules);
  text += kCoordinatorNote;
  text += DumpCoordinator(coordinator);
  text += Permit(spec);
  text += kPartiesNote;
  for (const PartyCard* card : cards) {
    text += '\n';
    text += DumpParty(card->party);
  }
  RK_RETURN_IF_ERROR(Parse(text, "the draft").status());
  return text;
}

}  // namespace renkei::charter
