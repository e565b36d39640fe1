// SPDX-License-Identifier: Apache-2.0
#include "renkei/gate/reasons.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "renkei/base/check.h"

namespace renkei::gate {
namespace {

using enum record::Verdict;

struct CatalogueRow {
  std::string_view code;
  record::Verdict verdict;
  std::string_view cite;
  std::string_view text;
};

constexpr CatalogueRow kCatalogue[] = {
    {"permitted", kGo, "charter [[permit]]", "the charter permits it"},
    {"not-permitted", kRefuse, "charter [[permit]]", "the charter does not permit it"},
    {"prohibited", kRefuse, "charter [[prohibit]]", "the charter prohibits it"},
    {"recipient-not-in-charter", kRefuse, "charter [[party]]", "no party of the charter"},
    {"sender-not-in-charter", kRefuse, "charter [[party]]",
     "the sender is no party of the charter"},
    {"item-unknown", kRefuse, "gate: items", "the item is none of model, update, metrics, ledger"},
    {"charter-expired", kHold, "charter expires", "expired: the parties have to renew it"},
    {"charter-not-yet-valid", kHold, "charter created", "not in force yet, or the clock is wrong"},
    {"country-missing", kHold, "gate: facts", "the country is not known"},
    {"party-missing", kHold, "gate: facts", "the recipient's party is not known"},
    {"sender-missing", kHold, "gate: facts", "the sender is not known"},
    {"facts-missing", kHold, "gate: facts",
     "not decided while facts about the crossing are missing"},
    {"run-missing", kHold, "gate: facts", "the run is not named"},
    {"purpose-missing", kHold, "gate: facts", "the purpose is not named"},
    {"classification-us-missing", kHold, "gate: facts", "the US classification is missing"},
    {"classification-jp-missing", kHold, "gate: facts", "the Japanese classification is missing"},
    {"recipients-missing", kHold, "gate: facts", "no recipient is named"},
    {"facts-not-valid", kHold, "gate: facts", "a fact is not one that the rule packs can read"},
    {"rule-packs-missing", kHold, "charter [export]",
     "the rule packs that the charter names are not here"},
    {"export-rules-hold", kHold, "rule packs", "the export rules ask a person to look"},
    {"export-rules-refuse", kRefuse, "rule packs", "the export rules do not let it go"},
    {"recipients-too-many", kHold, "gate: limits", "more recipients than one determination holds"},
};

}  // namespace

Finding FindingOf(std::string_view code, std::string_view about, std::string_view cite) {
  const auto row = std::ranges::find(kCatalogue, code, &CatalogueRow::code);
  RK_CHECK(row != std::end(kCatalogue));
  return {.verdict = row->verdict,
          .reason = {.code = std::string(row->code),
                     .cite = std::string(cite.empty() ? row->cite : cite),
                     .text = fmt::format("{}: {}", about, row->text)}};
}

}  // namespace renkei::gate
