// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/duties.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace renkei::site {
namespace {

using run::Candidate;
using run::Phase;
using run::RunState;

constexpr std::string_view kItems[] = {"update", "metrics"};

class RunDuties {
 public:
  RunDuties(const RunState& run, const SiteId& own, const LocalFacts& facts,
            std::vector<Duty>& duties)
      : run_(run), own_(own), facts_(facts), candidate_(run.Find(own)), duties_(duties) {}

  // Whether it counts among those that the site serves.
  bool IsServed() const { return !IsOver() && WhyOut().empty(); }
  // The site serves as many older ones as it may.
  void SetBusy() { busy_ = true; }

  void Collect() {
    if (IsOver() || run_.IsHalted(own_)) return;
    if (candidate_->out.empty() && !run_.stop_asked && !Declines()) Determine();
    if (!IsParticipant()) return;
    AddDeliver();
    if (run_.stop_asked || !WhyOut().empty() || HasSpoken()) return;
    const run::RoundState& round = run_.current;
    if (run_.phase == Phase::kEvaluating) {
      Offer(EvaluateModel{.run = run_.run, .round = round.round, .model = *round.output},
            Stands(candidate_->metrics),
            round.reduced + std::chrono::seconds(run_.spec.evaluate_deadline_s));
    }
    if (run_.phase == Phase::kTraining) {
      Offer(TrainRound{.run = run_.run, .round = round.round, .base = round.base},
            Stands(candidate_->update) && Stands(candidate_->metrics), round.deadline);
    }
  }

  // Of a suspended run: it waits for what was begun, and asks for nothing else.
  void CollectHalted() {
    if (IsOver() || !run_.IsHalted(own_) || !IsParticipant()) return;
    AddDeliver();
    for (const Duty& duty : facts_.begun) {
      if (RunOf(duty) == run_.run && !HasSpoken()) duties_.push_back(duty);
    }
  }

 private:
  bool IsOver() const {
    return candidate_ == nullptr || run_.phase == Phase::kSubmitted ||
           run_.phase == Phase::kFinished;
  }

  // The work of this phase, unless this site rather stays away from it and says so.
  void Offer(const Duty& work, bool permitted, Instant deadline) {
    const bool running = facts_.running == work;
    if (facts_.draining && !facts_.begun.contains(work)) return DeclineNow("draining");
    if (busy_ && !running) return DeclineNow("site-busy");
    // What an evaluation brings goes out at once; an update waits for the hours, if it can.
    const bool ends_by_itself = running && std::holds_alternative<EvaluateModel>(work);
    if (facts_.closed_until && !ends_by_itself) {
      if (*facts_.closed_until >= deadline) return DeclineNow("outside-hours");
      if (!running) return;
    }
    if (permitted) duties_.push_back(work);
  }

  void DeclineNow(std::string code) {
    duties_.push_back(
        DeclineRound{.run = run_.run, .round = run_.current.round, .code = std::move(code)});
  }

  bool IsParticipant() const {
    return run_.current.round > 0 && std::ranges::binary_search(run_.current.participants, own_) &&
           run_.phase != Phase::kStarting;
  }

  // Whether this phase of the round has this site's answer already.
  bool HasSpoken() const {
    const run::RoundState& round = run_.current;
    if (run_.phase == Phase::kTraining) {
      return round.contributed.contains(own_) || round.declined.contains(own_);
    }
    return round.evaluated.contains(own_) || round.not_evaluating.contains(own_);
  }

  // Why this site stays away from the whole run; empty when it does not.
  std::string WhyOut() const {
    if (!facts_.consent.Covers(run_.spec.trainer, run_.spec.purposes)) return "no-consent";
    if (!facts_.trainers.contains(run_.spec.trainer)) return "trainer-not-mapped";
    const bool no = candidate_->refused || !candidate_->out.empty() ||
                    HasTimedOut(candidate_->update_held) || HasTimedOut(candidate_->metrics_held);
    return no ? "not-permitted" : "";
  }

  // A hold that nobody decided in time is a refusal.
  bool HasTimedOut(const std::optional<run::Held>& held) const {
    return held && facts_.now >= held->until;
  }

  // True when there is no use in asking the gate: the site says why it stays away.
  bool Declines() {
    const std::string code = WhyOut();
    if (code.empty()) return false;
    if (run_.phase == Phase::kStarting) {
      duties_.push_back(DeclineRound{.run = run_.run, .round = run_.next_round(), .code = code});
    } else if (IsParticipant() && run_.phase != Phase::kReducing && !HasSpoken()) {
      DeclineNow(code);
    }
    return true;
  }

  bool Stands(const std::optional<run::Standing>& standing) const {
    return standing && standing->ValidAt(facts_.now) && run_.operations <= standing->operations &&
           run::Covers(*standing, run::ResultRecipients(run_));
  }

  void Determine() {
    for (const std::string_view item : kItems) {
      const auto& standing = item == "update" ? candidate_->update : candidate_->metrics;
      if (item == "update" ? candidate_->update_held : candidate_->metrics_held) continue;
      if (Stands(standing) || facts_.held.contains({run_.run, std::string(item)})) continue;
      duties_.push_back(DetermineItem{.run = run_.run, .item = std::string(item)});
    }
  }

  void AddDeliver() {
    const auto found = run_.current.contributed.find(own_);
    if (found == run_.current.contributed.end() || facts_.receipted.contains(found->second.index)) {
      return;
    }
    const bool open = run_.phase == Phase::kTraining;
    const bool counted = std::ranges::any_of(
        run_.current.counted, [&](const record::Counted& c) { return c.site == own_; });
    if (!open && !counted) return;  // Too late: the closing entry says so.
    if (open && facts_.closed_until) return;
    duties_.push_back(Deliver{.run = run_.run,
                              .round = run_.current.round,
                              .entry = found->second.index,
                              .update = found->second.update,
                              .bytes_wanted = open});
  }

  const RunState& run_;
  const SiteId& own_;
  const LocalFacts& facts_;
  const Candidate* candidate_;
  std::vector<Duty>& duties_;
  bool busy_ = false;
};

}  // namespace

bool IsQuick(const Duty& duty) {
  return std::holds_alternative<DetermineItem>(duty) || std::holds_alternative<DeclineRound>(duty);
}

RunId RunOf(const Duty& duty) {
  return std::visit([](const auto& d) { return d.run; }, duty);
}

std::string Describe(const Duty& duty) {
  struct Describer {
    std::string operator()(const DetermineItem& d) const {
      return fmt::format("determine {} of run {}", d.item, d.run);
    }
    std::string operator()(const DeclineRound& d) const {
      return fmt::format("decline round {} of run {}: {}", d.round, d.run, d.code);
    }
    std::string operator()(const Deliver& d) const {
      return fmt::format("deliver round {} of run {}", d.round, d.run);
    }
    std::string operator()(const EvaluateModel& d) const {
      return fmt::format("evaluate round {} of run {}", d.round, d.run);
    }
    std::string operator()(const TrainRound& d) const {
      return fmt::format("train round {} of run {}", d.round, d.run);
    }
  };
  return std::visit(Describer{}, duty);
}

std::vector<Duty> DutiesOf(const run::Book& book, const SiteId& own, const LocalFacts& facts) {
  std::vector<Duty> duties;
  const run::SiteState* site = book.FindSite(own);
  if (book.charter() == nullptr || site == nullptr || book.left().contains(site->enrolled.party)) {
    return duties;
  }
  std::vector<const RunState*> runs;
  for (const auto& [id, run] : book.runs()) runs.push_back(&run);
  std::ranges::sort(runs, std::less<>(), [](const RunState* run) { return run->index; });
  int64_t served = 0;
  for (const RunState* run : runs) {
    RunDuties of_run(*run, own, facts, duties);
    if (of_run.IsServed() && ++served > facts.runs_max && facts.runs_max > 0) of_run.SetBusy();
    of_run.Collect();
  }
  std::stable_partition(duties.begin(), duties.end(), IsQuick);
  return duties;
}

std::vector<Duty> InFlight(const run::Book& book, const SiteId& own, LocalFacts facts) {
  facts.closed_until.reset();
  std::vector<Duty> duties = DutiesOf(book, own, facts);
  std::erase_if(duties,
                [](const Duty& duty) { return std::holds_alternative<DetermineItem>(duty); });
  for (const auto& [id, run] : book.runs()) RunDuties(run, own, facts, duties).CollectHalted();
  return duties;
}

gate::Crossing CrossingOf(const charter::Charter& charter, const run::RunState& run,
                          const record::Holder& own, std::string_view item) {
  std::vector<record::Holder> recipients = run::ResultRecipients(run);
  std::erase(recipients, own);
  return {.item = std::string(item),
          .run = run.run,
          .from = own,
          .recipients = std::move(recipients),
          .purposes = run.spec.purposes,
          .classification_us = run.spec.classification_us,
          .classification_jp = run.spec.classification_jp,
          .facts = gate::FactsFor(charter.export_rules, run.spec.facts, run.operations),
          .blob = {}};
}

}  // namespace renkei::site
