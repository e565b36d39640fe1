// SPDX-License-Identifier: Apache-2.0
// renkei leave: a party leaves its charter, for good.
#include <iostream>
#include <string>
#include <vector>

#include "renkei/apps/commands.h"
#include "renkei/apps/person_session.h"

namespace renkei::apps {
namespace {

using syntax::Value;

// What this entry would do, a line each.
std::vector<std::string> Consequences(const PersonSession& session) {
  const PartyId& party = session.party().id;
  const run::Book& book = session.book();
  const charter::Charter& charter = session.charter();
  std::vector<std::string> lines = {
      fmt::format("{} leaves the charter {} for good: it comes back by a new charter only.", party,
                  charter.name),
      "The keys of its people and sites end: no entry, no leaf and no transfer of theirs is taken.",
      "What it contributed stays in the ledger and proven; its updates and the first models that "
      "it brought are deleted at the coordinator, those of an open round once that is reduced.",
  };
  for (const auto& [site, state] : book.sites()) {
    if (state.enrolled.party == party) lines.push_back(fmt::format("Site {} stops.", site));
  }
  for (const auto& [id, run] : book.runs()) {
    if (run.phase == run::Phase::kFinished) continue;
    if (run.owner == party) lines.push_back(fmt::format("Run {}, which it owns, fails.", id));
  }
  run::Departures left = book.left();
  left.emplace(party, run::Departure());
  const size_t approvers = run::CountApprovers(charter, left);
  if (approvers < charter.runs.approvals) {
    lines.push_back(fmt::format(
        "The charter asks for the approval of {} parties and {} would be left to approve: no new "
        "run can start under it, and those that wait for approval fail.",
        charter.runs.approvals, approvers));
  }
  if (approvers < charter.parties_to_adopt) {
    lines.push_back(fmt::format(
        "The charter asks for {} parties to adopt its next version and {} would be left: the "
        "others need a new charter for any change.",
        charter.parties_to_adopt, approvers));
  }
  return lines;
}

Status Confirm(const LeaveOptions& options, const PartyId& party) {
  if (options.yes) return Ok();
  Console::Note(fmt::format("To go on, type the party's id ({}):", party));
  std::string typed;
  std::getline(std::cin, typed);
  if (typed == party.text()) return Ok();
  return Error(Code::kFailedPrecondition,
               "not confirmed, nothing was written: type {} or pass --yes", party);
}

StatusOr<uint64_t> Write(const LeaveOptions& options, PersonSession& session) {
  RK_RETURN_IF_ERROR(session.Sync());
  for (const std::string& line : Consequences(session)) Console::Note(line);
  RK_RETURN_IF_ERROR(Confirm(options, session.party().id));
  return session.Submit(
      record::PartyLeft{.party = session.party().id, .at = session.clock().Now()});
}

}  // namespace

Exit Leave(const LeaveOptions& options, const Console& console) {
  const auto session = PersonSession::Open(options.actor);
  if (!session.ok()) return Console::Fail(session.status());
  const StatusOr<uint64_t> entry = Write(options, **session);
  if (!entry.ok()) return Console::Fail(entry.status());
  Value row = Value::Object();
  row.Set("party", (*session)->party().id.text());
  row.Set("charter", (*session)->charter().name);
  row.Set("entry", *entry);
  console.Object(row);
  return Exit::kOk;
}

}  // namespace renkei::apps
