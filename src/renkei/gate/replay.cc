// SPDX-License-Identifier: Apache-2.0
#include "renkei/gate/replay.h"

#include <algorithm>
#include <utility>

#include "renkei/gate/determine.h"
#include "renkei/syntax/json.h"

namespace renkei::gate {
namespace {

using record::Determined;
using record::Reason;

// Of the rule packs, not of the charter.
bool IsOfRules(const Reason& reason) {
  constexpr std::string_view kCodes[] = {"export-rules-hold", "export-rules-refuse",
                                         "rule-packs-missing", "facts-not-valid"};
  return std::ranges::find(kCodes, reason.code) != std::end(kCodes);
}

// The sender's gate had no packs: it said so, and held.
bool HeldWithoutPacks(const Determined& determined) {
  return std::ranges::any_of(
      determined.reasons, [](const Reason& reason) { return reason.code == "rule-packs-missing"; });
}

std::vector<std::string> DifferencesOf(const Determined& one, const Determined& other) {
  const auto text = record::StatementOf(one), again = record::StatementOf(other);
  if (!text.ok() || !again.ok()) return {"statement"};
  if (*text == *again) return {};
  const auto document = syntax::ParseJson(AsText(*text)),
             second = syntax::ParseJson(AsText(*again));
  if (!document.ok() || !second.ok()) return {"statement"};
  std::vector<std::string> fields;
  const syntax::Value *said = document->Find("predicate"), *now = second->Find("predicate");
  for (const auto& [key, value] : said->members()) {
    const syntax::Value* found = now->Find(key);
    if (found == nullptr || syntax::DumpJson(*found) != syntax::DumpJson(value)) {
      fields.push_back(key);
    }
  }
  if (fields.empty()) fields.push_back("statement");
  return fields;
}

// What the charter alone answers: its reasons come as they were, the verdict is at least theirs,
// and it stands no longer.
std::vector<std::string> CharterDifferences(const Determined& determined,
                                            const Determined& by_charter) {
  std::vector<Reason> reasons = determined.reasons;
  std::erase_if(reasons, IsOfRules);
  std::vector<std::string> fields;
  const std::pair<bool, std::string_view> checks[] = {
      {determined.charter_sha256 == by_charter.charter_sha256, "charter_sha256"},
      {determined.valid_until <= by_charter.valid_until, "valid_until"},
      {determined.uses_max == by_charter.uses_max, "uses_max"},
      {determined.verdict >= by_charter.verdict, "verdict"},
      {reasons == by_charter.reasons, "reasons"},
  };
  for (const auto& [agrees, field] : checks) {
    if (!agrees) fields.emplace_back(field);
  }
  return fields;
}

}  // namespace

std::string_view NameOf(Replayed replayed) {
  constexpr std::string_view kNames[] = {"same", "private", "packs-missing", "different"};
  return kNames[static_cast<size_t>(replayed)];
}

Replay ReplayOf(const charter::Charter& charter, const RuleShelf& shelf,
                const Determined& determined) {
  const Crossing crossing = CrossingOf(determined);
  const bool is_private = !determined.commitments.empty();
  const bool by_packs = determined.packs_sha256 != Digest{};
  const bool packs_here = shelf.book() != nullptr && shelf.IsFor(charter.export_rules);
  // A decision that no pack answered needs none; unless the charter names some and they are here,
  // for then they would have to answer again.
  if (is_private || (by_packs && !packs_here)) {
    charter::Charter alone = charter;
    alone.export_rules.binding = "none";
    auto fields = CharterDifferences(determined, Determine(alone, {}, crossing, determined.at));
    if (by_packs && determined.packs_sha256 != PacksDigest(charter.export_rules)) {
      fields.emplace_back("packs_sha256");
    }
    const Replayed kept = is_private ? Replayed::kPrivate : Replayed::kPacksMissing;
    return {.outcome = fields.empty() ? kept : Replayed::kDifferent, .fields = std::move(fields)};
  }
  const Determined again = Determine(charter, HeldWithoutPacks(determined) ? RuleShelf() : shelf,
                                     crossing, determined.at);
  auto fields = DifferencesOf(determined, again);
  if (fields.empty()) return {.outcome = Replayed::kSame};
  return {.outcome = Replayed::kDifferent, .fields = std::move(fields)};
}

}  // namespace renkei::gate
