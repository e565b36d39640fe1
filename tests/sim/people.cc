// SPDX-License-Identifier: Apache-2.0
// What people do in the middle of a run: they pause it, stop it, or leave. And what is deleted in
// the end.
#include <fmt/format.h>

#include "world.h"

namespace renkei::sim {
namespace {

constexpr uint64_t kResumes = 150;  // of 10,000 steps while a run is paused
constexpr int kCollectingTurnsMax = 60;

}  // namespace

// By a person of `party`; a coordinator that is down or in trouble is asked again another time.
void World::Say(const PartyId& party, const record::Record& record) {
  if (hub_life_ == nullptr || referee_.book().left().contains(party)) return;
  const Status said = SubmitAs(party.text(), party, record);
  Trace(fmt::format("{} says {}: {}", party, record::KindOf(record), Text(said)));
  AfterHubCall();
}

void World::Meddle() {
  const bool calm = weather_.pauses + weather_.leaves == 0 && !weather_.stop_asked;
  const run::RunState* run = referee_.book().FindRun(federation_.run);
  if (run == nullptr || run->phase == run::Phase::kFinished || (calm && !run->IsPaused())) return;
  const Instant now = clock_.Now();
  const std::set<PartyId> paused_by = run->paused_by;
  for (const PartyId& party : paused_by) {
    if (!healed_ && !Chance(kResumes)) continue;
    Say(party, record::RunResumeAsked{.run = federation_.run, .party = party, .at = now});
  }
  if (healed_) return;
  const PartyId party = run::TestFederation::Party(random_->Below(2) == 0 ? "party-a" : "party-b");
  if (Chance(weather_.pauses) && !paused_by.contains(party)) {
    Say(party, record::RunPauseAsked{.run = federation_.run, .party = party, .at = now});
  }
  // The owner coordinates, and stays. The other leaves rather while a round holds its updates.
  const PartyId leaver = run::TestFederation::Party("party-b");
  const bool held = weather_.leaves > 0 && run::CountHeld(referee_.book().runs(), leaver) > 0;
  if (Chance(weather_.leaves * (held ? 30 : 1))) {
    Say(leaver, record::PartyLeft{.party = leaver, .at = now});
  }
  if (weather_.stop_asked && Chance(kResumes) && !stop_sent_) {
    stop_sent_ = true;
    Say(party, record::RunStopAsked{.run = federation_.run, .party = party, .at = now});
  }
}

// The run is over and its time as well: its blobs go, whatever happens to the coordinator
// meanwhile, and its model stays.
void World::Collect() {
  clock_.Advance(kKeepUpdates);
  if (!plan_.weather && random_->Below(2) == 0) {
    const Side side = random_->Below(2) == 0 ? Side::kBefore : Side::kAfter;
    hub_.steps.ArmAfter(1 + random_->Below(20), side);
  }
  for (int turn = 0; referee_.objection().empty(); ++turn) {
    if (turn == kCollectingTurnsMax) return referee_.Object("the run's blobs are never deleted");
    hub_.up_at = clock_.Monotonic();
    StepHub();
    const run::RunState* run = referee_.book().FindRun(federation_.run);
    if (hub_life_ != nullptr && run->collected) break;
    clock_.Advance(std::chrono::minutes(1));
  }
  if (!plan_.weather) hub_.steps.Disarm();
  // What the last entry gave up may have been left to the next start.
  hub_.up_at = clock_.Monotonic();
  StepHub();
  StepHub();
}

// On the coordinator's disk is what the ledger says.
void World::CheckBlobs() {
  const auto here = [this](const BlobId& blob) {
    const auto exists =
        hub_.disk.Exists(fmt::format("hub/blobs/{}/{}", blob.root.hex().substr(0, 2), blob.Text()));
    return exists.ok() && *exists;
  };
  for (const BlobId& blob : referee_.Kept()) {
    if (!here(blob)) referee_.Object(fmt::format("{} is gone, and no entry says so", blob.Text()));
  }
  for (const BlobId& blob : referee_.deleted()) {
    if (here(blob)) referee_.Object(fmt::format("{} was deleted and is here", blob.Text()));
  }
}

}  // namespace renkei::sim
