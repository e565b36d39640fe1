// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/watch.h"

#include <limits>
#include <map>
#include <thread>
#include <unistd.h>
#include <utility>

#include "renkei/apps/run_screen.h"
#include "renkei/run/waiting.h"
#include "renkei/syntax/json.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr Milliseconds kLook{250};

struct LivePhase {
  std::string phase;
  double fraction = 0;
};

std::map<std::string, LivePhase> LivePhases(std::string_view live) {
  std::map<std::string, LivePhase> phases;
  const auto status = syntax::ParseJson(live);
  const Value* sites = status.ok() ? status->Find("sites") : nullptr;
  if (sites == nullptr || sites->kind() != Value::Kind::kArray) return phases;
  for (const Value& site : sites->items()) {
    if (site.kind() != Value::Kind::kObject) continue;
    const Value* name = site.Find("site");
    const Value* phase = site.Find("phase");
    const Value* fraction = site.Find("fraction");
    if (name == nullptr || phase == nullptr || name->kind() != Value::Kind::kText ||
        phase->kind() != Value::Kind::kText) {
      continue;
    }
    LivePhase& into = phases[name->text()];
    into.phase = phase->text();
    if (fraction == nullptr) continue;
    if (fraction->kind() == Value::Kind::kNumber) into.fraction = fraction->number();
    if (fraction->kind() == Value::Kind::kInteger) {
      into.fraction = static_cast<double>(fraction->integer());
    }
  }
  return phases;
}

std::string Place(const record::Holder& holder) {
  const std::string name = holder.site.empty() ? holder.party.text() : holder.site.text();
  return name + " " + holder.country;
}

std::string CrossingLine(const record::Determined& crossing) {
  std::string line = fmt::format("{:<6} {:<8} {} →", record::NameOf(crossing.verdict),
                                 crossing.item, Place(crossing.from));
  for (const record::Holder& recipient : crossing.recipients) {
    line += (line.ends_with("→") ? " " : ", ") + Place(recipient);
  }
  if (!crossing.reasons.empty()) line += "  (" + crossing.reasons.front().cite + ")";
  return line;
}

// The picture as far as each entry was looked at once.
struct Followed {
  uint64_t next = 0;  // first entry not seen yet
  Frame frame;
};

Status AddCrossings(const PersonSession& session, const RunId& run, Followed& followed) {
  Frame& frame = followed.frame;
  for (; followed.next < session.mirror().size(); ++followed.next) {
    RK_ASSIGN_OR_RETURN(const Bytes envelope, session.mirror().Entry(followed.next));
    RK_ASSIGN_OR_RETURN(const record::Entry entry, record::Open(envelope));
    const auto* crossing = std::get_if<record::Determined>(&entry.record);
    if (crossing == nullptr || crossing->run != run) continue;
    frame.crossings.push_back(CrossingLine(*crossing));
    frame.go += crossing->verdict == record::Verdict::kGo;
    frame.hold += crossing->verdict == record::Verdict::kHold;
    frame.refuse += crossing->verdict == record::Verdict::kRefuse;
  }
  return Ok();
}

double MetricOr(const record::Metrics& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

Value RoundRow(const run::RoundRecord& round) {
  Value row = Value::Object();
  row.Set("round", static_cast<uint64_t>(round.round));
  row.Set("model", round.output.Text());
  row.Set("examples", round.mean.examples);
  for (const auto& [name, value] : round.mean.metrics) row.Set(name, value);
  return row;
}

// What the ledger says of the run; the phases of the sites come from `live`, the coordinator's JSON
// status (progress that nobody has to believe), which may be empty.
Status Refresh(const PersonSession& session, const RunId& run, std::string_view live,
               Followed& followed) {
  const run::RunState* state = session.book().FindRun(run);
  if (state == nullptr) return Error(Code::kNotFound, "no run {} in this ledger", run);
  Frame& frame = followed.frame;
  frame.sites.clear();
  frame.loss.clear();
  frame.macro_f1.clear();
  frame.rounds = state->spec.rounds;
  frame.round = state->current.round;
  frame.phase = run::NameOf(state->phase);
  const auto phases = LivePhases(live);
  for (const auto& [site, candidate] : state->candidates) {
    ScreenSite& shown = frame.sites.emplace_back();
    shown = {.site = site.text(),
             .party = candidate.holder.party.text(),
             .country = candidate.holder.country,
             .phase = candidate.out.empty() ? "" : "declined: " + candidate.out,
             .fraction = 0};
    const auto found = phases.find(site.text());
    if (found == phases.end() || !candidate.out.empty()) continue;
    shown.phase = found->second.phase;
    shown.fraction = found->second.fraction;
  }
  for (const run::RoundRecord& round : state->rounds) {
    const bool evaluating =
        state->phase == run::Phase::kEvaluating && &round == &state->rounds.back();
    if (evaluating || round.sites.empty()) continue;
    frame.loss.push_back(MetricOr(round.mean.metrics, "loss"));
    frame.macro_f1.push_back(MetricOr(round.mean.metrics, "macro_f1"));
  }
  return AddCrossings(session, run, followed);
}

}  // namespace

StatusOr<run::RunState> Watch(PersonSession& session, const WatchOptions& options,
                              const Console& console) {
  Screen screen(isatty(STDOUT_FILENO) != 0);
  const Milliseconds start = session.clock().Monotonic();
  Followed followed;
  size_t told = 0;
  for (;;) {
    RK_RETURN_IF_ERROR(options.still_well());
    RK_RETURN_IF_ERROR(session.Sync());
    const auto live = session.peer().RunStatus(options.run);
    RK_RETURN_IF_ERROR(
        Refresh(session, options.run, live.ok() ? std::string_view(*live) : "", followed));
    Frame& frame = followed.frame;
    const run::RunState& state = *session.book().FindRun(options.run);
    if (console.for_people()) {
      frame.title = options.title;
      frame.seconds = static_cast<double>((session.clock().Monotonic() - start).count()) / 1000;
      const auto waiting = run::WaitingFor(state, {}, session.clock().Now());
      if (!waiting.waiting_for.empty()) frame.phase += ": " + waiting.waiting_for.front();
      screen.Draw(frame);
    } else {
      std::vector<Value> rows;
      for (; told < frame.loss.size(); ++told) rows.push_back(RoundRow(state.rounds[told]));
      if (!rows.empty()) Console(OutputFormat::kJsonLines).Rows(rows);
    }
    if (state.phase == run::Phase::kFinished) return state;
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace renkei::apps
