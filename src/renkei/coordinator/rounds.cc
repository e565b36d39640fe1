// SPDX-License-Identifier: Apache-2.0
// Driving the runs: what the step function decides is appended, queued or waited for.
#include <algorithm>
#include <chrono>
#include <deque>
#include <limits>
#include <thread>
#include <utility>
#include <variant>

#include "renkei/base/log.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/gate/determine.h"
#include "renkei/run/disk_need.h"

namespace renkei::coordinator {
namespace {

constexpr int kStepsInARowMax = 16;  // entries of one run without an event from outside
constexpr Milliseconds kAppendRetry{2'000};
constexpr Milliseconds kLookAgain{200};  // a clock may jump; conditions are cheap

}  // namespace

void Coordinator::Wake() {
  {
    const std::unique_lock lock(state_mutex_);
    step_asked_ = true;
  }
  step_to_do_.notify_all();
}

void Coordinator::StepRuns() {
  const std::scoped_lock lock(append_mutex_);
  {
    const std::unique_lock state(state_mutex_);
    wake_at_.reset();
    step_asked_ = false;
  }
  const Status clock = CheckClock();
  if (!clock.ok() && !clock_told_) log::Error("coordinator.clock", {{"why", Message(clock)}});
  clock_told_ = !clock.ok();
  if (!clock.ok()) {
    const std::unique_lock state(state_mutex_);
    wake_at_ = clock_.Now() + kAppendRetry;
    return;
  }
  std::vector<RunId> open;
  for (const auto& [id, run] : book_.runs()) {
    if (run.phase != run::Phase::kFinished) open.push_back(id);
  }
  for (const RunId& id : open) {
    StepRun(id, run::Tick{clock_.Now()});
    if (auto event = DetermineOwnSending(*book_.FindRun(id))) StepRun(id, *event);
  }
  QueueCollection();
  if (book_.size() - snapshot_size_ >= kSnapshotEveryEntries) KeepSnapshot();
}

// A run without live state, new or after a restart: what has arrived before is checked (again)
// by the second thread.
void Coordinator::TakeUp(const run::RunState& run) {
  {
    const std::unique_lock state(state_mutex_);
    if (!live_.try_emplace(run.run).second) return;
  }
  std::vector<Work> found;
  const auto here = [this](const BlobId& id) {
    const auto has = Holds(id);
    return !has.ok() || *has;  // looked at all the same: it may be read later
  };
  if (here(run.spec.model)) {
    found.push_back({.run = run.run, .site = {}, .reduce = {}, .model = true});
  }
  if (run.phase == run::Phase::kTraining) {
    for (const auto& [site, contribution] : run.current.contributed) {
      if (!here(contribution.update)) continue;
      found.push_back({.run = run.run, .round = run.current.round, .site = site, .reduce = {}});
    }
  }
  {
    const std::unique_lock state(state_mutex_);
    run::Live& live = live_[run.run];
    for (Work& work : found) {
      if (!work.model) {
        const run::UpdateFound event{.round = work.round, .site = work.site};
        live = run::Step(run, std::move(live), event).live;
      }
      work_.push_back(std::move(work));
    }
  }
  work_to_do_.notify_all();
}

void Coordinator::Tell(const RunId& run, const run::Event& event) {
  const std::scoped_lock lock(append_mutex_);
  StepRun(run, run::Tick{clock_.Now()});
  StepRun(run, event);
}

void Coordinator::StepRun(const RunId& id, const run::Event& event) {
  std::deque<run::Event> events = {event};
  if (const run::RunState* known = book_.FindRun(id)) {
    TakeUp(*known);
    if (auto room = LookForRoom(*known)) events.push_front(*std::move(room));
  }
  for (int i = 0; i < kStepsInARowMax && !events.empty(); ++i) {
    const run::RunState* run = book_.FindRun(id);
    if (run == nullptr) return;
    std::vector<run::Action> actions;
    {
      const std::unique_lock state(state_mutex_);
      run::Live& live = live_[id];
      run::Outcome outcome = run::Step(*run, std::move(live), events.front());
      events.pop_front();
      live = std::move(outcome.live);
      actions = std::move(outcome.actions);
    }
    bool appended = false;
    for (const run::Action& action : actions) appended |= CarryOut(id, action);
    if (appended) events.push_front(run::Recorded{});
  }
}

// What a run that may open a round next has to know of the disk, when that has changed. Its caller
// holds append_mutex_.
std::optional<run::Event> Coordinator::LookForRoom(const run::RunState& run) {
  if (run.phase != run::Phase::kStarting && run.phase != run::Phase::kEvaluating) {
    return std::nullopt;
  }
  const std::string directory = JoinPath(options_.dir, "blobs");
  const auto free = disk_.FreeBytes(directory);
  if (!free.ok()) return std::nullopt;
  std::string lack = run::LackOfRoom(run, *free, PromisedBytes(run), directory);
  {
    const std::shared_lock state(state_mutex_);
    const auto live = live_.find(run.run);
    if (live != live_.end() && live->second.lack_of_room == lack) return std::nullopt;
    const bool was_held = live != live_.end() && !live->second.lack_of_room.empty();
    if (!was_held && !lack.empty())
      log::Error("run.held", {{"run", run.run.text()}, {"why", lack}});
    if (lack.empty()) log::Info("run.has-room", {{"run", run.run.text()}});
  }
  return run::Room{std::move(lack)};
}

// What the other runs with a round open, or one behind them, still need. Their rounds have begun.
uint64_t Coordinator::PromisedBytes(const run::RunState& run) const {
  uint64_t bytes = 0;
  for (const auto& [id, other] : book_.runs()) {
    if (id == run.run || other.current.round == 0) continue;
    constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
    bytes += std::min(run::DiskNeedOf(other).bytes, kMost - bytes);
  }
  return bytes;
}

// True when an entry was appended.
bool Coordinator::CarryOut(const RunId& run, const run::Action& action) {
  const auto wake_by = [this](Instant when) {
    const std::unique_lock state(state_mutex_);
    wake_at_ = wake_at_ ? std::min(*wake_at_, when) : when;
  };
  if (const auto* wake = std::get_if<run::WakeAt>(&action)) {
    wake_by(wake->when);
    return false;
  }
  if (const auto* reduce = std::get_if<run::Reduce>(&action)) {
    {
      const std::unique_lock state(state_mutex_);
      work_.push_back({.run = run, .round = reduce->round, .site = {}, .reduce = reduce->inputs});
    }
    work_to_do_.notify_all();
    return false;
  }
  const record::Record& record = std::get<run::Append>(action).record;
  const auto index = AppendOwn(record);
  if (index.ok()) {
    log::Info(record::KindOf(record), {{"run", run.text()}, {"index", *index}});
    return true;
  }
  log::Error("run.step-not-recorded", {{"run", run.text()}, {"why", Message(index.status())}});
  wake_by(clock_.Now() + kAppendRetry);
  return false;
}

// The coordinator is the sender of what goes down to the sites: it asks the gate like everybody.
// The event that its answer is, if it had to ask.
std::optional<run::Event> Coordinator::DetermineOwnSending(const run::RunState& run) {
  const Instant now = clock_.Now();
  if (run.phase == run::Phase::kSubmitted || run.phase == run::Phase::kFinished) {
    return std::nullopt;
  }
  if (run.coordinator_go && run.coordinator_go->ValidAt(now)) return std::nullopt;
  if (run.IsSuspended(run.coordinator)) return std::nullopt;
  if (run.coordinator_denied) return run::ModelBad{"not-permitted"};
  if (run.coordinator_held) {
    if (now < run.coordinator_held->until) return std::nullopt;
    return run::ModelBad{"not-permitted"};
  }
  std::vector<record::Holder> recipients = run::ResultRecipients(run);
  std::erase(recipients, run.coordinator);
  const record::Determined determined = gate::Determine(
      *book_.charter(), options_.rules,
      {.item = "model",
       .run = run.run,
       .from = run.coordinator,
       .recipients = std::move(recipients),
       .purposes = run.spec.purposes,
       .classification_us = run.spec.classification_us,
       .classification_jp = run.spec.classification_jp,
       .facts = gate::FactsFor(book_.charter()->export_rules, run.spec.facts, run.operations),
       .blob = std::nullopt},
      now);
  const auto index = AppendOwn(determined);
  if (!index.ok()) {
    log::Error("determination.not-recorded", {{"why", Message(index.status())}});
    return std::nullopt;
  }
  if (determined.verdict == record::Verdict::kRefuse) return run::ModelBad{"not-permitted"};
  return run::Recorded{};
}

void Coordinator::Turn() {
  StepRuns();
  while (WorkOnce()) StepRuns();
}

void Coordinator::ServeWork(std::stop_token stop) {
  work_stop_ = stop;
  while (!stop.stop_requested()) {
    if (WorkOnce()) continue;
    std::unique_lock lock(state_mutex_);
    work_to_do_.wait(lock, stop, [this] { return !work_.empty(); });
  }
}

void Coordinator::Serve(std::stop_token stop) {
  std::jthread worker([this, stop] { ServeWork(stop); });
  while (!stop.stop_requested()) {
    StepRuns();
    std::unique_lock lock(state_mutex_);
    const auto due = [this] { return step_asked_ || (wake_at_ && clock_.Now() >= *wake_at_); };
    while (!stop.stop_requested() && !due()) {
      step_to_do_.wait_for(lock, stop, kLookAgain, [this] { return step_asked_; });
    }
  }
  {
    const std::unique_lock lock(state_mutex_);
    ended_ = true;
  }
  grown_.notify_all();
}

}  // namespace renkei::coordinator
