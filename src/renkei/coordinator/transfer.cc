// SPDX-License-Identifier: Apache-2.0
// Bytes in and out, each under a ledgered entry.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "renkei/coordinator/access.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/crypto/hash.h"
#include "renkei/gate/determine.h"
#include "renkei/record/receipt.h"

namespace renkei::coordinator {

StatusOr<std::unique_ptr<store::BlobSink>> Coordinator::BeginUpload(
    const identity::PeerId& caller, const BlobId& id, std::span<const Digest> leaves) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  Upload upload;
  {
    const std::shared_lock lock(state_mutex_);
    RK_ASSIGN_OR_RETURN(upload, FindUpload(book_, caller, id));
  }
  if (!upload.site.empty() && id.size_bytes > upload.base.size_bytes + kUpdateGrowthMax) {
    Tell(upload.run,
         run::UpdateBad{.round = upload.round, .site = upload.site, .code = "update-invalid"});
    return Error(Code::kInvalidArgument, "an update of {} bytes does not fit a base model of {}",
                 id.size_bytes, upload.base.size_bytes);
  }
  {
    const std::shared_lock lock(state_mutex_);
    if (dying_.contains(id)) {
      return Error(Code::kUnavailable, "{} is just being deleted; send it again in a moment",
                   id.Text());
    }
  }
  RK_ASSIGN_OR_RETURN(const bool here, Holds(id));
  if (here) return std::unique_ptr<store::BlobSink>();
  return blobs_->Receive(id, leaves);
}

// Whether the blob is here to stay.
StatusOr<bool> Coordinator::Holds(const BlobId& id) const {
  {
    const std::shared_lock lock(state_mutex_);
    if (dying_.contains(id)) return false;
  }
  return blobs_->Has(id);
}

Status Coordinator::FinishUpload(const identity::PeerId& caller, const BlobId& id) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  Upload upload;
  {
    const std::shared_lock lock(state_mutex_);
    RK_ASSIGN_OR_RETURN(upload, FindUpload(book_, caller, id));
  }
  RK_ASSIGN_OR_RETURN(const bool here, Holds(id));
  if (!here) return Error(Code::kFailedPrecondition, "{} is not complete", id.Text());
  const Status status =
      upload.site.empty() ? CheckModel(id) : CheckUpdate(upload.run, upload.round, upload.site);
  Wake();
  return status;
}

Status Coordinator::CheckUpload(const identity::PeerId& caller, const BlobId& id) const {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  const std::shared_lock lock(state_mutex_);
  return FindUpload(book_, caller, id).status();
}

StatusOr<std::vector<Digest>> Coordinator::Leaves(const identity::PeerId& caller,
                                                  const BlobId& id) {
  RK_RETURN_IF_ERROR(CheckDownload(caller, id));
  return blobs_->Leaves(id);
}

StatusOr<std::unique_ptr<File>> Coordinator::OpenDownload(const identity::PeerId& caller,
                                                          const BlobId& id) {
  RK_RETURN_IF_ERROR(CheckDownload(caller, id));
  return blobs_->Open(id);
}

// The sender's gate speaks before any byte moves: here the sender is the coordinator.
Status Coordinator::CheckDownload(const identity::PeerId& caller, const BlobId& id) const {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  const std::shared_lock lock(state_mutex_);
  const Instant now = clock_.Now();
  RK_ASSIGN_OR_RETURN(const Download download, FindDownload(book_, caller, id, now));
  const run::RunState& run = *book_.FindRun(download.run);
  const record::Determined determined = gate::Determine(
      *book_.charter(), options_.rules,
      {.item = "model",
       .run = run.run,
       .from = run.coordinator,
       .recipients = {download.to},
       .purposes = run.spec.purposes,
       .classification_us = run.spec.classification_us,
       .classification_jp = run.spec.classification_jp,
       .facts = gate::FactsFor(book_.charter()->export_rules, run.spec.facts, run.operations),
       .blob = id},
      now);
  if (determined.verdict == record::Verdict::kGo) return Ok();
  // A hold that officers approved stands for the run.
  const bool approved = determined.verdict == record::Verdict::kHold && run.coordinator_go &&
                        run.coordinator_go->ValidAt(now) &&
                        run::Covers(*run.coordinator_go, {download.to});
  if (approved) return Ok();
  return run::Refuse("gate-refuses", gate::Explain(determined)).ToStatus();
}

StatusOr<Bytes> Coordinator::Receipt(const identity::PeerId& caller, uint64_t entry_index) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  const auto none =
      Error(Code::kNotFound, "entry {} is no contribution of {}", entry_index, caller.Uri());
  const auto envelope = ledger_->Entry(entry_index);
  if (envelope.status().code() == Code::kOutOfRange) return none;
  RK_RETURN_IF_ERROR(envelope.status());
  RK_ASSIGN_OR_RETURN(const record::Entry entry, record::Open(*envelope));
  const auto* contributed = std::get_if<record::Contributed>(&entry.record);
  if (contributed == nullptr || caller.kind != identity::PeerKind::kSite ||
      caller.name != contributed->site.text()) {
    return none;
  }
  RK_RETURN_IF_ERROR(CheckCounts(*contributed));
  return record::SealReceipt({.charter = book_.charter()->sha256.hex(),
                              .run = contributed->run,
                              .round = contributed->round,
                              .site = contributed->site,
                              .manifest_sha256 = crypto::Sha256(*envelope),
                              .entry = entry_index,
                              .at = clock_.Now()},
                             *options_.key);
}

// OK when the contribution is counted, or will be when its round closes: a receipt promises it.
Status Coordinator::CheckCounts(const record::Contributed& contributed) const {
  const std::shared_lock lock(state_mutex_);
  const run::RunState* run = book_.FindRun(contributed.run);
  if (run == nullptr || run->current.round != contributed.round) {
    return Error(Code::kFailedPrecondition,
                 "round {} of {} is over; its closing entry says what counted", contributed.round,
                 contributed.run);
  }
  if (run->phase != run::Phase::kTraining) {
    const bool counted = std::ranges::any_of(
        run->current.counted, [&](const auto& one) { return one.site == contributed.site; });
    if (counted) return Ok();
    return Error(Code::kFailedPrecondition, "round {} of {} closed without this contribution",
                 contributed.round, contributed.run);
  }
  const auto live = live_.find(contributed.run);
  const bool known = live != live_.end() && live->second.round == contributed.round;
  if (known && live->second.stored.contains(contributed.site)) return Ok();
  if (known && live->second.bad.contains(contributed.site)) {
    return Error(Code::kInvalidArgument, "the bytes of {} were refused: {}",
                 contributed.update.Text(), live->second.bad.at(contributed.site));
  }
  return Error(Code::kFailedPrecondition,
               "the bytes of {} have not all arrived and been checked: upload them",
               contributed.update.Text());
}

}  // namespace renkei::coordinator
