// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/waiting.h"

#include <algorithm>

#include <fmt/format.h>

namespace renkei::run {
namespace {

using std::chrono::seconds;

bool Stands(const std::optional<Standing>& standing, Instant now) {
  return standing && standing->ValidAt(now);
}

void AddSenders(const RunState& run, Instant now, Waiting& waiting) {
  if (!Stands(run.owner_go, now)) {
    waiting.waiting_for.push_back(fmt::format("a determination of {} for the model", run.owner));
  }
  if (!Stands(run.coordinator_go, now)) {
    waiting.waiting_for.push_back("the coordinator's determination for the model");
  }
}

void AddSuspended(const RunState& run, Waiting& waiting) {
  for (const record::Holder& holder : run.suspended) {
    const Candidate* candidate = run.Find(holder.site);
    if (candidate != nullptr && candidate->HasLeft()) continue;
    waiting.waiting_for.push_back(
        holder.site.empty() ? fmt::format("{} to resume its crossings", holder.party)
                            : fmt::format("{} to resume site {}", holder.party, holder.site));
  }
}

// What comes next is a round, unless somebody holds it back.
std::string Opens(const RunState& run, uint32_t round) {
  return fmt::format("round {} opens{}", round, run.IsPaused() ? " once the run is resumed" : "");
}

void AddUnreadySites(const RunState& run, Instant now, Waiting& waiting) {
  const std::vector<SiteId> ready = ReadySites(run, now);
  for (const auto& [site, candidate] : run.candidates) {
    if (!candidate.MayYet() || run.IsHalted(site) || std::ranges::binary_search(ready, site)) {
      continue;
    }
    waiting.waiting_for.push_back(fmt::format("determinations of site {}", site));
  }
}

Waiting Submitted(const RunState& run) {
  const size_t missing =
      run.approvals_needed - std::min<size_t>(run.approvals_needed, run.approved.size());
  return {.waiting_for = {fmt::format("approval of {} more {}", missing,
                                      missing == 1 ? "party" : "parties")},
          .since = run.since,
          .next = "the sites determine what they may send"};
}

Waiting Starting(const RunState& run, const Live& live, Instant now) {
  Waiting waiting{.waiting_for = {}, .since = run.since, .next = ""};
  if (!live.model_stored) waiting.waiting_for.push_back("the bytes of the model");
  AddSenders(run, now, waiting);
  AddUnreadySites(run, now, waiting);
  if (ReadySites(run, now).size() < run.spec.quorum) AddSuspended(run, waiting);
  if (!live.lack_of_room.empty()) {
    waiting.waiting_for.push_back(live.lack_of_room);
    waiting.next = "round 1 opens when there is room";
    return waiting;
  }
  waiting.next = Opens(run, 1);
  if (run.IsPaused()) return waiting;
  const Instant deadline = run.SinceResumed(run.since) + seconds(run.spec.start_deadline_s);
  waiting.next += fmt::format(", by {} at the latest with a quorum of {}, or the run fails",
                              FormatInstant(deadline), run.spec.quorum);
  return waiting;
}

Waiting Training(const RunState& run, const Live& live, Instant now) {
  Waiting waiting{.waiting_for = {}, .since = run.current.opened, .next = ""};
  size_t hoped = 0;  // for the quorum, without the suspended
  for (const SiteId& site : run.current.participants) {
    if (run.IsHalted(site) || run.current.declined.contains(site) || live.bad.contains(site) ||
        (run.candidates.at(site).HasLeft() && !live.stored.contains(site))) {
      continue;
    }
    ++hoped;
    if (live.stored.contains(site)) continue;
    waiting.waiting_for.push_back(fmt::format(
        "{} of site {}", run.current.contributed.contains(site) ? "bytes" : "update", site));
  }
  if (hoped < run.spec.quorum) AddSuspended(run, waiting);
  if (now < run.current.deadline) {
    waiting.next =
        fmt::format("round {} closes when all have spoken, or at {} with a quorum of {}",
                    run.current.round, FormatInstant(run.current.deadline), run.spec.quorum);
  } else {
    waiting.next = fmt::format(
        "the deadline has passed: round {} closes at the quorum of {}; at {} the run fails",
        run.current.round, run.spec.quorum,
        FormatInstant(run.current.deadline + seconds(run.spec.deadline_s)));
  }
  return waiting;
}

Waiting Reducing(const RunState& run, const Live& live) {
  Waiting waiting{
      .waiting_for = {"the reduction"},
      .since = run.current.closed,
      .next = fmt::format("the sites evaluate the model of round {}", run.current.round)};
  if (!live.lack_of_room.empty()) {
    waiting.waiting_for = {"room for the reduction on the coordinator's disk: " +
                           live.lack_of_room};
  } else if (live.reduce_failures > 0) {
    waiting.waiting_for = {fmt::format("the reduction, after {} failures; tried again at {}",
                                       live.reduce_failures, FormatInstant(live.reduce_retry))};
    waiting.next = fmt::format("after {} failures the run fails", kReduceAttemptsMax);
  }
  return waiting;
}

Waiting Evaluating(const RunState& run, const Live& live, Instant now) {
  Waiting waiting{.waiting_for = {}, .since = run.current.reduced, .next = ""};
  const Instant deadline = run.current.reduced + seconds(run.spec.evaluate_deadline_s);
  const bool last = run.current.round >= run.spec.rounds;
  const std::string then = last ? "the run is completed" : Opens(run, run.current.round + 1);
  for (const SiteId& site : run.current.participants) {
    const bool spoken = run.current.evaluated.contains(site) ||
                        run.current.not_evaluating.contains(site) ||
                        !run.candidates.at(site).out.empty() || run.IsHalted(site);
    if (!spoken && now < deadline) {
      waiting.waiting_for.push_back(fmt::format("evaluation of site {}", site));
    }
  }
  if (!waiting.waiting_for.empty()) {
    waiting.next = fmt::format("{} when all have evaluated, at {} at the latest", then,
                               FormatInstant(deadline));
    return waiting;
  }
  waiting.next = then;
  if (last) return waiting;
  if (!live.lack_of_room.empty()) {
    waiting.waiting_for.push_back(live.lack_of_room);
    waiting.next = fmt::format("{} when there is room", then);
    return waiting;
  }
  AddSenders(run, now, waiting);
  if (ReadySites(run, now).size() < run.spec.quorum) {
    AddUnreadySites(run, now, waiting);
    AddSuspended(run, waiting);
  }
  if (!waiting.waiting_for.empty() && !run.IsPaused()) {
    waiting.next =
        fmt::format("{} when a quorum of {} is ready; {} s after the evaluation the run fails",
                    then, run.spec.quorum, run.spec.start_deadline_s);
  }
  return waiting;
}

Waiting InPhase(const RunState& run, const Live& live, Instant now) {
  switch (run.phase) {
    case Phase::kSubmitted:
      return Submitted(run);
    case Phase::kStarting:
      return Starting(run, live, now);
    case Phase::kTraining:
      return Training(run, live, now);
    case Phase::kReducing:
      return Reducing(run, live);
    case Phase::kEvaluating:
      return Evaluating(run, live, now);
    case Phase::kFinished:
      break;
  }
  return {.waiting_for = {}, .since = run.since, .next = "nothing: the run is finished"};
}

}  // namespace

Waiting WaitingFor(const RunState& run, const Live& live, Instant now) {
  if (run.phase != Phase::kFinished && run.stop_asked) {
    return {.waiting_for = {}, .since = run.since, .next = "the run stops: it was asked to"};
  }
  if (run.phase != Phase::kFinished && !run.must_fail.empty()) {
    return {.waiting_for = {},
            .since = run.since,
            .next = fmt::format("the run fails: {}", run.must_fail)};
  }
  Waiting waiting = InPhase(run, live, now);
  if (run.phase == Phase::kFinished) return waiting;
  auto& whats = waiting.waiting_for;
  size_t place = 0;
  for (const PartyId& party : run.paused_by) {
    whats.insert(whats.begin() + static_cast<ptrdiff_t>(place++),
                 fmt::format("paused by {}", party));
  }
  return waiting;
}

}  // namespace renkei::run
