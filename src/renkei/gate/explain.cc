// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <fmt/format.h>

#include "renkei/gate/determine.h"

namespace renkei::gate {
namespace {

std::string Joined(const std::vector<std::string>& parts) {
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string OrUnknown(const std::string& text) { return text.empty() ? "unknown" : text; }

}  // namespace

std::string Explain(const record::Determined& determined) {
  const std::string what =
      determined.item == kLedgerItem
          ? "the ledger"
          : fmt::format("{} of run {}", determined.item, OrUnknown(determined.run.text()));
  std::string text =
      fmt::format("{}: {}, from {}{}{} in {}\n", record::NameOf(determined.verdict), what,
                  OrUnknown(determined.from.party.text()), determined.from.site.empty() ? "" : "/",
                  determined.from.site, OrUnknown(determined.from.country));
  if (determined.blob) text += fmt::format("├─ file {}\n", determined.blob->Text());
  text +=
      fmt::format("├─ purpose {}; classified US {}, JP {}\n", Joined(determined.purposes),
                  OrUnknown(determined.classification_us), OrUnknown(determined.classification_jp));
  for (const record::Reason& reason : determined.reasons) {
    text += fmt::format("├─ {} [{}]\n", reason.text, reason.cite);
  }
  for (const record::RuleOutcome& said : determined.rules) {
    text += fmt::format("├─ {}{} ({}), to {}: {}{}{}\n", said.jurisdiction,
                        said.jurisdiction == "us" ? " " + said.layer : "", said.on, Joined(said.to),
                        said.outcome,
                        said.cites.empty() ? "" : fmt::format(" [{}]", fmt::join(said.cites, "; ")),
                        said.missing.empty() ? "" : "; missing: " + Joined(said.missing));
  }
  if (determined.verdict == record::Verdict::kGo) {
    text += fmt::format("├─ stands until {}, {} uses\n", FormatInstant(determined.valid_until),
                        determined.uses_max);
  }
  text += fmt::format("└─ not assessed: {}\n", Joined(determined.not_assessed));
  text += fmt::format("Text as of {}. {}\n", determined.text_as_of, kDisclaimer);
  return text;
}

}  // namespace renkei::gate
