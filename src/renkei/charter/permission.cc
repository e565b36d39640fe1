// SPDX-License-Identifier: Apache-2.0
#include "renkei/charter/permission.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace renkei::charter {
namespace {

// A fact that is not stated is in no list, not even in "*".
bool Holds(const std::vector<std::string>& list, std::string_view text) {
  return !text.empty() && std::ranges::any_of(list, [&](const std::string& item) {
    return item == "*" || item == text;
  });
}

bool Covers(const Rule& rule, const Question& question) {
  return Holds(rule.items, question.item) && !question.purposes.empty() &&
         std::ranges::all_of(question.purposes,
                             [&](const std::string& p) { return Holds(rule.purposes, p); }) &&
         Holds(rule.from, question.from.text()) && Holds(rule.to, question.to.text()) &&
         Holds(rule.classifications_us, question.classification_us) &&
         Holds(rule.classifications_jp, question.classification_jp);
}

// A fact that is not stated may be the one that is prohibited.
bool MayHold(const std::vector<std::string>& list, std::string_view text) {
  return text.empty() || Holds(list, text);
}

bool Touches(const Rule& rule, const Question& question) {
  return MayHold(rule.items, question.item) &&
         (question.purposes.empty() ||
          std::ranges::any_of(question.purposes,
                              [&](const std::string& p) { return MayHold(rule.purposes, p); })) &&
         MayHold(rule.from, question.from.text()) && MayHold(rule.to, question.to.text()) &&
         MayHold(rule.classifications_us, question.classification_us) &&
         MayHold(rule.classifications_jp, question.classification_jp);
}

std::string Cite(std::string_view table, size_t index, const Rule& rule) {
  const std::string line = rule.line > 0 ? fmt::format(" (line {})", rule.line) : "";
  return fmt::format("charter [[{}]] {}{}", table, index + 1, line);
}

}  // namespace

Answer Permits(const Charter& charter, const Question& question) {
  for (const PartyId* party : {&question.from, &question.to}) {
    if (charter.FindParty(*party) == nullptr) {
      return {.permitted = false, .code = "party-unknown", .cite = "charter [[party]]"};
    }
  }
  for (size_t i = 0; i < charter.prohibits.size(); ++i) {
    if (!Touches(charter.prohibits[i], question)) continue;
    return {.permitted = false,
            .code = "charter-prohibits",
            .cite = Cite("prohibit", i, charter.prohibits[i])};
  }
  for (size_t i = 0; i < charter.permits.size(); ++i) {
    if (!Covers(charter.permits[i], question)) continue;
    return {.permitted = true,
            .code = "charter-permits",
            .cite = Cite("permit", i, charter.permits[i])};
  }
  return {.permitted = false, .code = "charter-silent", .cite = "charter [[permit]]"};
}

}  // namespace renkei::charter
