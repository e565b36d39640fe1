// SPDX-License-Identifier: Apache-2.0
// What the site's gate says, and saying no.
#include <fmt/format.h>

#include "renkei/base/log.h"
#include "renkei/gate/determine.h"
#include "renkei/site/agent.h"

namespace renkei::site {

Status Agent::Determine(const DetermineItem& duty) {
  const run::RunState& run = *view_.book().FindRun(duty.run);
  const gate::Crossing crossing = CrossingOf(run, own_, duty.item);
  const run::Candidate& candidate = *run.Find(own_.site);
  const bool stood = (duty.item == "update" ? candidate.update : candidate.metrics).has_value();
  const LastWord* last = gate_log_->Last(duty.run, duty.item);
  Bytes envelope;
  // Said before, and the crash came before the ledger had it: the very same bytes again.
  if (last != nullptr && !stood &&
      gate::CheckCovers(last->determined, crossing, charter_, clock_.Now()).ok()) {
    envelope = last->envelope;
  } else {
    RK_ASSIGN_OR_RETURN(envelope,
                        gate_log_->Append(gate::Determine(charter_, crossing, clock_.Now())));
    last = gate_log_->Last(duty.run, duty.item);
  }
  const bool starting = run.phase == run::Phase::kStarting;
  RK_RETURN_IF_ERROR(
      SubmitOrDecline(envelope, {.run = duty.run,
                                 .round = starting ? run.next_round() : run.current.round,
                                 .code = "not-permitted"}));
  told_.insert({duty.run, duty.item});
  const record::Verdict verdict = last->determined.verdict;
  if (verdict != record::Verdict::kGo) {
    log::Warn("gate.no", {{"run", duty.run.text()},
                          {"item", duty.item},
                          {"verdict", record::NameOf(verdict)},
                          {"reason", gate::Explain(last->determined)}});
  }
  return Ok();
}

Status Agent::Decline(const DeclineRound& duty) {
  RK_ASSIGN_OR_RETURN(const Bytes envelope, record::Seal(record::Declined{.run = duty.run,
                                                                          .round = duty.round,
                                                                          .site = own_.site,
                                                                          .code = duty.code,
                                                                          .at = clock_.Now()},
                                                         key_));
  RK_RETURN_IF_ERROR(view_.Submit(*peer_, envelope).status());
  log::Warn("round.declined",
            {{"run", duty.run.text()}, {"round", duty.round}, {"code", duty.code}});
  return Ok();
}

// A coordinator that refuses an entry for good would be asked again for ever.
Status Agent::SubmitOrDecline(const Bytes& envelope, const DeclineRound& otherwise) {
  const Status submitted = view_.Submit(*peer_, envelope).status();
  if (submitted.code() != Code::kPermissionDenied) return submitted;
  log::Error("entry.refused", {{"run", otherwise.run.text()}, {"reason", Message(submitted)}});
  return Decline(otherwise);
}

Status Agent::CheckMayReceive(const run::RunState& run) const {
  const Instant now = clock_.Now();
  if (now >= charter_.expires) {
    return Error(Code::kFailedPrecondition, "the charter expired at {}",
                 FormatInstant(charter_.expires));
  }
  if (!run.owner_go || !run.owner_go->ValidAt(now) || !run::Covers(*run.owner_go, {own_})) {
    return Error(Code::kPermissionDenied,
                 "no valid determination of {} lets the model of run {} come to this site",
                 run.owner, run.run);
  }
  if (run.Find(own_.site) == nullptr || run.Find(own_.site)->holder != own_) {
    return Error(Code::kPermissionDenied, "run {} does not name this site", run.run);
  }
  return Ok();
}

Status Agent::CheckMaySend(const run::RunState& run, std::string_view item) const {
  const run::Candidate& candidate = *run.Find(own_.site);
  const auto& standing = item == "update" ? candidate.update : candidate.metrics;
  if (!standing) return Error(Code::kFailedPrecondition, "no determination for the {}", item);
  RK_ASSIGN_OR_RETURN(const Bytes envelope, view_.Entry(standing->index));
  RK_ASSIGN_OR_RETURN(const record::Entry entry, record::Open(envelope));
  const auto* determined = std::get_if<record::Determined>(&entry.record);
  if (determined == nullptr || !record::SignedBy(envelope, key_.public_key())) {
    return Error(Code::kDataLoss, "entry {} is no determination of this site", standing->index);
  }
  return gate::CheckCovers(*determined, CrossingOf(run, own_, item), charter_, clock_.Now());
}

}  // namespace renkei::site
