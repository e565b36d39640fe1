// SPDX-License-Identifier: Apache-2.0
// What the site's gate says, and saying no.
#include <algorithm>

#include <fmt/format.h>

#include "renkei/base/log.h"
#include "renkei/gate/determine.h"
#include "renkei/site/agent.h"
#include "renkei/site/guarded_blobs.h"

namespace renkei::site {

// The ledger may hold words of this site that its own log has not: then the directory is an older
// copy of what it was. The words stand, and the log learns them again before anything is added.
Status Agent::CompleteGateLog() {
  for (const auto& [id, run] : view_.book().runs()) {
    const run::Candidate* candidate = run.Find(own_.site);
    if (candidate == nullptr) continue;
    for (const auto* standing : {&candidate->update, &candidate->metrics}) {
      if (!*standing || in_gate_log_.contains((*standing)->index)) continue;
      const uint64_t index = (*standing)->index;
      RK_ASSIGN_OR_RETURN(const Bytes envelope, view_.Entry(index));
      if (!gate_log_->Holds(envelope)) {
        log::Error("gate.log-is-older",
                   {{"log", files_.gate_log()},
                    {"entry", index},
                    {"why",
                     "the ledger holds a determination of this site that its own log does "
                     "not: the directory was restored from an older copy, or another machine "
                     "works with this site's key"}});
        RK_RETURN_IF_ERROR(gate_log_->Restore(envelope));
      }
      in_gate_log_.insert(index);
    }
  }
  return Ok();
}

Status Agent::Determine(const DetermineItem& duty) {
  const run::RunState& run = *view_.book().FindRun(duty.run);
  gate::Crossing crossing = CrossingOf(charter_, run, own_, duty.item);
  const run::Candidate& candidate = *run.Find(own_.site);
  const bool stood = (duty.item == "update" ? candidate.update : candidate.metrics).has_value();
  const LastWord* last = gate_log_->Last(duty.run, duty.item);
  Bytes envelope;
  // Said before, and the crash came before the ledger had it: the very same bytes again.
  if (last != nullptr && !stood &&
      gate::CheckCovers(last->determined, crossing, charter_, clock_.Now()).ok()) {
    envelope = last->envelope;
  } else {
    gate::AddHeadroom(crossing, charter_.export_rules.FactsWith(run.spec.facts), run.operations);
    RK_ASSIGN_OR_RETURN(envelope, gate_log_->Append(gate::Determine(charter_, options_.rules,
                                                                    crossing, clock_.Now())));
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

// Asked by the transfer itself, in this thread: meanwhile the ledger is followed, and what the
// parties decided counts for what is under way.
std::unique_ptr<store::Blobs> Agent::BlobsWhileDue(const Duty& duty) {
  return GuardBlobs(*blobs_, [this, duty, looked = clock_.Monotonic()](uint64_t bytes) mutable {
    return AwaitLeave(duty, bytes, looked);
  });
}

// What goes out waits for its turn. `looked` is when the ledger was looked at last.
Status Agent::AwaitLeave(const Duty& duty, uint64_t bytes, Milliseconds& looked) {
  Milliseconds now = clock_.Monotonic();
  const bool goes_out = std::holds_alternative<Deliver>(duty);
  const Milliseconds leave = goes_out ? pace_.Next(bytes, now) : now;
  for (;; now = clock_.Monotonic()) {
    if (stop_.stop_requested()) return Error(Code::kCancelled, "the agent is asked to stop");
    if (now - looked >= kLookEvery) {
      looked = now;
      RK_RETURN_IF_ERROR(CheckStillDue(duty));
    }
    if (now >= leave) return Ok();
    Pause(stop_, std::min(leave - now, kLookEvery));
  }
}

Status Agent::CheckStillDue(const Duty& duty) {
  TellDrain();
  const Status synced = Sync(Milliseconds(0));
  if (synced.code() == Code::kDataLoss) return synced;
  if (!synced.ok()) return Ok();  // The transfer's own link says what is wrong.
  RK_RETURN_IF_ERROR(CheckClock());
  AnswerRenewals();
  if (IsDue(duty)) return Ok();
  return Error(Code::kFailedPrecondition, "not due any more: {}", Describe(duty));
}

Status Agent::CheckNotHalted(const run::RunState& run) const {
  if (!run.IsHalted(own_.site)) return Ok();
  return Error(Code::kFailedPrecondition,
               "the crossings of this site, of the owner of run {} or of the coordinator are "
               "suspended; their party resumes them (renkei resume)",
               run.run);
}

Status Agent::CheckMayReceive(const run::RunState& run) const {
  const Instant now = clock_.Now();
  if (now >= charter_.expires) {
    return Error(Code::kFailedPrecondition, "the charter expired at {}",
                 FormatInstant(charter_.expires));
  }
  RK_RETURN_IF_ERROR(CheckNotHalted(run));
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

// Read and checked once: the verified ledger does not change.
StatusOr<const record::Determined*> Agent::OwnDetermination(uint64_t index) {
  constexpr size_t kKeptMax = 64;
  if (const auto kept = own_determinations_.find(index); kept != own_determinations_.end()) {
    return &kept->second;
  }
  RK_ASSIGN_OR_RETURN(const Bytes envelope, view_.Entry(index));
  RK_ASSIGN_OR_RETURN(record::Entry entry, record::Open(envelope));
  auto* determined = std::get_if<record::Determined>(&entry.record);
  if (determined == nullptr || !record::SignedBy(envelope, key_.public_key())) {
    return Error(Code::kDataLoss, "entry {} is no determination of this site", index);
  }
  if (own_determinations_.size() >= kKeptMax) own_determinations_.clear();
  return &(own_determinations_[index] = std::move(*determined));
}

Status Agent::CheckMaySend(const run::RunState& run, std::string_view item) {
  RK_RETURN_IF_ERROR(CheckNotHalted(run));
  const run::Candidate& candidate = *run.Find(own_.site);
  const auto& standing = item == "update" ? candidate.update : candidate.metrics;
  if (!standing) return Error(Code::kFailedPrecondition, "no determination for the {}", item);
  RK_ASSIGN_OR_RETURN(const record::Determined* const determined,
                      OwnDetermination(standing->index));
  // What stands for a hold stands because officers approved it.
  return gate::CheckCovers(*determined, CrossingOf(charter_, run, own_, item), charter_,
                           clock_.Now(), gate::Hold::kApproved);
}

}  // namespace renkei::site
