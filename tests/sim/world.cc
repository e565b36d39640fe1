// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "renkei/run/waiting.h"

namespace renkei::sim {
namespace {

constexpr int kDepthMax = 4;        // how deep waits may stand upon each other
constexpr int kActsPerWaitMax = 3;  // of others, while one waits
constexpr int kFaultySteps = 1200;
constexpr int kCalmStepsMax = 6000;  // to finish in, once the weather is clear
constexpr int kIdleStepsMax = 40;    // then time passes faster
constexpr uint64_t kDownMsMax = 40'000;

identity::PeerId Observer() {
  return {.party = run::TestFederation::Party("party-a"),
          .kind = identity::PeerKind::kPerson,
          .name = "alice"};
}

}  // namespace

Result Live(const Plan& plan) { return World(plan).Live(); }

void World::Trace(const std::string& what) const {
  if (!plan_.trace) return;
  fmt::print("{:>10} ms  {}{}\n", clock_now().count(), std::string(2 * depth_, ' '), what);
}

bool World::SiteIsDead(size_t site) const {
  const Site& one = sites_[site];
  return one.life != nullptr && one.life->disk.dead();
}

Result World::Live() {
  const Status ready = SetUp();
  if (!ready.ok()) referee_.Object("set-up: " + Text(ready));
  if (plan_.failpoint) {
    for (Site& site : sites_) {
      if (site.id.text() == plan_.machine) site.machine.steps.Arm(*plan_.failpoint);
    }
    if (plan_.machine == "hub") hub_.steps.Arm(*plan_.failpoint);
  }
  const int faulty_steps = weather_.Any() ? kFaultySteps : 0;
  for (int step = 0; step < faulty_steps && referee_.objection().empty() && !Finished(); ++step) {
    Step();
  }
  // A failpoint is not weather: it waits for its step.
  if (!plan_.failpoint) Heal();
  for (int step = 0; referee_.objection().empty() && !Finished(); ++step) {
    if (step == kCalmStepsMax) {
      const run::RunState* run = referee_.book().FindRun(federation_.run);
      const run::Waiting waiting = run::WaitingFor(*run, {}, clock_.Now());
      referee_.Object(fmt::format("stuck in phase {} of round {} for {} s, waiting for {}",
                                  run::NameOf(run->phase), run->current.round,
                                  (clock_.Now() - waiting.since).count() / 1000,
                                  fmt::join(waiting.waiting_for, ", ")));
      break;
    }
    Step();
  }
  if (referee_.objection().empty()) ExpectNoLateFailure();
  if (referee_.objection().empty()) Settle();
  Result result{
      .objection = referee_.objection(),
      .outcome = "",
      .rounds = referee_.rounds_reduced(),
      .left_out = referee_.left_out(),
      .lives = lives_,
      .failpoint_hit =
          plan_.failpoint && !hub_.steps.armed() &&
          std::ranges::none_of(sites_, [](const Site& site) { return site.machine.steps.armed(); }),
      .hub_steps = hub_.steps.seen(),
      .site_steps = {}};
  for (const Site& site : sites_) {
    for (const auto& [name, count] : site.machine.steps.seen()) result.site_steps[name] += count;
  }
  const run::RunState* run = referee_.book().FindRun(federation_.run);
  if (run == nullptr) return result;
  result.outcome = run->outcome.empty() ? "none" : run->outcome;
  if (!run->code.empty()) result.outcome += " (" + run->code + ")";
  return result;
}

bool World::Finished() const {
  const run::RunState* run = referee_.book().FindRun(federation_.run);
  return run != nullptr && run->phase == run::Phase::kFinished;
}

// What went wrong before the weather cleared may still end a run, as long as its deadlines last.
void World::ExpectNoLateFailure() {
  const run::RunState* run = referee_.book().FindRun(federation_.run);
  const auto deadlines =
      std::chrono::seconds(2 * run->spec.deadline_s + run->spec.start_deadline_s);
  if (healed_ && HasTime() && run->outcome == "failed" && clock_.Now() > healed_at_ + deadlines) {
    referee_.Object(fmt::format("the run failed ({}) long after the weather cleared", run->code));
  }
}

// The run is over: everybody catches up, and what they know is compared.
void World::Settle() {
  if (!healed_) Heal();
  constexpr int kTurns = 400;
  for (int i = 0; i < kTurns && referee_.objection().empty(); ++i) {
    bool all_there = hub_life_ != nullptr;
    for (const Site& site : sites_) {
      all_there &=
          site.gone || (site.life != nullptr && site.life->agent->book().size() == referee_.size());
    }
    if (all_there) break;
    Step();
  }
  if (hub_life_ == nullptr) return referee_.Object("the coordinator does not come back");
  referee_.Compare("the coordinator", hub_life_->coordinator->BookNow());
  for (const Site& site : sites_) {
    if (site.gone) continue;
    if (site.life == nullptr) return referee_.Object(site.id.text() + " does not come back");
    referee_.Compare(site.id.text(), site.life->agent->book());
  }
  // Once more from the disk.
  CrashHub(false);
  hub_.up_at = clock_.Monotonic();
  StepHub();
  if (hub_life_ == nullptr) return referee_.Object("the coordinator does not open at the end");
  referee_.Compare("the coordinator, opened again,", hub_life_->coordinator->BookNow());
  StepHub();
  // With a plan of its own, always: each step of a deletion is one to fail at.
  if (plan_.weather || random_->Below(4) == 0) Collect();
  CheckBlobs();
  referee_.Finish();
}

void World::Step() {
  Suffer();
  DeliverCopies();
  const uint64_t before = referee_.size();
  const uint64_t who = random_->Below(sites_.size() + 1);
  if (who == sites_.size()) {
    StepHub();
  } else if (sites_[who].machine.calls == 0) {
    StepSite(sites_[who]);
  }
  idle_ = referee_.size() == before ? idle_ + 1 : 0;
  const bool nothing_moves = depth_ == 0 && idle_ > kIdleStepsMax;
  clock_.Advance(Milliseconds(nothing_moves ? 2000 : random_->Below(200)));
}

void World::Yield(Milliseconds time) {
  clock_.Advance(time);
  if (depth_ >= kDepthMax) return;
  ++depth_;
  const auto acts = static_cast<int>(random_->Below(kActsPerWaitMax + 1));
  for (int i = 0; i < acts && referee_.objection().empty(); ++i) Step();
  --depth_;
}

void World::StepHub() {
  if (hub_life_ == nullptr) {
    if (clock_.Monotonic() < hub_.up_at) return;
    const Status booted = BootHub();
    Trace("hub starts: " + Text(booted));
    if (!booted.ok()) {
      const bool hurt = hub_.Hurt() || booted.code() == Code::kUnavailable;
      if (!hurt) referee_.Object("the coordinator does not open: " + Text(booted));
      hub_.LosePower(*random_);
      if (hub_.flipped) Repair(hub_);
      hub_.up_at = clock_.Monotonic() + Milliseconds(random_->Below(kDownMsMax));
      return;
    }
    if (!hub_.disk_in_trouble) hub_.device_failed = false;
    FollowLedger();
    if (hub_life_ != nullptr) {
      referee_.Compare("the coordinator, from its snapshot,", hub_life_->coordinator->BookNow());
    }
    return;
  }
  const std::shared_ptr<HubLife> life = hub_life_;
  life->coordinator->Turn();
  AfterHubCall();
  // An operator starts a process whose disk failed anew.
  if (hub_life_ != nullptr && !life->coordinator->Health().ok() && !hub_.disk_in_trouble) {
    CrashHub(false);
  }
}

void World::AfterHubCall() {
  if (hub_life_ == nullptr) return;
  if (hub_life_->disk.dead()) {
    Trace("hub dies at a step of its disk");
    random_->Below(2) == 0 ? hub_.LosePower(*random_) : hub_.LoseProcess();
    return BuryHub();
  }
  FollowLedger();
}

void World::FollowLedger() {
  if (hub_life_ == nullptr) return;
  coordinator::Coordinator& hub = *hub_life_->coordinator;
  const bool all = hub_.lives > hub_.lives_read;
  hub_.lives_read = hub_.lives;
  uint64_t from = all ? 0 : referee_.size();
  for (;;) {
    const auto page = hub.Read(Observer(), from, run::kPageEntriesMax, Milliseconds(0));
    if (!page.ok()) {
      const bool hurt = hub_.Hurt() || hub_life_->disk.dead();
      if (!hurt) referee_.Object("the ledger cannot be read: " + Text(page.status()));
      return;
    }
    if (page->entries.empty()) return;
    referee_.Read(from, *page);
    from += page->entries.size();
  }
}

void World::StepSite(Site& site) {
  if (site.gone) return;
  if (site.life == nullptr) {
    if (clock_.Monotonic() < site.machine.up_at) return;
    ++site.machine.calls;
    const Status booted = BootSite(site);
    --site.machine.calls;
    Trace(site.id.text() + " starts: " + Text(booted));
    if (booted.ok()) {
      if (!site.machine.disk_in_trouble) site.machine.device_failed = false;
      return;
    }
    const bool hurt = site.machine.Hurt() || booted.code() == Code::kUnavailable;
    if (!hurt) referee_.Object(site.id.text() + " does not open: " + Text(booted));
    site.machine.LosePower(*random_);
    if (site.machine.flipped) Repair(site.machine);
    site.machine.up_at = clock_.Monotonic() + Milliseconds(random_->Below(kDownMsMax));
    return;
  }
  const bool polls = clock_.Monotonic() < site.polls_until && hub_life_ != nullptr &&
                     referee_.size() == site.polls_from;
  if (polls) return;
  const std::shared_ptr<SiteLife> life = site.life;
  ++site.machine.calls;
  const auto done = life->agent->Turn({}, Milliseconds(0));
  --site.machine.calls;
  Trace(
      fmt::format("{}: {}", site.id, done.ok() ? (*done ? "done" : "idle") : Text(done.status())));
  if (life->disk.dead()) {
    // Either the crash was told to the disk already, or it came at a step.
    if (!site.machine.crash_told) {
      random_->Below(2) == 0 ? site.machine.LosePower(*random_) : site.machine.LoseProcess();
    }
    return BurySite(site);
  }
  if (done.ok() && !*done) {
    site.polls_from = life->agent->book().size();
    site.polls_until = clock_.Monotonic() + site::kLongPoll;
  }
  if (site.life->agent->book().left().contains(federation_.PartyOf(site.id))) {
    site.gone = true;
    return site.life.reset();
  }
  Judge(site, done.status());
}

// An honest coordinator never looks like a liar, and a bug is a bug.
void World::Judge(Site& site, const Status& status) {
  if (status.code() == Code::kInternal) {
    return referee_.Object(site.id.text() + ": " + Text(status));
  }
  if (status.code() != Code::kDataLoss) return;
  if (!site.machine.Hurt()) return referee_.Object(site.id.text() + " stops: " + Text(status));
  // The operator mends what is broken and starts it again.
  if (site.machine.flipped) Repair(site.machine);
  CrashSite(site, false);
}

void World::BuryHub() {
  hub_life_.reset();
  hub_.up_at = clock_.Monotonic() + Milliseconds(random_->Below(kDownMsMax));
}

void World::BurySite(Site& site) {
  site.life.reset();
  site.polls_until = Milliseconds(0);
  site.machine.crash_told = false;
  site.machine.up_at = clock_.Monotonic() + Milliseconds(random_->Below(kDownMsMax));
}

void World::KeepCopy(const identity::PeerId& caller, ByteSpan envelope) {
  constexpr uint64_t kLateMsMax = 90'000;
  copies_.push_back({.due = clock_.Monotonic() + Milliseconds(random_->Below(kLateMsMax)),
                     .caller = caller,
                     .envelope = Bytes(envelope.begin(), envelope.end())});
}

void World::DeliverCopies() {
  if (hub_life_ == nullptr || copies_.empty() || copies_.front().due > clock_.Monotonic()) return;
  const Copy copy = std::move(copies_.front());
  copies_.pop_front();
  const auto submitted = hub_life_->coordinator->Submit(copy.caller, copy.envelope);
  Trace(fmt::format("a late copy arrives: {}", Text(submitted.status())));
  AfterHubCall();
}

}  // namespace renkei::sim
