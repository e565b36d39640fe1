// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/watch.h"

#include <algorithm>
#include <limits>
#include <map>
#include <thread>
#include <unistd.h>
#include <utility>

#include "renkei/apps/run_screen.h"
#include "renkei/syntax/json.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr Milliseconds kLook{250};

struct LivePhase {
  std::string phase;
  double fraction = 0;
};

// What the coordinator says beyond the ledger: progress that nobody has to believe.
struct LiveStatus {
  std::string phase;  // "training: update of site f1 and 2 more"; empty when nothing is told
  std::map<std::string, LivePhase> sites;
};

std::string PhaseIn(const Value& status) {
  const Value* phase = status.Find("phase");
  const Value* waiting_for = status.Find("waiting_for");
  if (phase == nullptr || phase->kind() != Value::Kind::kText) return "";
  std::string text = phase->text();
  if (waiting_for != nullptr && waiting_for->kind() == Value::Kind::kArray &&
      !waiting_for->items().empty()) {
    const std::vector<Value>& whats = waiting_for->items();
    if (whats.front().kind() == Value::Kind::kText) text += ": " + whats.front().text();
    if (whats.size() > 1) text += fmt::format(" and {} more", whats.size() - 1);
  }
  return Printable(std::move(text));
}

std::map<std::string, LivePhase> PhasesIn(const Value& status) {
  std::map<std::string, LivePhase> phases;
  const Value* sites = status.Find("sites");
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
    into.phase = Printable(phase->text());
    if (fraction == nullptr) continue;
    if (fraction->kind() == Value::Kind::kNumber) into.fraction = fraction->number();
    if (fraction->kind() == Value::Kind::kInteger) {
      into.fraction = static_cast<double>(fraction->integer());
    }
  }
  return phases;
}

LiveStatus ParseLive(std::string_view json) {
  const auto status = syntax::ParseJson(json);
  if (!status.ok() || status->kind() != Value::Kind::kObject) return {};
  return {.phase = PhaseIn(*status), .sites = PhasesIn(*status)};
}

std::string_view NameOf(const record::Holder& holder) {
  return holder.site.empty() ? holder.party.text() : holder.site.text();
}

// "US coordinator, fab-1; JP fab-2": who will hold it, by country in the order of the first of
// each.
std::string Recipients(const std::vector<record::Holder>& recipients) {
  std::vector<std::pair<std::string, std::string>> countries;
  for (const record::Holder& to : recipients) {
    auto found = std::ranges::find(countries, to.country, [](const auto& c) { return c.first; });
    if (found == countries.end()) found = countries.insert(found, {to.country, to.country});
    found->second += fmt::format("{} {}", found->second == to.country ? "" : ",", NameOf(to));
  }
  std::string text;
  for (const auto& [country, names] : countries) text += (text.empty() ? "" : "; ") + names;
  return text;
}

// Of the first reason for the verdict: with a hold or a refusal others may stand before it, of
// recipients that were permitted.
std::string_view CiteOf(const record::Determined& crossing) {
  const bool go = crossing.verdict == record::Verdict::kGo;
  for (const record::Reason& reason : crossing.reasons) {
    if (go || reason.code != "permitted") return reason.cite;
  }
  return "";
}

// What the rule packs answered, each once: "us NLR, jp NOT-SUBJECT"; empty when none did.
std::string OutcomesOf(const record::Determined& crossing) {
  std::string text;
  for (const record::RuleOutcome& said : crossing.rules) {
    const std::string one = fmt::format("{} {}", said.jurisdiction, said.outcome);
    if (text.find(one) == std::string::npos) text += (text.empty() ? "" : ", ") + one;
  }
  return text;
}

// What a narrow terminal cuts off is the cite of a go, or the recipients of what does not go.
std::string CrossingLine(const record::Determined& crossing) {
  const std::string head = fmt::format("{:<6} {:<8} {} {}", record::NameOf(crossing.verdict),
                                       crossing.item, NameOf(crossing.from), crossing.from.country);
  const std::string recipients = Recipients(crossing.recipients);
  const bool go = crossing.verdict == record::Verdict::kGo;
  const std::string outcomes = OutcomesOf(crossing);
  const std::string why = outcomes.empty() ? std::string(CiteOf(crossing)) : outcomes;
  return go ? fmt::format("{} → {}  ({})", head, recipients, why)
            : fmt::format("{}  ({}) → {}", head, CiteOf(crossing), recipients);
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

// What the ledger says of the run, with the progress of `live`.
Status Refresh(const PersonSession& session, const RunId& run, const LiveStatus& live,
               Followed& followed) {
  const run::RunState* state = session.book().FindRun(run);
  if (state == nullptr) return Error(Code::kNotFound, "no run {} in this ledger", run);
  Frame& frame = followed.frame;
  frame.sites.clear();
  frame.loss.clear();
  frame.macro_f1.clear();
  frame.rounds = state->spec.rounds;
  frame.round = state->current.round;
  frame.phase = live.phase.empty() ? std::string(run::NameOf(state->phase)) : live.phase;
  for (const auto& [site, candidate] : state->candidates) {
    ScreenSite& shown = frame.sites.emplace_back();
    shown = {.site = site.text(),
             .party = candidate.holder.party.text(),
             .country = candidate.holder.country,
             .phase = candidate.out.empty() ? ""
                      : candidate.HasLeft() ? "has left"
                                            : "declined: " + candidate.out,
             .fraction = 0};
    const auto found = live.sites.find(site.text());
    if (found == live.sites.end() || !candidate.out.empty()) continue;
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
        Refresh(session, options.run, live.ok() ? ParseLive(*live) : LiveStatus{}, followed));
    Frame& frame = followed.frame;
    const run::RunState& state = *session.book().FindRun(options.run);
    if (console.for_people()) {
      frame.title = options.title;
      frame.seconds = static_cast<double>((session.clock().Monotonic() - start).count()) / 1000;
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
