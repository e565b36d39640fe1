// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/step.h"

#include <algorithm>
#include <utility>

namespace renkei::run {
namespace {

using std::chrono::seconds;

// What a round of training stands at.
struct Tally {
  std::vector<SiteId> good;
  std::vector<record::NotCounted> not_counted;  // if it closed now
  size_t open = 0;                              // may still deliver: the round waits for them
  size_t suspended = 0;                         // may come back: nobody waits for them
  bool unjudged = false;                        // something that is here has to be looked at first
};

// True when the site's party has left and nothing of it can count any more: what is here, and
// has or may have a receipt, counts unless the party had suspended it.
bool HasGone(const RunState& run, const Live& live, const SiteId& site) {
  const Candidate& candidate = run.candidates.at(site);
  const bool here =
      live.stored.contains(site) || live.unjudged.contains(site) || live.unreadable.contains(site);
  return candidate.HasLeft() && (run.IsSuspended(candidate.holder) || !here);
}

Tally CountUp(const RunState& run, const Live& live) {
  Tally tally;
  for (const SiteId& site : run.current.participants) {
    const bool contributed = run.current.contributed.contains(site);
    const auto declined = run.current.declined.find(site);
    const auto bad = live.bad.find(site);
    if (HasGone(run, live, site) && declined == run.current.declined.end()) {
      tally.not_counted.push_back({.site = site, .code = std::string(kPartyLeft)});
    } else if (run.IsHalted(site) && declined == run.current.declined.end()) {
      tally.not_counted.push_back({.site = site, .code = "suspended"});
      ++tally.suspended;
    } else if (contributed && live.stored.contains(site)) {
      tally.good.push_back(site);
    } else if (contributed && bad != live.bad.end()) {
      tally.not_counted.push_back({.site = site, .code = bad->second});
    } else if (declined != run.current.declined.end()) {
      tally.not_counted.push_back({.site = site, .code = declined->second});
    } else {
      tally.not_counted.push_back({.site = site, .code = contributed ? "bytes-missing" : "late"});
      ++tally.open;
      tally.unjudged |= live.unjudged.contains(site);
    }
  }
  return tally;
}

// What is due now. Adds at most one Append, and reads nothing but its arguments.
class Decider {
 public:
  Decider(const RunState& run, Live& live, std::vector<Action>& actions)
      : run_(run), live_(live), actions_(actions) {}

  void Decide() {
    if (run_.phase == Phase::kFinished) return;
    if (run_.stop_asked) return Finish("stopped", "stop-asked");
    if (!run_.must_fail.empty()) return Finish("failed", run_.must_fail);
    if (live_.model_bad) return Finish("failed", *live_.model_bad);
    switch (run_.phase) {
      case Phase::kStarting:
        return Start();
      case Phase::kTraining:
        return Train();
      case Phase::kReducing:
        return ReduceOrRecord();
      case Phase::kEvaluating:
        return Evaluate();
      case Phase::kSubmitted:
      case Phase::kFinished:
        return;  // Waits for people; waits for nothing.
    }
  }

 private:
  bool SendersStand() const {
    return run_.owner_go && run_.owner_go->ValidAt(live_.now) && run_.coordinator_go &&
           run_.coordinator_go->ValidAt(live_.now) && !run_.IsSuspended(run_.owner_holder) &&
           !run_.IsSuspended(run_.coordinator);
  }

  void Start() {
    const std::vector<SiteId> ready = ReadySites(run_, live_.now);
    size_t possible = 0;
    size_t awaited = 0;
    for (const auto& [site, candidate] : run_.candidates) {
      possible += candidate.MayYet() ? 1 : 0;
      awaited += candidate.MayYet() && !run_.IsHalted(site) ? 1 : 0;
    }
    if (possible < run_.spec.quorum) return Finish("failed", "quorum-impossible");
    if (run_.IsPaused()) return;
    const Instant deadline = run_.SinceResumed(run_.since) + seconds(run_.spec.start_deadline_s);
    const bool all_ready = ready.size() == awaited;
    if (live_.model_stored && SendersStand() && ready.size() >= run_.spec.quorum &&
        (all_ready || live_.now >= deadline)) {
      return OpenRound(ready);
    }
    if (live_.now >= deadline) return Finish("failed", WhyNotOpen());
    actions_.push_back(WakeAt{deadline});
  }

  std::string WhyNotOpen() const {
    if (run_.rounds.empty() && !live_.model_stored) return "model-missing";
    if (!SendersStand()) return "owner-determination-missing";
    return "quorum-not-met";
  }

  void OpenRound(const std::vector<SiteId>& ready) {
    if (!live_.lack_of_room.empty()) {
      actions_.push_back(WakeAt{live_.now + kRoomRetry});
      return;
    }
    actions_.push_back(
        Append{record::RoundOpened{.run = run_.run,
                                   .round = run_.next_round(),
                                   .base = run_.NextBase(),
                                   .participants = ready,
                                   .recipients = ResultRecipients(run_),
                                   .deadline = live_.now + seconds(run_.spec.deadline_s),
                                   .owner_determination = run_.owner_go->index,
                                   .at = live_.now}});
  }

  void Train() {
    const Tally tally = CountUp(run_, live_);
    const size_t quorum = run_.spec.quorum;
    if (tally.good.size() + tally.open + tally.suspended < quorum) {
      return Finish("failed", "quorum-impossible");
    }
    const bool overdue = live_.now >= run_.current.deadline;
    if (tally.unjudged) return;
    if (tally.good.size() >= quorum && (tally.open == 0 || overdue)) return CloseRound(tally);
    const Instant last = run_.current.deadline + seconds(run_.spec.deadline_s);
    if (live_.now >= last) return Finish("failed", "quorum-not-met");
    actions_.push_back(WakeAt{overdue ? last : run_.current.deadline});
  }

  void CloseRound(const Tally& tally) {
    record::RoundClosed closed{.run = run_.run,
                               .round = run_.current.round,
                               .counted = {},
                               .not_counted = tally.not_counted,
                               .at = live_.now};
    for (const SiteId& site : tally.good) {
      const Contribution& contribution = run_.current.contributed.at(site);
      closed.counted.push_back(
          {.site = site, .entry = contribution.index, .weight = contribution.examples});
    }
    actions_.push_back(Append{std::move(closed)});
  }

  std::vector<record::ReduceInput> Inputs() const {
    std::vector<record::ReduceInput> inputs;
    for (const record::Counted& counted : run_.current.counted) {
      inputs.push_back({.site = counted.site,
                        .update = run_.current.contributed.at(counted.site).update,
                        .weight = counted.weight});
    }
    return inputs;
  }

  void ReduceOrRecord() {
    if (live_.output) {
      actions_.push_back(
          Append{record::RoundReduced{.run = run_.run,
                                      .round = run_.current.round,
                                      .inputs = Inputs(),
                                      .algorithm = std::string(kWeightedMeanAlgorithm),
                                      .output = *live_.output,
                                      .at = live_.now}});
      return;
    }
    if (live_.reducing) return;
    if (live_.reduce_failures >= kReduceAttemptsMax) return Finish("failed", "reduce-failed");
    if (live_.now < live_.reduce_retry) {
      actions_.push_back(WakeAt{live_.reduce_retry});
      return;
    }
    live_.reducing = true;
    actions_.push_back(Reduce{.round = run_.current.round, .inputs = Inputs()});
  }

  bool AllHaveSpoken() const {
    return std::ranges::all_of(run_.current.participants, [&](const SiteId& site) {
      return run_.current.evaluated.contains(site) || run_.current.not_evaluating.contains(site) ||
             !run_.candidates.at(site).out.empty() || run_.IsHalted(site);
    });
  }

  void Evaluate() {
    const bool spoken = AllHaveSpoken();
    const Instant deadline = run_.current.reduced + seconds(run_.spec.evaluate_deadline_s);
    if (!spoken && live_.now < deadline) {
      actions_.push_back(WakeAt{deadline});
      return;
    }
    if (run_.current.round >= run_.spec.rounds) return Finish("completed", "");
    const std::optional<BestRound> best = FindBestRound(run_);
    if (best && best->rounds_since >= run_.spec.early_stop->patience) {
      return Finish("early-stop", "no-improvement", run_.Round(best->round)->output);
    }
    if (run_.IsPaused()) return;
    const std::vector<SiteId> ready = ReadySites(run_, live_.now);
    if (SendersStand() && ready.size() >= run_.spec.quorum) return OpenRound(ready);
    const Instant ended =
        spoken ? std::max(run_.current.reduced, run_.current.last_word) : deadline;
    const Instant last = run_.SinceResumed(ended) + seconds(run_.spec.start_deadline_s);
    if (live_.now >= last) return Finish("failed", WhyNotOpen());
    actions_.push_back(WakeAt{last});
  }

  void Finish(std::string outcome, std::string code, std::optional<BlobId> model = std::nullopt) {
    if (!model && !run_.rounds.empty()) model = run_.rounds.back().output;
    actions_.push_back(
        Append{record::RunFinished{.run = run_.run,
                                   .rounds = static_cast<uint32_t>(run_.rounds.size()),
                                   .outcome = std::move(outcome),
                                   .code = std::move(code),
                                   .model = model,
                                   .at = live_.now}});
  }

  const RunState& run_;
  Live& live_;
  std::vector<Action>& actions_;
};

// Takes an event in; what speaks of another round, or of a site that did not contribute, is void.
class Listener {
 public:
  Listener(const RunState& run, Live& live) : run_(run), live_(live) {}

  void operator()(const Recorded&) {}
  void operator()(const ModelStored&) { live_.model_stored = true; }
  void operator()(const ModelBad& event) { live_.model_bad = event.code; }
  void operator()(const UpdateFound& event) {
    if (Speaks(event.round, event.site) && !live_.stored.contains(event.site) &&
        !live_.bad.contains(event.site)) {
      live_.unjudged.insert(event.site);
    }
  }
  void operator()(const UpdateStored& event) {
    live_.unjudged.erase(event.site);
    if (Speaks(event.round, event.site) && !live_.bad.contains(event.site)) {
      live_.stored.insert(event.site);
    }
  }
  void operator()(const UpdateUnreadable& event) {
    live_.unjudged.erase(event.site);
    if (Speaks(event.round, event.site)) live_.unreadable.insert(event.site);
  }
  void operator()(const UpdateBad& event) {
    live_.unjudged.erase(event.site);
    if (Speaks(event.round, event.site) && !live_.stored.contains(event.site)) {
      live_.bad.emplace(event.site, event.code);
    }
  }
  void operator()(const Reduced& event) {
    if (event.round != run_.current.round || run_.phase != Phase::kReducing) return;
    live_.reducing = false;
    live_.lack_of_room.clear();
    live_.output = event.output;
  }
  void operator()(const ReduceFailed& event) {
    if (event.round != run_.current.round || !live_.reducing) return;
    live_.reducing = false;
    live_.lack_of_room = event.lack_of_room;
    if (!event.lack_of_room.empty()) {
      live_.reduce_retry = live_.now + kRoomRetry;
      return;
    }
    ++live_.reduce_failures;
    live_.reduce_retry = live_.now + kReduceRetry * live_.reduce_failures;
  }
  void operator()(const Room& event) { live_.lack_of_room = event.lack; }
  void operator()(const Tick& event) { live_.now = std::max(live_.now, event.now); }

 private:
  bool Speaks(uint32_t round, const SiteId& site) const {
    return round == run_.current.round && run_.phase == Phase::kTraining &&
           run_.current.contributed.contains(site);
  }

  const RunState& run_;
  Live& live_;
};

}  // namespace

Outcome Step(const RunState& run, Live live, const Event& event) {
  if (live.round != run.current.round) {
    live = {.now = live.now,
            .model_stored = live.model_stored,
            .model_bad = live.model_bad,
            .round = run.current.round,
            .unjudged = {},
            .stored = {},
            .unreadable = {},
            .bad = {},
            .output = {},
            .lack_of_room = std::move(live.lack_of_room)};
  }
  Outcome outcome{.live = std::move(live), .actions = {}};
  std::visit(Listener(run, outcome.live), event);
  Decider(run, outcome.live, outcome.actions).Decide();
  return outcome;
}

}  // namespace renkei::run
