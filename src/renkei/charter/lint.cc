// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "renkei/charter/charter.h"
#include "renkei/charter/tables.h"

namespace renkei::charter {
namespace {

constexpr std::chrono::days kLifeMax{366};

using Warnings = std::vector<std::string>;

bool IsAll(const std::vector<std::string>& list) { return list == std::vector<std::string>{"*"}; }

void LintParty(const Party& party, Warnings& warnings) {
  const auto officers = std::ranges::count_if(
      party.people, [](const Person& person) { return person.roles.contains(Role::kOfficer); });
  if (officers == 0) {
    warnings.push_back(
        fmt::format("party {} has no officer: it can sign nothing and approve nothing", party.id));
  } else if (party.threshold == 1 && party.people.size() > 1) {
    warnings.push_back(fmt::format(
        "party {} has {} people, but one officer alone binds it: consider threshold = 2", party.id,
        party.people.size()));
  }
}

void LintRuns(const Charter& charter, Warnings& warnings) {
  const RunRules& runs = charter.runs;
  if (runs.approvals == 0) {
    warnings.push_back("approvals is 0: any researcher starts a run that no party has approved");
  } else if (runs.approvals == 1 && charter.parties.size() > 1) {
    warnings.push_back("approvals is 1: the party that submits a run can approve it alone");
  }
  if (runs.auditors == 0) {
    warnings.push_back("auditors is 0: nobody checks the coordinator's sums");
  } else if (charter.parties.size() == 1) {
    warnings.push_back(
        "auditors have to be of another party than the coordinator's; there is none");
  }
}

void LintRules(const Charter& charter, Warnings& warnings) {
  if (charter.permits.empty()) {
    warnings.push_back("there is no [[permit]]: nothing may cross");
  }
  for (size_t i = 0; i < charter.permits.size(); ++i) {
    const Rule& rule = charter.permits[i];
    const bool everything = IsAll(rule.items) && IsAll(rule.purposes) && IsAll(rule.from) &&
                            IsAll(rule.to) && IsAll(rule.classifications_us) &&
                            IsAll(rule.classifications_jp);
    if (everything) {
      warnings.push_back(fmt::format(
          "[[permit]] {} has \"*\" for everything: anything may go from anybody to anybody",
          i + 1));
    } else if (IsAll(rule.classifications_us) || IsAll(rule.classifications_jp)) {
      warnings.push_back(fmt::format(
          "[[permit]] {} permits every export classification: name those that are meant", i + 1));
    }
  }
}

void LintExport(const Charter& charter, Warnings& warnings) {
  if (!charter.export_rules.IsAssessed()) {
    warnings.push_back(
        "[export] binding is none: no crossing is asked about the export rules of any country");
    return;
  }
  for (const Party& party : charter.parties) {
    for (const char* fact : {"hq", "ultimate_parent_hq"}) {
      if (party.facts.contains(fact)) continue;
      warnings.push_back(
          fmt::format("party {} does not state {}: crossings to it are held where that matters",
                      party.id, fact));
    }
  }
}

bool IsLoopback(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("localhost:") ||
         address.starts_with("[::1]:");
}

}  // namespace

std::vector<std::string> Lint(const Charter& charter) {
  Warnings warnings;
  for (const Party& party : charter.parties) LintParty(party, warnings);
  LintExport(charter, warnings);
  if (charter.parties_to_adopt * 2 <= charter.parties.size()) {
    warnings.push_back(
        fmt::format("parties_to_adopt is {} of {}: less than a majority can change "
                    "the charter for all",
                    charter.parties_to_adopt, charter.parties.size()));
  }
  const auto life = std::chrono::floor<std::chrono::days>(charter.expires - charter.created);
  if (life > kLifeMax) {
    warnings.push_back(fmt::format(
        "it runs for {} days: let it expire within a year, so that the parties look at it again",
        life.count()));
  }
  LintRuns(charter, warnings);
  LintRules(charter, warnings);
  if (IsLoopback(charter.coordinator.address)) {
    warnings.push_back(
        fmt::format("the coordinator's address is {}: only processes on its own machine reach it",
                    charter.coordinator.address));
  }
  return warnings;
}

}  // namespace renkei::charter
