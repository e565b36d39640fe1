// SPDX-License-Identifier: Apache-2.0
// What the site's operator wants: an agent that drains, that keeps to its hours and its disk.
#include <algorithm>

#include "renkei/base/log.h"
#include "renkei/site/agent.h"
#include "renkei/site/drain.h"

namespace renkei::site {
namespace {

// Of all files below `path`, or of the one file; those that cannot be read count nothing.
uint64_t BytesBelow(Disk& disk, const std::string& path) {
  if (const auto file = disk.Open(path, OpenMode::kReadAlien); file.ok()) {
    return (*file)->Size().value_or(0);
  }
  const auto names = disk.List(path);
  uint64_t bytes = 0;
  if (!names.ok()) return bytes;
  for (const std::string& name : *names) bytes += BytesBelow(disk, JoinPath(path, name));
  return bytes;
}

}  // namespace

// An order that is there but cannot be read is obeyed all the same.
bool Agent::IsDraining() {
  const auto there = disk_.Exists(files_.drain_order());
  return there.ok() && *there;
}

// Tasks that were started, and updates that were trained, as they lie on disk: also those of an
// agent before this one.
std::set<Duty> Agent::BegunWork() {
  std::set<Duty> begun;
  const auto is_there = [&](const std::string& path) {
    const auto there = disk_.Exists(path);
    return there.ok() && *there;
  };
  for (const auto& [id, run] : view_.book().runs()) {
    const run::RoundState& round = run.current;
    if (run.phase == run::Phase::kTraining &&
        (is_there(files_.task(run.index, round.round, TaskKind::kTrain).task()) ||
         is_there(files_.draft(run.index, round.round)))) {
      begun.insert(TrainRound{.run = id, .round = round.round, .base = round.base});
    }
    if (run.phase == run::Phase::kEvaluating &&
        is_there(files_.task(run.index, round.round, TaskKind::kEvaluate).task())) {
      begun.insert(EvaluateModel{.run = id, .round = round.round, .model = *round.output});
    }
  }
  return begun;
}

// For `renkei site drain --wait`. What cannot be told is tried again at the next look.
void Agent::TellDrain() {
  if (!IsDraining()) {
    if (drain_told_) log::Info("site.drain-undone");
    drain_told_.reset();
    return;
  }
  const auto order = ReadDrainOrder(files_, disk_);
  Status told = order.status();
  if (order.ok() && *order) {
    DrainState state{.asked = **order, .in_flight = {}};
    for (const Duty& duty : InFlight(view_.book(), own_.site, Facts())) {
      state.in_flight.push_back(Describe(duty));
    }
    if (drain_told_ == state) return;
    if (!drain_told_ || drain_told_->asked != state.asked) log::Info("site.draining");
    if (state.in_flight.empty()) log::Info("site.drained");
    told = WriteDrainState(files_, disk_, state);
    if (told.ok()) drain_told_ = std::move(state);
  }
  if (!told.ok()) log::Warn("drain.not-told", {{"reason", Message(told)}});
}

// None while the site works. Looked up minute by minute, and so only when the last answer is over.
std::optional<Instant> Agent::ClosedUntil(Instant now) {
  const OpenHours& hours = options_.config.limits.hours;
  if (hours.always()) return std::nullopt;
  if (closed_until_ && closed_since_ <= now && now < *closed_until_) return closed_until_;
  const Instant opens = hours.OpensAt(now, options_.utc_offset);
  const bool was_closed = closed_until_.has_value();
  closed_since_ = now;
  closed_until_ = opens > now ? std::optional(opens) : std::nullopt;
  if (closed_until_) log::Info("site.hours-end", {{"next", FormatInstant(opens)}});
  if (was_closed && !closed_until_) log::Info("site.hours-begin");
  return closed_until_;
}

// Asked once before each task: blob and the trainer's copy, and to train what it writes and our
// copy of that, have to find room. What is there of these already is not counted twice.
StatusOr<bool> Agent::IsOverDiskLimit(const TaskFiles& files, const BlobId& model, TaskKind kind) {
  const auto limit = static_cast<uint64_t>(options_.config.limits.disk_gib * (1 << 30));
  if (limit == 0) return false;
  RK_RETURN_IF_ERROR(Tidy());
  RK_ASSIGN_OR_RETURN(const bool here, blobs_->Has(model));
  const uint64_t copies = (kind == TaskKind::kTrain ? 3 : 1) + (here ? 0 : 1);
  const uint64_t wanted = copies * model.size_bytes;
  const uint64_t replaced = BytesBelow(disk_, files.model()) + BytesBelow(disk_, files.update());
  const uint64_t used = BytesBelow(disk_, files_.blobs()) + BytesBelow(disk_, files_.work());
  const uint64_t others = used - std::min(used, replaced);
  if (others + wanted <= limit) return false;
  log::Error("disk.limit", {{"path", files_.dir},
                            {"used_bytes", others},
                            {"wanted_bytes", wanted},
                            {"limit_bytes", limit},
                            {"remedy", "raise disk_gib in " + files_.config()}});
  return true;
}

}  // namespace renkei::site
