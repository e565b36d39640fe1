// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/person_gate.h"

#include <optional>
#include <utility>

namespace renkei::apps {
namespace {

// The party's hold of this very crossing, decided or still open.
StatusOr<std::optional<GateWord>> FindHold(PersonSession& session, const gate::Crossing& crossing) {
  const Instant now = session.clock().Now();
  const run::Holds& holds = session.book().holds();
  for (auto each = holds.held.rbegin(); each != holds.held.rend(); ++each) {
    const auto& [index, hold] = *each;
    if (hold.from != crossing.from || hold.run != crossing.run || hold.item != crossing.item ||
        hold.denied != 0) {
      continue;
    }
    const auto approved = holds.ApprovedAs(index);
    if (!(approved && approved->ValidAt(now)) && !hold.IsOpenAt(now)) continue;
    RK_ASSIGN_OR_RETURN(const record::Determined determined, DeterminedAt(session, index));
    if (!gate::CheckCovers(determined, crossing, session.charter(), now, gate::Hold::kApproved)
             .ok()) {
      continue;
    }
    return GateWord{.verdict = approved ? record::Verdict::kGo : record::Verdict::kHold,
                    .entry = index};
  }
  return std::nullopt;
}

void TellHold(uint64_t entry) {
  Console::Note(fmt::format(
      "Held as entry {0}: an officer decides (renkei approve {0} or renkei deny {0}); then give "
      "the same command again.",
      entry));
}

}  // namespace

StatusOr<record::Determined> DeterminedAt(const PersonSession& session, uint64_t index) {
  RK_ASSIGN_OR_RETURN(const Bytes envelope, session.mirror().Entry(index));
  RK_ASSIGN_OR_RETURN(record::Entry entry, record::Open(envelope));
  if (auto* determined = std::get_if<record::Determined>(&entry.record)) return *determined;
  return Error(Code::kDataLoss, "entry {} is no determination", index);
}

StatusOr<GateWord> AskGate(PersonSession& session, const gate::Crossing& crossing) {
  RK_ASSIGN_OR_RETURN(const auto found, FindHold(session, crossing));
  if (found) {
    if (found->verdict == record::Verdict::kHold) TellHold(found->entry);
    return *found;
  }
  RK_ASSIGN_OR_RETURN(const gate::RuleShelf rules, session.Rules());
  const record::Determined determined =
      gate::Determine(session.charter(), rules, crossing, session.clock().Now());
  RK_ASSIGN_OR_RETURN(const uint64_t entry, session.Submit(determined));
  Console::Note(gate::Explain(determined));
  if (determined.verdict == record::Verdict::kHold) TellHold(entry);
  return GateWord{.verdict = determined.verdict, .entry = entry};
}

Exit ExitFor(record::Verdict verdict) {
  if (verdict == record::Verdict::kGo) return Exit::kOk;
  return verdict == record::Verdict::kHold ? Exit::kWaiting : Exit::kRefused;
}

}  // namespace renkei::apps
