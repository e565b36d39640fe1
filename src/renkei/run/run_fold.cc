// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/run_fold.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "renkei/base/check.h"
#include "renkei/charter/charter.h"
#include "renkei/crypto/hash.h"

namespace renkei::run {
namespace {

// What a trainer may report of its work: the arithmetic operations of this round's training.
const std::string kOperationsMetric = "operations";

constexpr std::string_view kOutForTheRun[] = {"trainer-not-mapped", "no-consent", "not-permitted"};

// The mean of each metric over the sites that report it, weighted by their examples.
Score MeanOf(const std::map<SiteId, Score>& sites) {
  Score mean;
  std::map<std::string, double> weights;
  for (const auto& [site, score] : sites) {
    mean.examples += score.examples;
    for (const auto& [name, value] : score.metrics) {
      mean.metrics[name] += value * static_cast<double>(score.examples);
      weights[name] += static_cast<double>(score.examples);
    }
  }
  for (auto& [name, sum] : mean.metrics) sum /= weights[name];
  return mean;
}

void ForgetOldScores(RunState& run) {
  while (run.scored_values > kScoredValuesMax && run.scored_from + 1 < run.rounds.size()) {
    RoundRecord& oldest = run.rounds[run.scored_from++];
    run.scored_values -= ScoredValues(oldest);
    oldest.sites.clear();
  }
}

void SpendDetermination(std::optional<Standing>& standing, uint64_t index) {
  if (standing && standing->index == index) ++standing->uses;
}

class Folder {
 public:
  Folder(RunState& run, const Accepted& accepted)
      : run_(run),
        index_(accepted.index),
        envelope_(accepted.envelope),
        time_(accepted.time),
        hold_until_(accepted.hold_until) {}

  void operator()(const record::RunApproved& entry) {
    run_.approved.insert(entry.party);
    const bool enough = run_.approved.size() >= run_.approvals_needed;
    Enter(run_, "run.approved", enough ? Phase::kStarting : Phase::kSubmitted, time_);
  }

  void operator()(const record::RunStopAsked& entry) { run_.stop_asked = entry.party; }

  void operator()(const record::RunPauseAsked& entry) { run_.paused_by.insert(entry.party); }

  void operator()(const record::RunResumeAsked& entry) {
    run_.paused_by.erase(entry.party);
    if (run_.paused_by.empty()) run_.resumed = time_;
  }

  void operator()(const record::Determined& entry) {
    const bool go = entry.verdict == record::Verdict::kGo;
    if (go && entry.item == "model" && entry.blob && *entry.blob != run_.spec.model &&
        entry.from.site.empty()) {
      run_.release_goes[entry.from.party] = {index_, *entry.blob};
    }
    if (!Fits(run_.spec, entry)) return;
    const Standing standing = StandingOf(index_, entry);
    const std::optional<Held> held =
        entry.verdict == record::Verdict::kHold
            ? std::optional(Held{.index = index_, .until = hold_until_})
            : std::nullopt;
    if (entry.item == "model") {
      if (entry.from == run_.coordinator) run_.coordinator_held = held;
      if (!go) return;
      if (entry.from == run_.owner_holder) run_.owner_go = standing;
      if (entry.from == run_.coordinator) run_.coordinator_go = standing;
      return;
    }
    const auto found = run_.candidates.find(entry.from.site);
    if (found == run_.candidates.end() || found->second.holder != entry.from) return;
    Candidate& candidate = found->second;
    candidate.refused = entry.verdict == record::Verdict::kRefuse;
    std::optional<Standing>& item = entry.item == "update" ? candidate.update : candidate.metrics;
    item = go ? std::optional(standing) : std::nullopt;
    (entry.item == "update" ? candidate.update_held : candidate.metrics_held) = held;
  }

  void operator()(const record::RoundOpened& entry) {
    run_.current = {};
    run_.current.round = entry.round;
    run_.current.index = index_;
    run_.current.base = entry.base;
    run_.current.participants = entry.participants;
    run_.current.recipients = entry.recipients;
    run_.current.operations = run_.operations;
    run_.current.opened = entry.at;
    run_.current.deadline = entry.deadline;
    SpendDetermination(run_.owner_go, entry.owner_determination);
    Enter(run_, "round.opened", Phase::kTraining, time_);
  }

  void operator()(const record::Contributed& entry) {
    run_.current.contributed[entry.site] = {.index = index_,
                                            .manifest_sha256 = crypto::Sha256(envelope_),
                                            .update = entry.update,
                                            .examples = entry.examples,
                                            .determination = entry.determination};
    Candidate& candidate = run_.candidates.at(entry.site);
    SpendDetermination(candidate.update, entry.determination);
    const auto operations = entry.metrics.find(kOperationsMetric);
    if (operations != entry.metrics.end() && operations->second > 0) {
      run_.operations += operations->second;
    }
    run_.lineage.try_emplace(entry.determination, Cited{.standing = *candidate.update});
  }

  void operator()(const record::Declined& entry) {
    for (const std::string_view code : kOutForTheRun) {
      if (entry.code == code) run_.candidates.at(entry.site).out = entry.code;
    }
    if (run_.phase == Phase::kTraining) run_.current.declined[entry.site] = entry.code;
    if (run_.phase == Phase::kEvaluating) {
      run_.current.not_evaluating.insert(entry.site);
      run_.current.last_word = time_;
    }
    // Before the first round, any reason keeps the site out: nobody waits for it.
    if (run_.phase == Phase::kStarting) run_.candidates.at(entry.site).out = entry.code;
  }

  void operator()(const record::RoundClosed& entry) {
    run_.current.counted = entry.counted;
    run_.current.not_counted = entry.not_counted;
    run_.current.closed = entry.at;
    for (const record::Counted& counted : entry.counted) {
      Cited& cited = run_.lineage.at(run_.current.contributed.at(counted.site).determination);
      if (cited.first_round == 0) cited.first_round = entry.round;
    }
    Enter(run_, "round.closed", Phase::kReducing, time_);
  }

  void operator()(const record::RoundReduced& entry) {
    run_.current.output = entry.output;
    run_.current.reduced = entry.at;
    RoundRecord& round = run_.rounds.emplace_back();
    round.round = entry.round;
    round.output = entry.output;
    ForgetOldScores(run_);
    Enter(run_, "round.reduced", Phase::kEvaluating, time_);
  }

  void operator()(const record::Evaluated& entry) {
    RoundRecord& round = run_.rounds.back();
    round.sites[entry.site] = {.examples = entry.examples, .metrics = entry.metrics};
    run_.scored_values += entry.metrics.size();
    round.mean = MeanOf(round.sites);
    run_.current.evaluated.insert(entry.site);
    run_.current.last_word = time_;
    Candidate& candidate = run_.candidates.at(entry.site);
    if (candidate.metrics) ++candidate.metrics->uses;
  }

  void operator()(const record::RunFinished& entry) {
    run_.outcome = entry.outcome;
    run_.code = entry.code;
    run_.model = entry.model;
    Enter(run_, "run.finished", Phase::kFinished, time_);
  }

  void operator()(const record::Released& entry) { run_.released[entry.party].insert(entry.round); }

  template <typename Other>
  void operator()(const Other&) {
    CheckFailed(__FILE__, __LINE__, "the entry is about a run that exists");
  }

 private:
  RunState& run_;
  uint64_t index_;
  ByteSpan envelope_;
  Instant time_;
  Instant hold_until_;
};

}  // namespace

double OperationsIn(const record::Determined& determined) {
  for (const record::Fact& fact : determined.facts) {
    if (fact.id != charter::kRunOperations) continue;
    double number = 0;
    const char* const end = fact.value.data() + fact.value.size();
    const auto read = std::from_chars(fact.value.data(), end, number);
    return read.ec == std::errc() && read.ptr == end ? number : 0;
  }
  return 0;
}

Standing StandingOf(uint64_t index, const record::Determined& determined) {
  return {.index = index,
          .from = determined.from,
          .recipients = determined.recipients,
          .valid_until = determined.valid_until,
          .uses_max = determined.uses_max,
          .operations = OperationsIn(determined)};
}

bool Fits(const Spec& spec, const record::Determined& determined) {
  const bool item = determined.item == "model" ? !determined.blob || *determined.blob == spec.model
                                               : !determined.blob;
  return item && determined.classification_us == spec.classification_us &&
         determined.classification_jp == spec.classification_jp &&
         std::ranges::all_of(spec.purposes, [&](const std::string& purpose) {
           return std::ranges::find(determined.purposes, purpose) != determined.purposes.end();
         });
}

void Enter(RunState& run, std::string_view kind, Phase to, Instant time) {
  RK_CHECK(IsLegal(run.phase, kind, to));
  if (run.phase != to) run.since = time;
  run.phase = to;
}

void Fold(RunState& run, const Accepted& entry) { std::visit(Folder(run, entry), entry.record); }

}  // namespace renkei::run
