// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/run_rules.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace renkei::run {
namespace {

using std::chrono::seconds;

Decision CheckPhase(const RunState& run, std::string_view kind) {
  if (IsLegal(run.phase, kind)) return {};
  return Refuse("not-now",
                fmt::format("run {} is {}, {} does not fit", run.run, NameOf(run.phase), kind));
}

Decision CheckParty(const Author& author, const PartyId& party) {
  if (author.party == party) return {};
  return Refuse("not-for-this-author",
                fmt::format("{} is of {}, not of {}", author.name, author.party, party));
}

// The author's own site, and one of the round's participants.
Decision CheckSite(const RunState& run, const Author& author, const SiteId& site) {
  if (author.name != site.text()) {
    return Refuse("not-for-this-author", fmt::format("{} wrote for {}", author.name, site));
  }
  if (run.Find(site) == nullptr) {
    return Refuse("not-a-participant", fmt::format("{} in run {}", site, run.run));
  }
  return {};
}

Decision CheckParticipant(const RunState& run, const SiteId& site) {
  if (std::ranges::binary_search(run.current.participants, site)) return {};
  return Refuse("not-a-participant",
                fmt::format("{} in round {} of {}", site, run.current.round, run.run));
}

// Of an entry that speaks for bytes that cross.
Decision CheckMayCross(const RunState& run, const SiteId& site) {
  if (!run.IsHalted(site)) return {};
  return Refuse("suspended", fmt::format("{} in run {}", site, run.run));
}

std::string PausedBy(const RunState& run) {
  return fmt::format("the pause of {} stands", fmt::join(run.paused_by, ", "));
}

Decision CheckRound(const RunState& run, uint32_t round) {
  if (round == run.current.round) return {};
  return Refuse("round-differs", fmt::format("{}; round {} goes on", round, run.current.round));
}

Decision FirstNo(std::initializer_list<Decision> decisions) {
  for (const Decision& decision : decisions) {
    if (!decision.ok()) return decision;
  }
  return {};
}

Decision Contradiction(const RunState& run, std::string_view what) {
  return Refuse("coordinator-contradicts", fmt::format("run {}: {}", run.run, what));
}

template <typename Range>
bool StrictlyAscending(const Range& sites) {
  return std::ranges::adjacent_find(sites, std::ranges::greater_equal{}) == std::ranges::end(sites);
}

bool MetricsMayCross(const Candidate& candidate, Instant time) {
  return candidate.metrics && candidate.metrics->ValidAt(time);
}

bool OutcomeHolds(const RunState& run, const record::RunFinished& entry) {
  if (entry.outcome == "completed") {
    return run.phase == Phase::kEvaluating && run.rounds.size() == run.spec.rounds &&
           entry.model == run.rounds.back().output;
  }
  if (entry.outcome == "stopped" && !run.stop_asked) return false;
  if (entry.outcome == "early-stop") {
    const auto best = FindBestRound(run);
    return best && best->rounds_since >= run.spec.early_stop->patience &&
           entry.model == run.Round(best->round)->output;
  }
  if (run.rounds.empty()) return !entry.model;
  return entry.model == run.rounds.back().output;
}

}  // namespace

Decision CheckAboutRun(const RunState& run, const Author& author, const record::RunApproved& entry,
                       Instant) {
  if (Decision no = CheckParty(author, entry.party); !no.ok()) return no;
  if (run.approved.contains(entry.party)) return Refuse("approved-already", entry.party.text());
  if (Decision no = CheckPhase(run, "run.approved"); !no.ok()) return no;
  if (entry.spec_sha256 != run.spec_sha256) {
    return Refuse("spec-digest-differs", "read the spec again, then approve");
  }
  return {};
}

Decision CheckAboutRun(const RunState& run, const Author& author, const record::RunStopAsked& entry,
                       Instant) {
  if (Decision no = CheckParty(author, entry.party); !no.ok()) return no;
  if (run.stop_asked) return Refuse("stop-asked-already", run.stop_asked->text());
  return CheckPhase(run, "run.stop-asked");
}

Decision CheckAboutRun(const RunState& run, const Author& author,
                       const record::RunPauseAsked& entry, Instant) {
  if (Decision no = CheckParty(author, entry.party); !no.ok()) return no;
  if (Decision no = CheckPhase(run, "run.pause-asked"); !no.ok()) return no;
  if (run.paused_by.contains(entry.party)) return Refuse("paused-already", entry.party.text());
  return {};
}

Decision CheckAboutRun(const RunState& run, const Author& author,
                       const record::RunResumeAsked& entry, Instant) {
  if (Decision no = CheckParty(author, entry.party); !no.ok()) return no;
  if (Decision no = CheckPhase(run, "run.resume-asked"); !no.ok()) return no;
  if (run.paused_by.contains(entry.party)) return {};
  return Refuse("not-paused",
                run.IsPaused() ? fmt::format("by {}; {}", entry.party, PausedBy(run)) : "");
}

Decision CheckAboutRun(const RunState& run, const Author&, const record::RoundOpened& entry,
                       Instant time) {
  if (Decision no = CheckPhase(run, "round.opened"); !no.ok()) return no;
  if (run.IsPaused()) return Contradiction(run, "opens a round although " + PausedBy(run));
  if (entry.round != run.next_round() || entry.round > run.spec.rounds) {
    return Contradiction(run, fmt::format("round {} is not next", entry.round));
  }
  if (entry.base != run.NextBase()) return Contradiction(run, "another base model");
  if (entry.participants.size() < run.spec.quorum || !StrictlyAscending(entry.participants)) {
    return Contradiction(run, "participants below the quorum or out of order");
  }
  const std::vector<SiteId> ready = ReadySites(run, time);
  for (const SiteId& site : entry.participants) {
    if (!std::ranges::binary_search(ready, site)) {
      return Contradiction(run, fmt::format("{} may not take part", site));
    }
  }
  if (entry.recipients != ResultRecipients(run)) return Contradiction(run, "other recipients");
  if (entry.deadline != entry.at + seconds(run.spec.deadline_s)) {
    return Contradiction(run, "another deadline than the spec's");
  }
  if (!run.owner_go || entry.owner_determination != run.owner_go->index) {
    return Contradiction(run, "not under the owner's determination");
  }
  if (!run.coordinator_go || !run.coordinator_go->ValidAt(time)) {
    return Contradiction(run, "without a determination of its own");
  }
  return {};
}

Decision CheckAboutRun(const RunState& run, const Author& author, const record::Contributed& entry,
                       Instant time) {
  Decision no = FirstNo({CheckSite(run, author, entry.site), CheckPhase(run, "update.contributed"),
                         CheckRound(run, entry.round)});
  if (!no.ok()) return no;
  no = FirstNo({CheckParticipant(run, entry.site), CheckMayCross(run, entry.site)});
  if (!no.ok()) return no;
  if (run.current.contributed.contains(entry.site)) return Refuse("contributed-already");
  if (run.current.declined.contains(entry.site)) return Refuse("declined-already");
  if (entry.base != run.current.base) {
    return Refuse("base-differs", fmt::format("the round's base is {}", run.current.base.Text()));
  }
  if (entry.encoding != run.spec.encoding) return Refuse("encoding-differs", run.spec.encoding);
  if (entry.examples == 0) return Refuse("no-examples");
  const Candidate& candidate = *run.Find(entry.site);
  if (entry.examples > candidate.weight_max) {
    return Refuse("weight-above-limit",
                  fmt::format("{} > {}", entry.examples, candidate.weight_max));
  }
  if (!candidate.update || candidate.update->index != entry.determination ||
      !candidate.update->ValidAt(time) || !MetricsMayCross(candidate, time)) {
    return Refuse("determination-missing", "cite the site's latest valid one; decide anew");
  }
  // Of the rounds before: those of this round come in as their sites are done.
  if (candidate.update->operations < run.current.operations) {
    return Refuse("determination-missing",
                  "for as many operations as the training has had; decide anew");
  }
  if (!Covers(*candidate.update, run.current.recipients)) {
    return Refuse("determination-does-not-cover", "a recipient of the round's result");
  }
  return {};
}

Decision CheckAboutRun(const RunState& run, const Author& author, const record::Declined& entry,
                       Instant) {
  Decision no = FirstNo({CheckSite(run, author, entry.site), CheckPhase(run, "round.declined")});
  if (!no.ok()) return no;
  if (run.phase == Phase::kStarting) {
    if (entry.round != run.next_round()) return Refuse("round-differs", "round 1 is next");
    if (!run.Find(entry.site)->out.empty()) return Refuse("declined-already");
    return {};
  }
  no = FirstNo({CheckRound(run, entry.round), CheckParticipant(run, entry.site)});
  if (!no.ok()) return no;
  if (run.phase == Phase::kTraining) {
    if (run.current.contributed.contains(entry.site)) return Refuse("contributed-already");
    if (run.current.declined.contains(entry.site)) return Refuse("declined-already");
    return {};
  }
  if (run.current.evaluated.contains(entry.site)) return Refuse("evaluated-already");
  if (run.current.not_evaluating.contains(entry.site)) return Refuse("declined-already");
  return {};
}

Decision CheckAboutRun(const RunState& run, const Author&, const record::RoundClosed& entry,
                       Instant) {
  if (Decision no = CheckPhase(run, "round.closed"); !no.ok()) return no;
  if (entry.round != run.current.round) return Contradiction(run, "closes another round");
  if (entry.counted.size() < run.spec.quorum) return Contradiction(run, "closes below the quorum");
  std::vector<SiteId> named;
  for (const record::Counted& counted : entry.counted) {
    const auto found = run.current.contributed.find(counted.site);
    if (found == run.current.contributed.end() || found->second.index != counted.entry ||
        found->second.examples != counted.weight) {
      return Contradiction(run, fmt::format("counts {} as it did not contribute", counted.site));
    }
    if (run.IsHalted(counted.site)) {
      return Contradiction(run, fmt::format("counts {}, which is suspended", counted.site));
    }
    named.push_back(counted.site);
  }
  if (!StrictlyAscending(named)) return Contradiction(run, "counted sites out of order");
  for (const record::NotCounted& not_counted : entry.not_counted) named.push_back(not_counted.site);
  std::ranges::sort(named);
  if (named != run.current.participants) {
    return Contradiction(run, "does not name each participant once");
  }
  return {};
}

Decision CheckAboutRun(const RunState& run, const Author&, const record::RoundReduced& entry,
                       Instant) {
  if (Decision no = CheckPhase(run, "round.reduced"); !no.ok()) return no;
  if (entry.round != run.current.round) return Contradiction(run, "reduces another round");
  if (entry.algorithm != kWeightedMeanAlgorithm) return Contradiction(run, "another algorithm");
  const bool as_closed =
      std::ranges::equal(entry.inputs, run.current.counted,
                         [&](const record::ReduceInput& input, const record::Counted& counted) {
                           return input.site == counted.site && input.weight == counted.weight &&
                                  input.update == run.current.contributed.at(counted.site).update;
                         });
  if (!as_closed) return Contradiction(run, "reduces other inputs than were counted");
  return {};
}

Decision CheckAboutRun(const RunState& run, const Author& author, const record::Evaluated& entry,
                       Instant time) {
  Decision no = FirstNo({CheckSite(run, author, entry.site), CheckPhase(run, "model.evaluated"),
                         CheckRound(run, entry.round)});
  if (!no.ok()) return no;
  no = FirstNo({CheckParticipant(run, entry.site), CheckMayCross(run, entry.site)});
  if (!no.ok()) return no;
  if (run.current.evaluated.contains(entry.site)) return Refuse("evaluated-already");
  if (run.current.not_evaluating.contains(entry.site)) return Refuse("declined-already");
  if (entry.model != *run.current.output) {
    return Refuse("model-differs", fmt::format("the round's is {}", run.current.output->Text()));
  }
  if (entry.examples == 0) return Refuse("no-examples");
  if (!MetricsMayCross(*run.Find(entry.site), time)) {
    return Refuse("determination-missing", "for the item metrics");
  }
  return {};
}

Decision CheckAboutRun(const RunState& run, const Author&, const record::RunFinished& entry,
                       Instant) {
  if (Decision no = CheckPhase(run, "run.finished"); !no.ok()) return no;
  if (entry.rounds != run.rounds.size()) return Contradiction(run, "another count of rounds");
  if (!OutcomeHolds(run, entry)) return Contradiction(run, "an outcome that the run did not have");
  return {};
}

Decision CheckAboutRun(const RunState& run, const Author& author, const record::Released& entry,
                       Instant) {
  if (Decision no = CheckParty(author, entry.party); !no.ok()) return no;
  if (Decision no = CheckPhase(run, "model.released"); !no.ok()) return no;
  if (!std::ranges::any_of(ResultRecipients(run), [&](const record::Holder& holder) {
        return holder.party == entry.party;
      })) {
    return Refuse("not-a-participant", entry.party.text());
  }
  const RoundRecord* round = run.Round(entry.round);
  if (round == nullptr) return Refuse("round-unknown", fmt::format("round {}", entry.round));
  if (round->output != entry.model) return Refuse("model-differs", round->output.Text());
  if (round->deleted != 0) return Refuse("model-deleted", fmt::format("entry {}", round->deleted));
  const auto released = run.released.find(entry.party);
  if (released != run.released.end() && released->second.contains(entry.round)) {
    return Refuse("released-already");
  }
  const auto go = run.release_goes.find(entry.party);
  if (go == run.release_goes.end() || go->second != std::pair(entry.determination, entry.model)) {
    return Refuse("determination-missing", "for the model to be released");
  }
  return {};
}

}  // namespace renkei::run
