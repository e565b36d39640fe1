// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/agent.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>

#include <fmt/format.h>

#include "renkei/base/log.h"
#include "renkei/ledger/checkpoint_file.h"

namespace renkei::site {
namespace {

constexpr int kPauseDoublingsMax = 9;

// Another's lie, or our disk's: nothing is built on it.
bool IsFatal(const Status& status) { return status.code() == Code::kDataLoss; }

// Of the own disk: the coordinator's failures come as UNAVAILABLE.
bool MayBeMended(const Status& status) {
  return status.code() == Code::kDataLoss || status.code() == Code::kResourceExhausted;
}

// FAILED_PRECONDITION, naming the skew, when this machine's clock is further off than entries may
// be.
Status ClockStatus(Instant now, Milliseconds skew, Instant ledger_last) {
  if (std::abs(skew.count()) > run::kClockSkewMax.count()) {
    return Error(Code::kFailedPrecondition,
                 "clock: this machine says {}, {} s {} the coordinator; the gate holds until the "
                 "clock is set right",
                 FormatInstant(now), std::abs(skew.count()) / 1000,
                 skew.count() > 0 ? "ahead of" : "behind");
  }
  if (now + run::kClockSkewMax < ledger_last) {
    return Error(Code::kFailedPrecondition,
                 "clock: this machine says {}, {} s behind the ledger's last entry; the gate holds "
                 "until the clock is set right",
                 FormatInstant(now), (ledger_last - now).count() / 1000);
  }
  return Ok();
}

// Blobs that a run may still ask for.
void AddNeeded(const run::RunState& run, const SiteId& own, std::set<BlobId>& needed) {
  if (run.phase == run::Phase::kFinished) return;
  needed.insert(run.NextBase());
  if (run.current.round == 0) return;
  needed.insert(run.current.base);
  if (run.current.output) needed.insert(*run.current.output);
  const auto found = run.current.contributed.find(own);
  if (found != run.current.contributed.end()) needed.insert(found->second.update);
}

}  // namespace

StatusOr<std::unique_ptr<Agent>> Agent::Open(AgentOptions options, Disk& disk, Clock& clock,
                                             Random& random, run::Peer& peer) {
  const SiteFiles files{options.dir};
  RK_ASSIGN_OR_RETURN(crypto::SigningKey key, ReadSiteKey(disk, files.key()));
  RK_ASSIGN_OR_RETURN(const Bytes envelope, ReadWhole(disk, files.charter(), kCharterFileBytesMax));
  // An expired charter still opens: the gate holds, and the log says why.
  auto charter = charter::Verify(envelope, clock.Now(), charter::Expiry::kIgnored);
  if (!charter.ok()) return Annotate(charter.status(), files.charter());
  RK_ASSIGN_OR_RETURN(LedgerView view, LedgerView::Open(disk, options.dir, *charter));
  std::unique_ptr<Agent> agent(new Agent(std::move(options), disk, clock, random, peer,
                                         std::move(key), *std::move(charter), std::move(view)));
  RK_RETURN_IF_ERROR(agent->OpenStores());
  return agent;
}

Agent::Agent(AgentOptions options, Disk& disk, Clock& clock, Random& random, run::Peer& peer,
             crypto::SigningKey key, charter::Charter charter, LedgerView view)
    : options_(std::move(options)),
      disk_(disk),
      clock_(clock),
      random_(random),
      peer_(&peer),
      files_{options_.dir},
      own_{.party = options_.config.party,
           .site = options_.config.site,
           .country = options_.config.country},
      key_(std::move(key)),
      charter_(std::move(charter)),
      view_(std::move(view)),
      pace_(options_.config.limits.upload_mbit) {}

Agent::~Agent() = default;

Status Agent::OpenStores() {
  if (options_.trainer == nullptr) options_.trainer = MakeProcessTrainer(disk_, clock_);
  RK_ASSIGN_OR_RETURN(const bool has_log, disk_.Exists(ledger::CheckpointPath(files_.gate_log())));
  if (has_log) RK_RETURN_IF_ERROR(OpenGateLog());
  if (!options_.config.issuer_dir.empty()) {
    RK_ASSIGN_OR_RETURN(RenewalDesk desk,
                        RenewalDesk::Open(disk_, clock_, options_.config.issuer_dir,
                                          files_.renewals(), own_.party));
    renewals_ = std::move(desk);
  }
  RK_ASSIGN_OR_RETURN(blobs_, store::MakeDirectoryBlobs(disk_, files_.blobs()));
  RK_RETURN_IF_ERROR(disk_.MakeDirs(files_.receipts()));
  RK_ASSIGN_OR_RETURN(const auto receipts, ListReceipts(files_, disk_));
  receipted_.insert(receipts.begin(), receipts.end());
  return Ok();
}

Status Agent::OpenGateLog() {
  gate_log_.reset();
  RK_ASSIGN_OR_RETURN(GateLog log,
                      GateLog::Open(disk_, files_.gate_log(), LogOrigin(options_.config), key_));
  gate_log_ = std::make_unique<GateLog>(std::move(log));
  return Ok();
}

Status Agent::Serve(std::stop_token stop) {
  Milliseconds wait{0};
  int failures = 0;
  while (!stop.stop_requested()) {
    const auto done = Turn(stop, wait);
    Note([&](AgentFigures& figures) { figures.failure = done.status(); });
    if (done.ok()) {
      failures = 0;
      told_failure_.clear();
      wait = *done ? Milliseconds(0) : kLongPoll;
      continue;
    }
    if (stop.stop_requested()) break;
    const bool lied = IsFatal(done.status()) && (view_.lied() || lied_to_);
    if (lied || HasLeft()) {
      log::Error("site.stopped", {{"reason", Message(done.status())}});
      return done.status();
    }
    // The first failures are everyday life on a bad link.
    const bool of_disk = MayBeMended(done.status());
    if (of_disk && told_failure_ != Message(done.status())) {
      told_failure_ = Message(done.status());
      log::Error("site.disk", {{"reason", Text(done.status())}});
    } else if (failures == kPauseDoublingsMax) {
      log::Warn("site.waiting", {{"reason", Text(done.status())}});
    } else {
      log::Debug("site.retry", {{"reason", Text(done.status())}});
    }
    const Milliseconds pause =
        std::min(of_disk ? kPauseDiskMax : kPauseMax,
                 kPauseMin * (1 << std::min(failures++, kPauseDoublingsMax)));
    wait = Milliseconds(0);
    Pause(stop, pause + Milliseconds(random_.Below(static_cast<uint64_t>(pause.count()))));
  }
  return Ok();
}

StatusOr<bool> Agent::Turn(std::stop_token stop, Milliseconds wait) {
  stop_ = stop;
  TellDrain();
  RK_RETURN_IF_ERROR(TakeRenewedPeer());
  RK_RETURN_IF_ERROR(Sync(wait));
  RK_RETURN_IF_ERROR(CheckEnrolment());
  // A log begins under the key that is enrolled, not under what a bad disk makes of it.
  if (view_.book().FindSite(own_.site) == nullptr) return false;
  if (gate_log_ == nullptr || gate_log_->broken()) RK_RETURN_IF_ERROR(OpenGateLog());
  RK_RETURN_IF_ERROR(CheckClock());
  RK_RETURN_IF_ERROR(CompleteGateLog());
  AnswerRenewals();
  const std::vector<Duty> duties = Duties();
  if (duties.empty()) RK_RETURN_IF_ERROR(Tidy());
  Status failure;
  for (const Duty& duty : duties) {
    if (stop.stop_requested()) return false;
    const Status done = Perform(duty, stop);
    if (done.ok()) return true;
    if (IsFatal(done)) return done;
    // One run that cannot go on does not hold up another.
    if (failure.ok()) failure = Annotate(done, Describe(duty));
  }
  RK_RETURN_IF_ERROR(failure);
  return false;
}

LocalFacts Agent::Facts() {
  LocalFacts facts{.now = clock_.Now(), .trainers = {}, .held = {}, .receipted = receipted_};
  for (const auto& [id, command] : options_.config.trainers) facts.trainers.insert(id);
  facts.consent = options_.config.consent;
  facts.draining = IsDraining();
  if (facts.draining) facts.begun = BegunWork();
  facts.running = running_;
  facts.closed_until = ClosedUntil(facts.now);
  facts.runs_max = options_.config.limits.parallel_runs;
  for (const auto& about : told_) {
    const LastWord* last = gate_log_->Last(about.first, about.second);
    if (last != nullptr && last->determined.verdict != record::Verdict::kGo &&
        facts.now < last->determined.at + kHoldReconsidered) {
      facts.held.insert(about);
    }
  }
  return facts;
}

std::vector<Duty> Agent::Duties() { return DutiesOf(view_.book(), own_.site, Facts()); }

bool Agent::IsDue(const Duty& duty) {
  const std::vector<Duty> duties = Duties();
  return std::ranges::find(duties, duty) != duties.end();
}

Status Agent::Perform(const Duty& duty, std::stop_token stop) {
  struct Performer {
    Agent& agent;
    std::stop_token stop;
    Status operator()(const DetermineItem& d) const { return agent.Determine(d); }
    Status operator()(const DeclineRound& d) const { return agent.Decline(d); }
    Status operator()(const Deliver& d) const { return agent.SendUpdate(d); }
    Status operator()(const EvaluateModel& d) const { return agent.Evaluate(d, stop); }
    Status operator()(const TrainRound& d) const { return agent.Train(d, stop); }
  };
  log::Debug("site.duty", {{"duty", Describe(duty)}});
  return std::visit(Performer{*this, stop}, duty);
}

bool Agent::HasLeft() const { return view_.book().left().contains(own_.party); }

Status Agent::CheckEnrolment() const {
  if (HasLeft()) {
    return Error(Code::kPermissionDenied,
                 "{}: {} has left the charter {} with entry {}; this site has nothing more to do "
                 "here, and joins again under a new charter only",
                 run::kPartyLeft, own_.party, charter_.name,
                 view_.book().left().at(own_.party).index);
  }
  const run::SiteState* site = view_.book().FindSite(own_.site);
  if (site == nullptr) return Ok();  // Not yet: there is nothing to do until then.
  const record::SiteEnrolled& enrolled = site->enrolled;
  if (enrolled.key != key_.public_key() || enrolled.party != own_.party ||
      enrolled.country != own_.country) {
    return Error(Code::kFailedPrecondition,
                 "site {} is enrolled with another key, party or country than {} says; join again "
                 "under another name",
                 own_.site, files_.config());
  }
  return Ok();
}

Status Agent::Sync(Milliseconds wait) {
  RK_RETURN_IF_ERROR(view_.Sync(*peer_, wait).status());
  const Instant there = view_.coordinator_now();
  skew_ = there == Instant() ? Milliseconds(0) : clock_.Now() - there;
  Note([this](AgentFigures& figures) {
    figures.heard = clock_.Monotonic();
    figures.entries = view_.book().size();
    figures.receipts = receipted_.size();
  });
  return Ok();
}

void Agent::Note(const std::function<void(AgentFigures&)>& change) {
  const std::lock_guard lock(figures_mutex_);
  change(figures_);
}

AgentFigures Agent::FiguresNow() const {
  const std::lock_guard lock(figures_mutex_);
  return figures_;
}

// With a clock that is far off, no date in a determination means what it says: everything holds.
Status Agent::CheckClock() {
  const Status right = ClockStatus(clock_.Now(), skew_, view_.book().last());
  if (!right.ok() && !clock_told_) log::Error("site.clock", {{"why", Message(right)}});
  if (right.ok() && clock_told_) log::Info("site.clock-right-again");
  clock_told_ = !right.ok();
  Note([&](AgentFigures& figures) { figures.clock = right; });
  return right;
}

Status Agent::TakeRenewedPeer() {
  if (!options_.renewed_peer) return Ok();
  RK_ASSIGN_OR_RETURN(run::Peer* const peer, options_.renewed_peer());
  if (peer != nullptr) peer_ = peer;
  return Ok();
}

// The other sites' affair: a failure here does not keep this one from its own duties.
void Agent::AnswerRenewals() {
  if (!renewals_ || view_.book().FindSite(own_.site) == nullptr) return;
  const Status answered = renewals_->Answer(*peer_, view_.book());
  if (!answered.ok()) log::Debug("issuer.letters", {{"reason", Text(answered)}});
}

void Agent::Pause(std::stop_token stop, Milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  for (; time > Milliseconds(0) && !stop.stop_requested(); time -= kLookEvery) {
    woken.wait_for(lock, stop, std::min(time, kLookEvery), [] { return false; });
    TellDrain();
  }
}

Status Agent::Tidy() {
  if (tidied_at_ == view_.book().size()) return Ok();
  std::set<BlobId> needed;
  for (const auto& [id, run] : view_.book().runs()) {
    AddNeeded(run, own_.site, needed);
    if (run.phase != run::Phase::kTraining) continue;
    // Trained, and not yet in the ledger: it waits for hours, a determination or a resumption.
    RK_ASSIGN_OR_RETURN(const auto draft, LoadDraft({id, run.current.round, run.current.base}));
    if (draft) needed.insert(draft->update);
  }
  RK_ASSIGN_OR_RETURN(const std::vector<BlobId> blobs, blobs_->List());
  for (const BlobId& blob : blobs) {
    if (!needed.contains(blob)) RK_RETURN_IF_ERROR(blobs_->Remove(blob));
  }
  tidied_at_ = view_.book().size();
  return Ok();
}

void Agent::Report(const RunId& run, uint32_t round, std::string phase, double fraction) {
  // For progress bars alone: a failure shows itself in what matters.
  const Status reported =
      peer_->Report({.run = run, .round = round, .phase = std::move(phase), .fraction = fraction});
  if (!reported.ok()) log::Debug("site.report", {{"reason", Text(reported)}});
}

}  // namespace renkei::site
