// SPDX-License-Identifier: Apache-2.0
// What a run stands at, as JSON for `run show` and the pages (docs/formats/run-spec.md, "Status").
#include <algorithm>
#include <utility>

#include "renkei/coordinator/access.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/run/disk_need.h"
#include "renkei/run/waiting.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/value.h"

namespace renkei::coordinator {
namespace {

using syntax::Value;

Value MetricsValue(const record::Metrics& metrics) {
  Value object = Value::Object();
  for (const auto& [name, value] : metrics) object.Set(name, value);
  return object;
}

Value ScoreValue(const run::Score& score) {
  Value object = Value::Object();
  object.Set("examples", score.examples);
  object.Set("metrics", MetricsValue(score.metrics));
  return object;
}

Value CurveValue(const run::RunState& run) {
  Value curve = Value::Array();
  for (const run::RoundRecord& round : run.rounds) {
    Value row = Value::Object();
    row.Set("round", round.round);
    row.Set("model", round.output.Text());
    row.Set("examples", round.mean.examples);
    row.Set("metrics", MetricsValue(round.mean.metrics));
    Value sites = Value::Object();
    for (const auto& [site, score] : round.sites) sites.Set(site.text(), ScoreValue(score));
    row.Set("sites", std::move(sites));
    curve.Push(std::move(row));
  }
  return curve;
}

// Why the site stays away from this phase of the round, or from the run; empty when it does not.
std::string WhyAway(const run::RunState& run, const SiteId& site, const run::Candidate& candidate) {
  if (!candidate.out.empty()) return "declined: " + candidate.out;
  const auto declined = run.current.declined.find(site);
  if (run.phase == run::Phase::kTraining && declined != run.current.declined.end()) {
    return "declined: " + declined->second;
  }
  const bool evaluating = run.phase == run::Phase::kEvaluating;
  return evaluating && run.current.not_evaluating.contains(site) ? "declined" : "";
}

// A site's phase as the ledger tells it, for when the site itself has not reported.
std::string PhaseOf(const run::RunState& run, const SiteId& site, const run::Candidate& candidate) {
  if (candidate.refused) return "refused";
  if (candidate.HasLeft()) return "left";
  if (const std::string why = WhyAway(run, site, candidate); !why.empty()) return why;
  if (run.IsHalted(site)) return "suspended";
  switch (run.phase) {
    case run::Phase::kTraining:
      return run.current.contributed.contains(site) ? "contributing" : "no word yet";
    case run::Phase::kEvaluating:
      return run.current.evaluated.contains(site) ? "evaluated" : "no word yet";
    case run::Phase::kFinished:
      return "finished";
    case run::Phase::kSubmitted:
    case run::Phase::kStarting:
    case run::Phase::kReducing:
      return "waiting";
  }
  return "waiting";
}

Value Texts(const std::vector<std::string>& texts) { return Value(texts); }

void SetOutcome(const run::RunState& run, Value& status) {
  if (run.phase != run::Phase::kFinished) return;
  status.Set("outcome", run.outcome);
  status.Set("code", run.code);
  if (run.model) status.Set("model", run.model->Text());
}

// What the training has taken, and will by the last round at this pace.
Value OperationsValue(const run::RunState& run) {
  Value operations = Value::Object();
  const auto rounds = std::max<size_t>(run.rounds.size(), 1);
  operations.Set("done", run.operations);
  operations.Set("projected", run.operations / static_cast<double>(rounds) * run.spec.rounds);
  return operations;
}

}  // namespace

Value Coordinator::DiskValue(const run::RunState& run) const {
  const run::DiskNeed need = run::DiskNeedOf(run);
  Value disk = Value::Object();
  disk.Set("needed_bytes", need.bytes);
  disk.Set("round_bytes", need.round_bytes);
  disk.Set("rounds_left", need.rounds);
  disk.Set("promised_bytes", PromisedBytes(run));
  const auto free = disk_.FreeBytes(JoinPath(options_.dir, "blobs"));
  if (free.ok()) disk.Set("free_bytes", *free);
  return disk;
}

StatusOr<std::string> Coordinator::RunStatus(const identity::PeerId& caller, const RunId& id) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  const std::shared_lock lock(state_mutex_);
  RK_RETURN_IF_ERROR(CheckNotLeft(book_, caller.party));
  const run::RunState* run = book_.FindRun(id);
  if (run == nullptr) return Error(Code::kNotFound, "no run {}", id);
  const auto live = live_.find(id);
  const run::Waiting waiting =
      run::WaitingFor(*run, live == live_.end() ? run::Live{} : live->second, clock_.Now());
  Value status = Value::Object();
  status.Set("run", id.text());
  status.Set("phase", run::NameOf(run->phase));
  status.Set("round", run->current.round);
  status.Set("rounds", run->spec.rounds);
  status.Set("waiting_for", Texts(waiting.waiting_for));
  status.Set("since", FormatInstant(waiting.since));
  status.Set("next", waiting.next);
  Value paused_by = Value::Array();
  for (const PartyId& party : run->paused_by) paused_by.Push(party.text());
  status.Set("paused_by", std::move(paused_by));
  SetOutcome(*run, status);
  Value sites = Value::Array();
  for (const auto& [site, candidate] : run->candidates) {
    Value row = Value::Object();
    row.Set("site", site.text());
    row.Set("party", candidate.holder.party.text());
    row.Set("country", candidate.holder.country);
    const auto report = reports_.find(site);
    const bool speaks = report != reports_.end() && run->phase != run::Phase::kFinished &&
                        !run->IsHalted(site) && !candidate.HasLeft() &&
                        WhyAway(*run, site, candidate).empty() &&
                        report->second.progress.run == id && report->second.at >= run->since &&
                        report->second.progress.round == run->current.round;
    row.Set("phase", speaks ? report->second.progress.phase : PhaseOf(*run, site, candidate));
    row.Set("fraction", speaks ? report->second.progress.fraction : 0.0);
    sites.Push(std::move(row));
  }
  status.Set("sites", std::move(sites));
  status.Set("curve", CurveValue(*run));
  if (run->operations > 0) status.Set("operations", OperationsValue(*run));
  if (run->phase != run::Phase::kFinished) status.Set("disk", DiskValue(*run));
  // Of all runs, since this process started.
  status.Set("bytes_up", received_bytes_.load());
  status.Set("bytes_down", sent_bytes_.load());
  status.Set("audit", "sum not checked");  // The rules admit no run that has auditors.
  return syntax::DumpJson(status);
}

}  // namespace renkei::coordinator
