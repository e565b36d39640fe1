// SPDX-License-Identifier: Apache-2.0
// From a trained update to a receipt: draft on disk, manifest in the ledger, bytes, receipt. Each
// step leaves what the next start needs, so nothing is trained twice and nothing is sent before
// its manifest is proven to be in the ledger.
#include <algorithm>

#include <fmt/format.h>

#include "renkei/base/log.h"
#include "renkei/crypto/hash.h"
#include "renkei/record/limits.h"
#include "renkei/record/receipt.h"
#include "renkei/site/agent.h"
#include "renkei/site/update_check.h"

namespace renkei::site {
namespace {

constexpr Milliseconds kReportEvery{1'000};

}  // namespace

Status Agent::Train(const TrainRound& duty, std::stop_token stop) {
  RK_ASSIGN_OR_RETURN(auto draft, LoadDraft(duty));
  if (!draft) {
    auto trained = TrainOrDecline(duty, stop);
    if (trained.status().code() == Code::kResourceExhausted && DiskIsFull(duty.base.size_bytes)) {
      const uint64_t run_index = view_.book().FindRun(duty.run)->index;
      NoteUnclean(CleanTask(files_.task(run_index, duty.round, TaskKind::kTrain), disk_));
      return Decline({.run = duty.run, .round = duty.round, .code = "disk-full"});
    }
    RK_RETURN_IF_ERROR(trained.status());
    draft = *std::move(trained);
  }
  if (!draft) return Ok();
  return Contribute(duty, *std::move(draft));
}

// None when the round was declined, or training is not due any more.
StatusOr<std::optional<record::Contributed>> Agent::TrainOrDecline(const TrainRound& duty,
                                                                   std::stop_token stop) {
  const run::RunState& run = *view_.book().FindRun(duty.run);
  const TaskFiles files = files_.task(run.index, duty.round, TaskKind::kTrain);
  const auto decline = [&](std::string code) -> StatusOr<std::optional<record::Contributed>> {
    NoteUnclean(CleanTask(files, disk_));  // an entry needs room too
    RK_RETURN_IF_ERROR(Decline({.run = duty.run, .round = duty.round, .code = std::move(code)}));
    return std::nullopt;
  };
  if (const Status may = CheckMayReceive(run); !may.ok()) {
    log::Warn("gate.no", {{"run", duty.run.text()}, {"reason", Message(may)}});
    return may.code() == Code::kPermissionDenied ? decline("not-permitted") : may;
  }
  RK_RETURN_IF_ERROR(CheckMaySend(run, "update"));
  RK_RETURN_IF_ERROR(CheckMaySend(run, "metrics"));
  const uint64_t weight_max = std::min(run.Find(own_.site)->weight_max, record::kWeightMax);
  RK_ASSIGN_OR_RETURN(const Attempt attempt,
                      RunTask(duty, TaskOf(run, TaskKind::kTrain), duty.base, stop));
  if (attempt.stopped) return std::optional<record::Contributed>();
  if (!attempt.decline_code.empty()) return decline(attempt.decline_code);
  auto update = TakeUpdate(files.update(), duty.base, *blobs_, disk_);
  if (update.ok() && attempt.result->examples > weight_max) {
    update = Error(Code::kInvalidArgument, "{} examples, the site may count {}",
                   attempt.result->examples, weight_max);
  }
  if (update.status().code() == Code::kInvalidArgument) {
    log::Error(
        "update.invalid",
        {{"run", duty.run.text()}, {"round", duty.round}, {"reason", Message(update.status())}});
    return decline("update-invalid");
  }
  RK_RETURN_IF_ERROR(update.status());
  record::Contributed draft{.run = duty.run,
                            .round = duty.round,
                            .site = own_.site,
                            .base = duty.base,
                            .update = *update,
                            .encoding = "plain",
                            .examples = attempt.result->examples,
                            .metrics = attempt.result->metrics,
                            .determination = 0,
                            .at = clock_.Now()};
  RK_RETURN_IF_ERROR(KeepDraft(draft));
  NoteUnclean(CleanTask(files, disk_));
  return draft;
}

Status Agent::KeepDraft(const record::Contributed& draft) {
  RK_ASSIGN_OR_RETURN(const Bytes envelope, record::Seal(draft, key_));
  const uint64_t run_index = view_.book().FindRun(draft.run)->index;
  return WriteWhole(disk_, files_.draft(run_index, draft.round), envelope);
}

StatusOr<std::optional<record::Contributed>> Agent::LoadDraft(const TrainRound& duty) {
  const std::string path = files_.draft(view_.book().FindRun(duty.run)->index, duty.round);
  const auto envelope = ReadWhole(disk_, path, record::kEnvelopeBytesMax);
  if (envelope.status().code() == Code::kNotFound) return std::optional<record::Contributed>();
  RK_RETURN_IF_ERROR(envelope.status());
  auto entry = record::Open(*envelope);
  const auto* draft = entry.ok() ? std::get_if<record::Contributed>(&entry->record) : nullptr;
  if (draft == nullptr || !record::SignedBy(*envelope, key_.public_key()) ||
      draft->run != duty.run || draft->round != duty.round || draft->base != duty.base) {
    return std::optional<record::Contributed>();  // Of another time: train again.
  }
  RK_ASSIGN_OR_RETURN(const bool here, blobs_->Has(draft->update));
  return here ? std::optional(*draft) : std::nullopt;
}

Status Agent::Contribute(const TrainRound& duty, record::Contributed draft) {
  RK_RETURN_IF_ERROR(Sync(Milliseconds(0)));
  RK_RETURN_IF_ERROR(CheckClock());
  if (!IsDue(duty)) return Ok();  // The round closed meanwhile: its entry says so.
  const run::RunState& run = *view_.book().FindRun(duty.run);
  RK_RETURN_IF_ERROR(CheckMaySend(run, "update"));
  RK_RETURN_IF_ERROR(CheckMaySend(run, "metrics"));
  const uint64_t determination = run.Find(own_.site)->update->index;
  const Instant now = clock_.Now();
  // A draft from a time that our clock has taken back would be refused until then.
  if (draft.determination != determination || draft.at > now) {
    draft.determination = determination;
    draft.at = now;
    RK_RETURN_IF_ERROR(KeepDraft(draft));
  }
  RK_ASSIGN_OR_RETURN(const Bytes envelope, record::Seal(draft, key_));
  Report(duty.run, duty.round, "contributing", 0);
  return SubmitOrDecline(envelope, {.run = duty.run, .round = duty.round, .code = "not-permitted"});
}

Status Agent::SendUpdate(const Deliver& duty) {
  RK_ASSIGN_OR_RETURN(const bool here, blobs_->Has(duty.update));
  if (duty.bytes_wanted && here) {
    RK_RETURN_IF_ERROR(CheckMaySend(*view_.book().FindRun(duty.run), "update"));
    RK_RETURN_IF_ERROR(Upload(duty));
    if (receipted_.contains(duty.entry)) return Ok();
  }
  const auto receipt = peer_->Receipt(duty.entry);
  if (receipt.status().code() == Code::kFailedPrecondition && !here) return NoteLost(duty);
  if (receipt.status().code() == Code::kInvalidArgument) return NoteRefused(duty, receipt.status());
  RK_RETURN_IF_ERROR(receipt.status());
  if (const Status honest = CheckReceipt(duty, *receipt); !honest.ok()) {
    lied_to_ = true;
    RK_RETURN_IF_ERROR(disk_.MakeDirs(files_.evidence()));
    RK_RETURN_IF_ERROR(WriteWhole(disk_, files_.false_receipt(duty.entry), *receipt));
    return honest;
  }
  RK_RETURN_IF_ERROR(WriteWhole(disk_, files_.receipt(duty.entry), *receipt));
  receipted_.insert(duty.entry);
  Report(duty.run, duty.round, "waiting", 0);
  return Ok();
}

// All of it is there already when this is called again: that costs one message. Bytes that have
// changed on this disk are nobody's contribution: without them the round closes by its rules.
Status Agent::Upload(const Deliver& duty) {
  Milliseconds reported = clock_.Monotonic();
  const auto guarded = BlobsWhileDue(duty);
  const Status sent = peer_->Upload(*guarded, duty.update, [&](uint64_t done, uint64_t total) {
    if (clock_.Monotonic() - reported < kReportEvery) return;
    reported = clock_.Monotonic();
    Report(duty.run, duty.round, "contributing",
           total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total));
  });
  if (sent.code() == Code::kInvalidArgument) return NoteRefused(duty, sent);
  if (sent.code() == Code::kDataLoss) DropIfDamaged(duty.update);
  return sent;
}

// The coordinator looked at the bytes and will not count them; it will not change its mind.
Status Agent::NoteRefused(const Deliver& duty, const Status& reason) {
  log::Error("update.refused",
             {{"run", duty.run.text()}, {"round", duty.round}, {"reason", Message(reason)}});
  receipted_.insert(duty.entry);
  return Ok();
}

// Neither here nor there: this directory is an older copy of what it was. Nothing is trained or
// said twice; the round closes with the code bytes-missing for this site.
Status Agent::NoteLost(const Deliver& duty) {
  log::Error("update.lost", {{"run", duty.run.text()},
                             {"round", duty.round},
                             {"entry", duty.entry},
                             {"update", duty.update.Text()},
                             {"directory", files_.blobs()}});
  receipted_.insert(duty.entry);
  return Ok();
}

Status Agent::CheckReceipt(const Deliver& duty, const Bytes& envelope) const {
  const auto receipt = record::OpenReceipt(envelope, charter_.coordinator.key);
  if (!receipt.ok()) return Error(Code::kDataLoss, "receipt: {}", Message(receipt.status()));
  RK_ASSIGN_OR_RETURN(const Bytes manifest, view_.Entry(duty.entry));
  if (receipt->charter != charter_.sha256.hex() || receipt->run != duty.run ||
      receipt->round != duty.round || receipt->site != own_.site || receipt->entry != duty.entry ||
      receipt->manifest_sha256 != crypto::Sha256(manifest)) {
    return Error(Code::kDataLoss, "the receipt for entry {} speaks of another contribution",
                 duty.entry);
  }
  return Ok();
}

}  // namespace renkei::site
