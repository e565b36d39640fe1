// SPDX-License-Identifier: Apache-2.0
// The agent at a party: follows the ledger, asks its gate, trains, contributes, evaluates. All
// that it does follows from the verified ledger and what lies in its directory (duties.h), so it
// may end at any instruction and start again.
//
// It never takes part silently or stays away silently: what it will not or cannot do is an entry.
// Nothing that a peer sent becomes an argument, a path or a variable of a process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/crypto/sign.h"
#include "renkei/gate/rule_shelf.h"
#include "renkei/record/record.h"
#include "renkei/run/peer.h"
#include "renkei/site/drain.h"
#include "renkei/site/duties.h"
#include "renkei/site/gate_log.h"
#include "renkei/site/hours.h"
#include "renkei/site/ledger_view.h"
#include "renkei/site/renewal_desk.h"
#include "renkei/site/site_config.h"
#include "renkei/site/site_files.h"
#include "renkei/site/trainer.h"
#include "renkei/site/upload_pace.h"
#include "renkei/store/blobs.h"

namespace renkei::site {

inline constexpr Milliseconds kLongPoll{2'000};   // an order to drain is noticed in between
inline constexpr Milliseconds kLookEvery{1'000};  // at the ledger, during a task or a transfer
inline constexpr Milliseconds kPauseMin{100};     // after a failure; doubles
inline constexpr Milliseconds kPauseMax{30'000};
inline constexpr Milliseconds kPauseDiskMax{5'000};  // this site's own disk may be mended any time
inline constexpr Milliseconds kHoldReconsidered{3'600'000};  // a hold is asked again
// A trainer that somebody else kills (the kernel short of memory, an administrator) is started
// again so often, with its checkpoint_dir as it was, before the site declines.
inline constexpr int kTrainerRestartsMax = 3;
inline constexpr Milliseconds kTrainerRestartPause{500};  // doubles

struct AgentOptions {
  std::string dir;  // of the site; made by a join
  SiteConfig config;
  // PATH, HOME, LANG for trainers; the process's own environment is not looked at.
  std::map<std::string, std::string> environment;
  // Asked before each turn: another connection when the certificate was renewed, else nullptr.
  // It has to live until the next one is given.
  std::function<StatusOr<run::Peer*>()> renewed_peer;
  // Carries out the tasks; none: processes of this machine.
  std::unique_ptr<Trainer> trainer = nullptr;
  gate::RuleShelf rules = {};               // that the site's gate decides by
  UtcOffset utc_offset = MachineUtcOffset;  // of the civil time of config.limits.hours
};

// For the operator's instruments.
struct AgentFigures {
  uint64_t entries = 0;               // of the mirror
  std::optional<Milliseconds> heard;  // monotonic: when the mirror was last up to date
  Status clock;                       // not OK: why this machine's clock makes the gate hold
  Status failure;                     // of the last turn
  uint64_t tasks_started = 0;         // trainers, since the process started
  uint64_t tasks_done = 0;
  uint64_t receipts = 0;  // held
};

class Agent {
 public:
  // `disk`, `clock`, `random` and `peer` outlive the agent.
  //   NOT_FOUND, INVALID_ARGUMENT  a file of the site is missing or wrong; names it
  //   PERMISSION_DENIED            the charter's signatures do not suffice
  //   DATA_LOSS                    the local ledger copies do not hold
  //   UNAVAILABLE                  another process has the directory
  static StatusOr<std::unique_ptr<Agent>> Open(AgentOptions options, Disk& disk, Clock& clock,
                                               Random& random, run::Peer& peer);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Works until asked to stop (then OK; a trainer that runs is ended and taken up again at the
  // next start), until the coordinator is found to lie (DATA_LOSS, with evidence) or until the
  // party has left the charter (PERMISSION_DENIED). All other failures, those of the own disk too,
  // are logged, waited out and tried again.
  Status Serve(std::stop_token stop);

  // One step by hand: takes what is new, waiting up to `wait` for it, and does the first duty
  // that can be done. True when one was. For tests and simulation; never beside Serve.
  StatusOr<bool> Turn(std::stop_token stop, Milliseconds wait);

  const run::Book& book() const { return view_.book(); }
  AgentFigures FiguresNow() const;  // from any thread

 private:
  // What one attempt at a task came to.
  struct Attempt {
    std::optional<TaskResult> result;  // or:
    std::string decline_code;          // or:
    bool stopped = false;              // it is not due any more, or we are asked to stop
    bool killed = false;               // the trainer, by SIGKILL from outside
  };

  Agent(AgentOptions options, Disk& disk, Clock& clock, Random& random, run::Peer& peer,
        crypto::SigningKey key, charter::Charter charter, LedgerView view);
  Status OpenStores();
  Status OpenGateLog();
  void Note(const std::function<void(AgentFigures&)>& change);

  // agent.cc
  LocalFacts Facts();
  std::vector<Duty> Duties();
  bool IsDue(const Duty& duty);
  Status Perform(const Duty& duty, std::stop_token stop);
  bool HasLeft() const;  // the party, the charter
  Status CheckEnrolment() const;
  // Brings the view up to date, and looks how far this machine's clock is off.
  Status Sync(Milliseconds wait);
  Status CheckClock();
  Status TakeRenewedPeer();
  void AnswerRenewals();
  void Pause(std::stop_token stop, Milliseconds time);
  Status Tidy();
  void Report(const RunId& run, uint32_t round, std::string phase, double fraction);
  // agent_gate.cc
  Status CompleteGateLog();
  // The blobs for a transfer of `duty`, whose every chunk asks whether it is still due.
  std::unique_ptr<store::Blobs> BlobsWhileDue(const Duty& duty);
  Status AwaitLeave(const Duty& duty, uint64_t bytes, Milliseconds& looked);
  Status CheckStillDue(const Duty& duty);
  Status Determine(const DetermineItem& duty);
  Status Decline(const DeclineRound& duty);
  Status SubmitOrDecline(const Bytes& envelope, const DeclineRound& otherwise);
  Status CheckNotHalted(const run::RunState& run) const;
  Status CheckMayReceive(const run::RunState& run) const;
  Status CheckMaySend(const run::RunState& run, std::string_view item);
  StatusOr<const record::Determined*> OwnDetermination(uint64_t index);
  // agent_task.cc
  Status Train(const TrainRound& duty, std::stop_token stop);
  Status Evaluate(const EvaluateModel& duty, std::stop_token stop);
  StatusOr<Attempt> RunTask(const Duty& duty, const Task& task, const BlobId& model,
                            std::stop_token stop);
  StatusOr<Attempt> RunWithRestarts(const Duty& duty, const Task& task, const BlobId& model,
                                    std::stop_token stop);
  Status Fetch(const Duty& duty, const BlobId& model);
  void DropIfDamaged(const BlobId& blob);
  StatusOr<Attempt> RunProgram(const Duty& duty, const Task& task, std::stop_token stop);
  // True when a task on `model` lacks room; said before and after an attempt.
  bool DiskIsFull(uint64_t bytes_wanted);
  static void NoteUnclean(const Status& cleaned);
  Status LookAround(const Duty& duty, const Task& task);
  Task TaskOf(const run::RunState& run, TaskKind kind) const;
  // agent_limits.cc
  bool IsDraining();
  std::set<Duty> BegunWork();
  void TellDrain();
  std::optional<Instant> ClosedUntil(Instant now);
  StatusOr<bool> IsOverDiskLimit(const TaskFiles& files, const BlobId& model, TaskKind kind);
  // agent_deliver.cc
  StatusOr<std::optional<record::Contributed>> TrainOrDecline(const TrainRound& duty,
                                                              std::stop_token stop);
  StatusOr<std::optional<record::Contributed>> LoadDraft(const TrainRound& duty);
  Status KeepDraft(const record::Contributed& draft);
  Status Contribute(const TrainRound& duty, record::Contributed draft);
  Status SendUpdate(const Deliver& duty);
  Status Upload(const Deliver& duty);
  Status NoteLost(const Deliver& duty);
  Status NoteRefused(const Deliver& duty, const Status& reason);
  Status CheckReceipt(const Deliver& duty, const Bytes& receipt) const;

  AgentOptions options_;
  Disk& disk_;
  Clock& clock_;
  Random& random_;
  run::Peer* peer_;
  SiteFiles files_;
  record::Holder own_;
  crypto::SigningKey key_;
  charter::Charter charter_;
  LedgerView view_;
  std::unique_ptr<GateLog> gate_log_;
  std::optional<RenewalDesk> renewals_;  // when this site is its party's issuer
  std::unique_ptr<store::Blobs> blobs_;
  std::set<std::pair<RunId, std::string>> told_;  // determinations submitted since the start
  std::set<uint64_t> receipted_;
  std::map<uint64_t, record::Determined> own_determinations_;  // by entry
  std::set<uint64_t> in_gate_log_;  // own determinations that the gate log is known to hold
  Milliseconds skew_{0};            // of this clock before the coordinator's, at the last Sync
  bool clock_told_ = false;
  std::optional<DrainState> drain_told_;  // as it lies on disk
  UploadPace pace_;
  std::optional<Duty> running_;  // the task whose trainer runs
  std::stop_token stop_;         // of the turn that is going on
  Instant closed_since_{};       // what ClosedUntil found last, and when
  std::optional<Instant> closed_until_;
  uint64_t tidied_at_ = 0;  // ledger size
  bool lied_to_ = false;    // by a receipt; of the ledger, view_ knows
  std::string told_failure_;

  mutable std::mutex figures_mutex_;
  AgentFigures figures_;
};

}  // namespace renkei::site
