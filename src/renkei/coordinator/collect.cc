// SPDX-License-Identifier: Apache-2.0
// Deleting what nobody keeps: in the second thread, in small pieces, the ledger's entry before the
// bytes.
#include <algorithm>
#include <iterator>
#include <utility>

#include "renkei/base/log.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/record/limits.h"
#include "renkei/run/needed_blobs.h"

namespace renkei::coordinator {
namespace {

constexpr uint64_t kEntriesAtATime = 256;
constexpr uint64_t kEntriesUnderLock = 16;  // new ones that a deletion looks at before it is said
constexpr Milliseconds kCollectRetry{60'000};
constexpr Milliseconds kTidyPartsEvery{3'600'000};

}  // namespace

// The caller holds append_mutex_. Cheap: asked at every step.
void Coordinator::QueueCollection() {
  const std::unique_lock lock(state_mutex_);
  const Milliseconds now = clock_.Monotonic();
  if (collect_queued_ || now < collect_retry_) return;
  const std::optional<Instant> due = Sweep::DueAt(book_, options_.keep_updates);
  const bool parts = now >= tidy_parts_at_;
  if (due && *due > clock_.Now()) wake_at_ = std::min(wake_at_.value_or(*due), *due);
  if (!parts && dying_.empty() && !(due && *due <= clock_.Now())) return;
  collect_queued_ = true;
  work_.push_back({.run = {}, .site = {}, .reduce = {}, .collect = true});
  work_to_do_.notify_all();
}

void Coordinator::Collect() {
  const Status collected = CollectSome();
  if (!collected.ok()) log::Error("blobs.not-deleted", {{"why", Message(collected)}});
  {
    const std::unique_lock lock(state_mutex_);
    collect_queued_ = false;
    if (!collected.ok()) collect_retry_ = clock_.Monotonic() + kCollectRetry;
  }
  Wake();
}

Status Coordinator::CollectSome() {
  RK_RETURN_IF_ERROR(FinishDeletion());
  bool parts = false;
  {
    const std::unique_lock lock(state_mutex_);
    parts = clock_.Monotonic() >= tidy_parts_at_;
    if (parts) tidy_parts_at_ = clock_.Monotonic() + kTidyPartsEvery;
  }
  if (parts) RK_RETURN_IF_ERROR(TidyParts());
  if (!sweep_) {
    const std::shared_lock lock(state_mutex_);
    sweep_ = Sweep::Begin(book_, clock_.Now(), options_.keep_updates);
    if (!sweep_) return Ok();
  }
  RK_ASSIGN_OR_RETURN(const bool at_the_end, SweepOn(kEntriesAtATime));
  if (!at_the_end) return Ok();
  Heap heap = std::move(sweep_->heaps().back());
  sweep_->heaps().pop_back();
  Status deleted = KeepPresent(heap);
  if (deleted.ok()) deleted = DeleteFrom(heap);
  // The next pass finds again what this one does not come to.
  if (!deleted.ok() || (heap.blobs.empty() && sweep_->heaps().empty())) {
    sweep_.reset();
  } else if (!heap.blobs.empty()) {
    sweep_->heaps().push_back(std::move(heap));
  }
  RK_RETURN_IF_ERROR(deleted);
  return FinishDeletion();
}

// True at the ledger's end.
StatusOr<bool> Coordinator::SweepOn(uint64_t entries_max) {
  for (uint64_t taken = 0; taken < entries_max; ++taken) {
    {
      const std::shared_lock lock(state_mutex_);
      if (sweep_->next() >= book_.size()) return true;
    }
    RK_ASSIGN_OR_RETURN(const Bytes envelope, ledger_->Entry(sweep_->next()));
    RK_ASSIGN_OR_RETURN(const record::Entry entry, record::Open(envelope));
    const std::shared_lock lock(state_mutex_);
    sweep_->Take(entry.record, book_);
  }
  return false;
}

Status Coordinator::KeepPresent(Heap& heap) const {
  if (heap.present) return Ok();
  for (auto blob = heap.blobs.begin(); blob != heap.blobs.end();) {
    bool goes = !sweep_->Stays(*blob);
    if (goes) {
      RK_ASSIGN_OR_RETURN(goes, blobs_->Has(*blob));
    }
    blob = goes ? std::next(blob) : heap.blobs.erase(blob);
  }
  const std::vector<BlobId> present(heap.blobs.begin(), heap.blobs.end());
  for (const BlobId& blob : FindKept(present)) heap.blobs.erase(blob);
  heap.present = true;
  return Ok();
}

// Those of `blobs` (ascending) that some run needs as the ledger tells it, or has just been given.
std::vector<BlobId> Coordinator::FindKept(std::span<const BlobId> blobs) const {
  const std::shared_lock lock(state_mutex_);
  std::vector<BlobId> kept;
  for (const auto& [blob, run] : run::FindNeeded(book_.runs(), blobs)) kept.push_back(blob);
  for (const auto& [run, live] : live_) {
    if (live.output && std::ranges::binary_search(blobs, *live.output)) {
      kept.push_back(*live.output);
    }
  }
  return kept;
}

// Says which blobs go, at most as many as fit an entry, and takes them off the heap.
Status Coordinator::DeleteFrom(Heap& heap) {
  const std::scoped_lock append(append_mutex_);
  // A run that was submitted meanwhile may have named one of them.
  RK_ASSIGN_OR_RETURN(const bool at_the_end, SweepOn(kEntriesUnderLock));
  if (!at_the_end) return Ok();
  std::vector<BlobId> goes;
  while (!heap.blobs.empty() && goes.size() < record::kDeletedBlobsMax) {
    const BlobId blob = *heap.blobs.begin();
    heap.blobs.erase(heap.blobs.begin());
    if (!sweep_->Stays(blob)) goes.push_back(blob);
  }
  for (const BlobId& blob : FindKept(goes)) std::erase(goes, blob);
  uint64_t remaining = heap.blobs.size();
  if (!heap.party.empty()) remaining += run::CountHeld(book_.runs(), heap.party);
  // Whoever brings one of them again from here on has to send it again.
  {
    const std::unique_lock lock(state_mutex_);
    dying_.insert(goes.begin(), goes.end());
  }
  const std::string reason = heap.party.empty() ? "retention" : std::string(run::kPartyLeft);
  const auto index = AppendOwn(record::BlobsDeleted{.party = heap.party,
                                                    .reason = reason,
                                                    .run = heap.run,
                                                    .blobs = goes,
                                                    .remaining = remaining,
                                                    .at = clock_.Now()});
  if (!index.ok()) {
    const std::unique_lock lock(state_mutex_);
    for (const BlobId& blob : goes) dying_.erase(blob);
    return index.status();
  }
  log::Info("blobs.deleted", {{"reason", reason},
                              {"run", heap.run.text()},
                              {"party", heap.party.text()},
                              {"blobs", goes.size()},
                              {"remaining", remaining},
                              {"index", *index}});
  return Ok();
}

// After a restart: the entry may have been written and its bytes not yet removed.
Status Coordinator::FindUnfinishedDeletion() {
  if (book_.last_deletion() == 0) return Ok();
  RK_ASSIGN_OR_RETURN(const Bytes envelope, ledger_->Entry(book_.last_deletion()));
  RK_ASSIGN_OR_RETURN(const record::Entry entry, record::Open(envelope));
  const auto* deleted = std::get_if<record::BlobsDeleted>(&entry.record);
  if (deleted == nullptr) return Ok();
  for (const BlobId& blob : deleted->blobs) {
    RK_ASSIGN_OR_RETURN(const bool here, blobs_->Has(blob));
    if (here) dying_.insert(blob);
  }
  return Ok();
}

// Removes the bytes that an entry has given up, but for what a newer entry has named again.
Status Coordinator::FinishDeletion() {
  std::vector<BlobId> dying;
  {
    const std::shared_lock lock(state_mutex_);
    dying.assign(dying_.begin(), dying_.end());
  }
  for (const BlobId& blob : dying) {
    if (FindKept({&blob, 1}).empty()) {
      const Status removed = blobs_->Remove(blob);
      if (!removed.ok() && removed.code() != Code::kNotFound) return removed;
    }
    const std::unique_lock lock(state_mutex_);
    dying_.erase(blob);
  }
  return Ok();
}

// Parts of uploads that no open round or run waits for any more: never a blob, so no entry.
Status Coordinator::TidyParts() {
  RK_ASSIGN_OR_RETURN(const std::vector<BlobId> parts, blobs_->ListParts());
  const std::vector<BlobId> kept = FindKept(parts);
  for (const BlobId& part : parts) {
    if (std::ranges::find(kept, part) != kept.end()) continue;
    RK_ASSIGN_OR_RETURN(const bool here, blobs_->Has(part));
    if (here) continue;
    const Status removed = blobs_->Remove(part);
    if (!removed.ok() && removed.code() != Code::kNotFound) return removed;
  }
  return Ok();
}

}  // namespace renkei::coordinator
