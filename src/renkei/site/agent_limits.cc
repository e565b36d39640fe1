// SPDX-License-Identifier: Apache-2.0
// What the site's operator wants beside the runs: an agent that drains.
#include "renkei/base/log.h"
#include "renkei/site/agent.h"
#include "renkei/site/drain.h"

namespace renkei::site {

// An order that is there but cannot be read is obeyed all the same.
bool Agent::IsDraining() {
  const auto there = disk_.Exists(files_.drain_order());
  return there.ok() && *there;
}

// Tasks that were started, and updates that were trained, as they lie on disk: also those of an
// agent before this one.
std::set<Duty> Agent::BegunWork() {
  std::set<Duty> begun;
  const auto is_there = [&](const std::string& path) {
    const auto there = disk_.Exists(path);
    return there.ok() && *there;
  };
  for (const auto& [id, run] : view_.book().runs()) {
    const run::RoundState& round = run.current;
    if (run.phase == run::Phase::kTraining &&
        (is_there(files_.task(run.index, round.round, TaskKind::kTrain).task()) ||
         is_there(files_.draft(run.index, round.round)))) {
      begun.insert(TrainRound{.run = id, .round = round.round, .base = round.base});
    }
    if (run.phase == run::Phase::kEvaluating &&
        is_there(files_.task(run.index, round.round, TaskKind::kEvaluate).task())) {
      begun.insert(EvaluateModel{.run = id, .round = round.round, .model = *round.output});
    }
  }
  return begun;
}

// For `renkei site drain --wait`. What cannot be told is tried again at the next look.
void Agent::TellDrain() {
  if (!IsDraining()) {
    if (drain_told_) log::Info("site.drain-undone");
    drain_told_.reset();
    return;
  }
  const auto order = ReadDrainOrder(files_, disk_);
  Status told = order.status();
  if (order.ok() && *order) {
    DrainState state{.asked = **order, .in_flight = {}};
    for (const Duty& duty : InFlight(view_.book(), own_.site, Facts())) {
      state.in_flight.push_back(Describe(duty));
    }
    if (drain_told_ == state) return;
    if (!drain_told_ || drain_told_->asked != state.asked) log::Info("site.draining");
    if (state.in_flight.empty()) log::Info("site.drained");
    told = WriteDrainState(files_, disk_, state);
    if (told.ok()) drain_told_ = std::move(state);
  }
  if (!told.ok()) log::Warn("drain.not-told", {{"reason", Message(told)}});
}

}  // namespace renkei::site
