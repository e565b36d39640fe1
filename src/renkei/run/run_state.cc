// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/run_state.h"

#include <algorithm>

#include "renkei/base/check.h"

namespace renkei::run {
namespace {

using enum Phase;

constexpr LegalTransition kLegalTransitions[] = {
    {kSubmitted, "crossing.determined", kSubmitted},
    {kSubmitted, "run.approved", kSubmitted},
    {kSubmitted, "run.approved", kStarting},
    {kSubmitted, "run.stop-asked", kSubmitted},
    {kSubmitted, "run.pause-asked", kSubmitted},
    {kSubmitted, "run.resume-asked", kSubmitted},
    {kSubmitted, "run.finished", kFinished},

    {kStarting, "crossing.determined", kStarting},
    {kStarting, "round.declined", kStarting},
    {kStarting, "run.stop-asked", kStarting},
    {kStarting, "run.pause-asked", kStarting},
    {kStarting, "run.resume-asked", kStarting},
    {kStarting, "round.opened", kTraining},
    {kStarting, "run.finished", kFinished},

    {kTraining, "crossing.determined", kTraining},
    {kTraining, "update.contributed", kTraining},
    {kTraining, "round.declined", kTraining},
    {kTraining, "run.stop-asked", kTraining},
    {kTraining, "run.pause-asked", kTraining},
    {kTraining, "run.resume-asked", kTraining},
    {kTraining, "model.released", kTraining},
    {kTraining, "round.closed", kReducing},
    {kTraining, "run.finished", kFinished},

    {kReducing, "crossing.determined", kReducing},
    {kReducing, "run.stop-asked", kReducing},
    {kReducing, "run.pause-asked", kReducing},
    {kReducing, "run.resume-asked", kReducing},
    {kReducing, "model.released", kReducing},
    {kReducing, "round.reduced", kEvaluating},
    {kReducing, "run.finished", kFinished},

    {kEvaluating, "crossing.determined", kEvaluating},
    {kEvaluating, "model.evaluated", kEvaluating},
    {kEvaluating, "round.declined", kEvaluating},
    {kEvaluating, "run.stop-asked", kEvaluating},
    {kEvaluating, "run.pause-asked", kEvaluating},
    {kEvaluating, "run.resume-asked", kEvaluating},
    {kEvaluating, "model.released", kEvaluating},
    {kEvaluating, "round.opened", kTraining},
    {kEvaluating, "run.finished", kFinished},

    {kFinished, "crossing.determined", kFinished},
    {kFinished, "model.released", kFinished},
};

}  // namespace

std::string_view NameOf(Phase phase) {
  switch (phase) {
    case kSubmitted:
      return "submitted";
    case kStarting:
      return "starting";
    case kTraining:
      return "training";
    case kReducing:
      return "reducing";
    case kEvaluating:
      return "evaluating";
    case kFinished:
      return "finished";
  }
  CheckFailed(__FILE__, __LINE__, "a phase has a name");
}

std::span<const LegalTransition> LegalTransitions() { return kLegalTransitions; }

bool IsLegal(Phase from, std::string_view kind) {
  return std::ranges::any_of(kLegalTransitions, [&](const LegalTransition& row) {
    return row.from == from && row.kind == kind;
  });
}

bool IsLegal(Phase from, std::string_view kind, Phase to) {
  return std::ranges::any_of(kLegalTransitions, [&](const LegalTransition& row) {
    return row.from == from && row.kind == kind && row.to == to;
  });
}

bool Covers(const Standing& standing, const std::vector<record::Holder>& needed) {
  return std::ranges::all_of(needed, [&](const record::Holder& holder) {
    return holder == standing.from ||
           std::ranges::find(standing.recipients, holder) != standing.recipients.end();
  });
}

size_t ScoredValues(const RoundRecord& round) {
  size_t values = 0;
  for (const auto& [site, score] : round.sites) values += score.metrics.size();
  return values;
}

const Candidate* RunState::Find(const SiteId& site) const {
  const auto found = candidates.find(site);
  return found == candidates.end() ? nullptr : &found->second;
}

bool RunState::IsHalted(const SiteId& site) const {
  const Candidate* candidate = Find(site);
  return (candidate != nullptr && IsSuspended(candidate->holder)) || IsSuspended(owner_holder) ||
         IsSuspended(coordinator);
}

const RoundRecord* RunState::Round(uint32_t round) const {
  return round >= 1 && round <= rounds.size() ? &rounds[round - 1] : nullptr;
}

std::vector<record::Holder> ResultRecipients(const RunState& run) {
  std::vector<record::Holder> recipients = {run.coordinator, run.owner_holder};
  for (const auto& [site, candidate] : run.candidates) {
    if (!candidate.HasLeft()) recipients.push_back(candidate.holder);
  }
  return recipients;
}

std::set<record::Holder> SuspendedIn(const RunState& run, const Suspensions& suspensions) {
  std::set<record::Holder> suspended;
  const auto look = [&](const record::Holder& holder) {
    if (suspensions.Cover(holder)) suspended.insert(holder);
  };
  look(run.coordinator);
  look(run.owner_holder);
  for (const auto& [site, candidate] : run.candidates) look(candidate.holder);
  return suspended;
}

std::vector<SiteId> ReadySites(const RunState& run, Instant now) {
  std::vector<SiteId> ready;
  if (!run.owner_go || !run.owner_go->ValidAt(now)) return ready;
  const std::vector<record::Holder> recipients = ResultRecipients(run);
  const auto stands = [&](const std::optional<Standing>& standing) {
    return standing && standing->ValidAt(now) && Covers(*standing, recipients);
  };
  for (const auto& [site, candidate] : run.candidates) {
    if (candidate.MayYet() && !run.IsHalted(site) && stands(candidate.update) &&
        stands(candidate.metrics) && Covers(*run.owner_go, {candidate.holder})) {
      ready.push_back(site);
    }
  }
  return ready;
}

std::optional<BestRound> FindBestRound(const RunState& run) {
  if (!run.spec.early_stop) return std::nullopt;
  const EarlyStop& stop = *run.spec.early_stop;
  std::optional<BestRound> best;
  double best_value = 0;
  for (const RoundRecord& round : run.rounds) {
    const auto metric = round.mean.metrics.find(stop.metric);
    const bool better = metric != round.mean.metrics.end() &&
                        (!best || (stop.larger_is_better ? metric->second > best_value
                                                         : metric->second < best_value));
    if (better) {
      best_value = metric->second;
      best = BestRound{.round = round.round};
    }
  }
  if (best) best->rounds_since = static_cast<uint32_t>(run.rounds.size()) - best->round;
  return best;
}

}  // namespace renkei::run
