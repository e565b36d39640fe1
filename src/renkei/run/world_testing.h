// SPDX-License-Identifier: Apache-2.0
// A run lived without disk, network or signatures, for tests of its rules and steps: entries are
// judged by the rules and folded; the coordinator's half is the step function.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/run/federation_testing.h"
#include "renkei/run/rules.h"
#include "renkei/run/run_fold.h"
#include "renkei/run/step.h"

namespace renkei::run {

class World {
 public:
  World(const TestFederation& federation, const std::string& spec)
      : federation_(federation), spec_(spec) {
    book_.charter = federation.charter;
    now = federation.now;
    live_.now = now;
    for (const SiteId& site : federation.sites) {
      record::SiteEnrolled enrolled = federation.Enrolled(site);
      book_.site_keys[enrolled.key.KeyId()] = site;
      book_.sites[site] = {.index = index_++, .envelope = {}, .enrolled = enrolled};
    }
    record::Determined owner = federation.Determined("model", federation.OwnerHolder());
    owner.blob = ParseSpec(spec, "spec")->model;
    book_.early.push_back({.index = index_++, .envelope = {}, .determined = owner});
    const record::RunSubmitted submitted = federation.Submitted(spec, book_.early.back().index);
    const Decision decision = CheckRecord(book_, Person("party-a"), submitted, federation.now);
    EXPECT_TRUE(decision.ok()) << decision.ToStatus();
    RunState& run = book_.runs[federation.run];
    run.run = federation.run;
    run.spec_toml = spec;
    run.spec = ParseSpec(spec, "spec").value();
    run.spec_sha256 = crypto::Sha256(AsBytes(spec));
    run.owner = submitted.party;
    run.since = now;
    run.approvals_needed = federation.charter.runs.approvals;
    run.coordinator = federation.CoordinatorHolder();
    run.owner_holder = federation.OwnerHolder();
    run.owner_go = StandingOf(submitted.determination, owner);
    for (const record::Holder& holder : CandidatesOf(book_, run.spec, *run.owner_go)) {
      run.candidates[holder.site].holder = holder;
      run.candidates[holder.site].weight_max = 500;
    }
  }

  const RunState& run() const { return book_.runs.at(federation_.run); }
  const Live& live() const { return live_; }

  static Author Person(std::string_view party) {
    return {
        .kind = AuthorKind::kPerson,
        .party = TestFederation::Party(party),
        .name = "alice",
        .roles = {charter::Role::kOfficer, charter::Role::kOperator, charter::Role::kResearcher},
        .key = {}};
  }
  Author Site(const SiteId& site) const {
    return {.kind = AuthorKind::kSite,
            .party = federation_.PartyOf(site),
            .name = site.text(),
            .roles = {},
            .key = {}};
  }
  Author Coordinator() const {
    return {.kind = AuthorKind::kCoordinator,
            .party = federation_.charter.coordinator.party,
            .name = "hub",
            .roles = {},
            .key = {}};
  }

  // An entry as Submit would take it: judged, folded, and the run stepped.
  Decision Submit(const Author& author, const record::Record& record) {
    Decision decision = CheckRecord(book_, author, record, now);
    if (!decision.ok()) return decision;
    FoldOne(record);
    Feed(Recorded{});
    return decision;
  }

  void Feed(const Event& event) {
    Event next = event;
    for (;;) {
      Outcome outcome = Step(run(), std::move(live_), next);
      live_ = std::move(outcome.live);
      const Action* append = nullptr;
      wake.reset();
      for (const Action& action : outcome.actions) {
        if (std::holds_alternative<Append>(action)) {
          EXPECT_EQ(append, nullptr) << "two appends in one step";
          append = &action;
        }
        if (const auto* reduce = std::get_if<Reduce>(&action)) {
          EXPECT_FALSE(reducing) << "two reductions at once";
          reducing = *reduce;
        }
        if (const auto* at = std::get_if<WakeAt>(&action)) wake = at->when;
      }
      if (append == nullptr) return;
      const record::Record record = std::get<Append>(*append).record;
      const Decision decision = CheckRecord(book_, Coordinator(), record, now);
      ASSERT_TRUE(decision.ok()) << record::KindOf(record) << " " << decision.ToStatus();
      FoldOne(record);
      appended.push_back(record);
      next = Recorded{};
    }
  }

  void PassTo(Instant when) {
    now = std::max(now, when);
    Feed(Tick{now});
  }

  // A restart of the coordinator: what is not in the ledger is forgotten, what had arrived is
  // found again.
  void Crash() {
    const std::set<SiteId> stored = live_.stored;
    const bool model = live_.model_stored;
    live_ = {};
    reducing.reset();
    Feed(Tick{now});
    if (model) Feed(ModelStored{});
    for (const SiteId& site : stored) {
      Feed(UpdateStored{.round = run().current.round, .site = site});
    }
  }

  Instant now{};
  std::optional<Instant> wake;
  std::optional<Reduce> reducing;
  std::vector<record::Record> appended;  // by the coordinator

  // The next entry's index.
  uint64_t index() const { return index_; }

 private:
  void FoldOne(const record::Record& record) {
    const std::string bytes = fmt::format("entry {}", index_);
    book_.last = std::max(book_.last, record::AtOf(record));
    if (FoldSuspension(book_.suspensions, record)) {
      RunState& run = book_.runs.at(federation_.run);
      run.suspended = SuspendedIn(run, book_.suspensions);
      ++index_;
      return;
    }
    if (const auto* left = std::get_if<record::PartyLeft>(&record)) {
      book_.left[left->party] = {.index = index_++, .remaining = std::nullopt};
      return FoldDeparture(book_.runs, *book_.charter, book_.left, left->party, book_.last);
    }
    Fold(book_.runs.at(federation_.run),
         {.index = index_, .envelope = AsBytes(bytes), .time = book_.last, .record = record});
    ++index_;
  }

  const TestFederation& federation_;
  std::string spec_;
  BookState book_;
  Live live_;
  uint64_t index_ = 1;
};

// Four sites: f0 and f2 of party-a, which owns the run and coordinates; f1 and f3 of party-b.
inline const TestFederation& Federation() {
  static const auto& federation =
      *new TestFederation({.sites = 4, .approvals = 2, .rounds_max = 100, .weight_max = 1000});
  return federation;
}
inline const SiteId& SiteAt(size_t i) { return Federation().sites[i]; }

}  // namespace renkei::run
