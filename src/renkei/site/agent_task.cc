// SPDX-License-Identifier: Apache-2.0
// Training and evaluation. While the trainer works, this thread follows the ledger.
#include <signal.h>

#include <fmt/format.h>

#include "renkei/base/log.h"
#include "renkei/run/spec.h"
#include "renkei/site/agent.h"
#include "renkei/site/trainer.h"

namespace renkei::site {
namespace {

constexpr uint64_t kReserveBytes = 16 << 20;  // for logs, the mirror, receipts

uint32_t RoundOf(const Duty& duty) {
  if (const auto* train = std::get_if<TrainRound>(&duty)) return train->round;
  if (const auto* evaluate = std::get_if<EvaluateModel>(&duty)) return evaluate->round;
  return 0;
}

// By a SIGKILL that was not ours, or as a shell says it of the program that it waited for.
bool KilledFromOutside(const TrainerOutcome& outcome) {
  constexpr int kShellsWord = 128 + SIGKILL;
  return (outcome.end == TrainerEnd::kSignalled && outcome.signal == SIGKILL) ||
         (outcome.end == TrainerEnd::kExited && outcome.exit_status == kShellsWord);
}

std::string PhaseOf(TaskKind kind) { return kind == TaskKind::kTrain ? "training" : "evaluating"; }

}  // namespace

Task Agent::TaskOf(const run::RunState& run, TaskKind kind) const {
  return {
      .kind = kind,
      .run = run.run,
      .round = run.current.round,
      .rounds = run.spec.rounds,
      .seed = run::TaskSeed(run.run, run.current.round, own_.site),
      .config_json = run.spec.config_json,
      .deadline = kind == TaskKind::kTrain
                      ? run.current.deadline
                      : run.current.reduced + std::chrono::seconds(run.spec.evaluate_deadline_s)};
}

StatusOr<Agent::Attempt> Agent::RunTask(const Duty& duty, const Task& task, const BlobId& model,
                                        std::stop_token stop) {
  const uint64_t run_index = view_.book().FindRun(task.run)->index;
  const TrainerId trainer = view_.book().FindRun(task.run)->spec.trainer;
  const TaskFiles files = files_.task(run_index, task.round, task.kind);
  NoteUnclean(PruneWork(files_, run_index, task.round, disk_));
  // Blob, the trainer's copy, what it writes, and our copy of that.
  RK_ASSIGN_OR_RETURN(const bool over_limit, IsOverDiskLimit(files, model, task.kind));
  if (over_limit || DiskIsFull(4 * model.size_bytes)) {
    return Attempt{.result = {}, .decline_code = "disk-full"};
  }
  Report(task.run, task.round, "fetching", 0);
  RK_ASSIGN_OR_RETURN(const bool here, blobs_->Has(model));
  if (!here) RK_RETURN_IF_ERROR(Fetch(duty, model));
  running_ = duty;
  const auto ended = RunWithRestarts(duty, task, model, stop);
  running_.reset();
  RK_ASSIGN_OR_RETURN(Attempt attempt, ended);
  if (attempt.stopped || !attempt.decline_code.empty()) return attempt;
  auto result = ReadMetrics(files, disk_);
  if (!result.ok()) {
    log::Error(
        "trainer.failed",
        {{"trainer", trainer.text()}, {"reason", Message(result.status())}, {"log", files.log()}});
    return Attempt{.result = {}, .decline_code = "trainer-failed"};
  }
  attempt.result = *std::move(result);
  return attempt;
}

StatusOr<Agent::Attempt> Agent::RunWithRestarts(const Duty& duty, const Task& task,
                                                const BlobId& model, std::stop_token stop) {
  const TaskFiles files = files_.task(view_.book().FindRun(task.run)->index, task.round, task.kind);
  for (int restarts = 0;; ++restarts) {
    const Status prepared = PrepareTask(task, model, files, *blobs_, disk_);
    if (prepared.code() == Code::kDataLoss) DropIfDamaged(model);
    RK_RETURN_IF_ERROR(prepared);
    RK_ASSIGN_OR_RETURN(Attempt attempt, RunProgram(duty, task, stop));
    if (!attempt.killed || restarts == kTrainerRestartsMax) return attempt;
    Pause(stop, kTrainerRestartPause * (1 << restarts));
    if (stop.stop_requested() || !IsDue(duty)) {
      return Attempt{.result = {}, .decline_code = {}, .stopped = true};
    }
  }
}

// What does not hash to its name any more is gone as well as if it were not here: a model is
// fetched again. A disk that does not read at all is left alone, for it may be mended.
void Agent::DropIfDamaged(const BlobId& blob) {
  const auto file = blobs_->Open(blob);
  if (!file.ok() || blobs_->Check(blob).code() != Code::kDataLoss) return;
  Bytes window(static_cast<size_t>(std::min<uint64_t>(blob.size_bytes, kChunkBytes)));
  for (uint64_t chunk = 0; chunk < blob.chunks(); ++chunk) {
    const auto into = std::span(window).first(static_cast<size_t>(blob.ChunkSize(chunk)));
    if (!(*file)->ReadAt(chunk * kChunkBytes, into).ok()) return;
  }
  const Status removed = blobs_->Remove(blob);
  log::Error("blob.damaged", {{"blob", blob.Text()},
                              {"directory", files_.blobs()},
                              {"removed", removed.ok()},
                              {"remedy", "look at this disk: it does not keep what is written"}});
}

// Bytes that are not the model prove nothing against anybody: they may come right.
Status Agent::Fetch(const Duty& duty, const BlobId& model) {
  const auto guarded = BlobsWhileDue(duty);
  const Status fetched = peer_->Download(model, *guarded, [](uint64_t, uint64_t) {});
  if (fetched.code() != Code::kDataLoss) return fetched;
  log::Error("model.damaged", {{"model", model.Text()}, {"reason", Message(fetched)}});
  return Error(Code::kUnavailable, "what the coordinator sent as the model is damaged: {}",
               Message(fetched));
}

StatusOr<Agent::Attempt> Agent::RunProgram(const Duty& duty, const Task& task,
                                           std::stop_token stop) {
  const run::RunState& run = *view_.book().FindRun(task.run);
  const TaskFiles files = files_.task(run.index, task.round, task.kind);
  const TrainerId trainer = run.spec.trainer;
  const TrainerProgram program =
      ProgramOf(options_.config.trainers.at(trainer), files, options_.environment);
  Report(task.run, task.round, PhaseOf(task.kind), 0);
  Status broken;
  bool full = false;
  Note([](AgentFigures& figures) { ++figures.tasks_started; });
  const auto outcome = options_.trainer->Run(program, stop, [&] {
    broken = LookAround(duty, task);
    const bool is_due = IsDue(duty);
    full = is_due && DiskIsFull(0);  // of the trainer's files; the ledger's mirror needs room too
    return broken.ok() && !full && is_due;
  });
  RK_RETURN_IF_ERROR(broken);
  if (outcome.ok() && outcome->succeeded()) {
    Note([](AgentFigures& figures) { ++figures.tasks_done; });
    return Attempt{};
  }
  if (outcome.ok() && outcome->end == TrainerEnd::kStopped && !full) {
    return Attempt{.result = {}, .decline_code = {}, .stopped = true};
  }
  if (full || DiskIsFull(0)) return Attempt{.result = {}, .decline_code = "disk-full"};
  const bool late = outcome.ok() && outcome->end == TrainerEnd::kTimedOut;
  log::Error("trainer.failed",
             {{"trainer", trainer.text()},
              {"reason", outcome.ok() ? Describe(*outcome) : Message(outcome.status())},
              {"log", files.log()}});
  return Attempt{.result = {},
                 .decline_code = late ? "trainer-timeout" : "trainer-failed",
                 .stopped = false,
                 .killed = outcome.ok() && KilledFromOutside(*outcome)};
}

bool Agent::DiskIsFull(uint64_t bytes_wanted) {
  const auto free = disk_.FreeBytes(files_.dir);
  if (!free.ok() || *free >= bytes_wanted + kReserveBytes) return false;
  log::Error("disk.full", {{"path", files_.dir}, {"free_bytes", *free}, {"wanted", bytes_wanted}});
  return true;
}

// What cannot be removed costs disk, not the run.
void Agent::NoteUnclean(const Status& cleaned) {
  if (!cleaned.ok()) log::Warn("work.not-removed", {{"reason", Message(cleaned)}});
}

// Not OK only when going on would build on a lie.
Status Agent::LookAround(const Duty& duty, const Task& task) {
  const uint64_t run_index = view_.book().FindRun(task.run)->index;
  Report(task.run, RoundOf(duty), PhaseOf(task.kind),
         ReadProgress(files_.task(run_index, task.round, task.kind), disk_));
  TellDrain();
  if (!TakeRenewedPeer().ok()) return Ok();
  const Status synced = Sync(Milliseconds(0));
  if (synced.code() == Code::kDataLoss) return synced;
  if (!synced.ok() || !CheckClock().ok()) return Ok();
  AnswerRenewals();
  for (const Duty& other : Duties()) {
    if (!IsQuick(other)) break;
    const Status done = Perform(other, {});
    if (done.code() == Code::kDataLoss) return done;
  }
  return Ok();
}

Status Agent::Evaluate(const EvaluateModel& duty, std::stop_token stop) {
  const run::RunState& run = *view_.book().FindRun(duty.run);
  if (const Status may = CheckMayReceive(run); !may.ok()) {
    log::Warn("gate.no", {{"run", duty.run.text()}, {"reason", Message(may)}});
    if (may.code() != Code::kPermissionDenied) return may;
    return Decline({.run = duty.run, .round = duty.round, .code = "not-permitted"});
  }
  RK_RETURN_IF_ERROR(CheckMaySend(run, "metrics"));
  const uint64_t run_index = run.index;
  const auto attempt = RunTask(duty, TaskOf(run, TaskKind::kEvaluate), duty.model, stop);
  const TaskFiles files = files_.task(run_index, duty.round, TaskKind::kEvaluate);
  if (attempt.status().code() == Code::kResourceExhausted && DiskIsFull(duty.model.size_bytes)) {
    NoteUnclean(CleanTask(files, disk_));
    return Decline({.run = duty.run, .round = duty.round, .code = "disk-full"});
  }
  RK_RETURN_IF_ERROR(attempt.status());
  if (attempt->stopped) return Ok();
  NoteUnclean(CleanTask(files, disk_));
  if (!attempt->decline_code.empty()) {
    return Decline({.run = duty.run, .round = duty.round, .code = attempt->decline_code});
  }
  RK_ASSIGN_OR_RETURN(const Bytes envelope,
                      record::Seal(record::Evaluated{.run = duty.run,
                                                     .round = duty.round,
                                                     .site = own_.site,
                                                     .model = duty.model,
                                                     .examples = attempt->result->examples,
                                                     .metrics = attempt->result->metrics,
                                                     .at = clock_.Now()},
                                   key_));
  RK_RETURN_IF_ERROR(
      SubmitOrDecline(envelope, {.run = duty.run, .round = duty.round, .code = "not-permitted"}));
  Report(duty.run, duty.round, "waiting", 0);
  return Ok();
}

}  // namespace renkei::site
