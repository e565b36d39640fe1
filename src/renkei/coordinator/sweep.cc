// SPDX-License-Identifier: Apache-2.0
#include "renkei/coordinator/sweep.h"

#include <algorithm>
#include <variant>

namespace renkei::coordinator {
namespace {

// Its blobs may still be here, and are kept for it or to be deleted.
bool HasBlobs(const run::RunState& run) { return !run.collected; }

bool IsOver(const run::RunState& run) { return run.phase == run::Phase::kFinished; }

}  // namespace

std::optional<Sweep> Sweep::Begin(const run::Book& book, Instant now, Milliseconds keep) {
  Sweep sweep;
  sweep.next_ = book.size();
  for (const auto& [party, departure] : book.left()) {
    if (!run::HasBlobsToDelete(book.runs(), party, departure)) continue;
    sweep.by_party_.emplace(party, sweep.heaps_.size());
    sweep.heaps_.push_back({.run = {}, .party = party, .blobs = {}});
  }
  for (const auto& [id, run] : book.runs()) {
    if (!HasBlobs(run)) continue;
    sweep.next_ = std::min(sweep.next_, run.index);
    if (!IsOver(run) || now < run.since + keep) continue;
    sweep.by_run_.emplace(id, sweep.heaps_.size());
    sweep.heaps_.push_back({.run = id, .party = {}, .blobs = {}});
  }
  return sweep.heaps_.empty() ? std::nullopt : std::optional(std::move(sweep));
}

std::optional<Instant> Sweep::DueAt(const run::Book& book, Milliseconds keep) {
  std::optional<Instant> due;
  for (const auto& [id, run] : book.runs()) {
    if (!IsOver(run) || !HasBlobs(run)) continue;
    due = std::min(due.value_or(Instant::max()), run.since + keep);
  }
  for (const auto& [party, departure] : book.left()) {
    if (run::HasBlobsToDelete(book.runs(), party, departure)) due = Instant::min();
  }
  return due;
}

void Sweep::Take(const record::Record& record, const run::Book& book) {
  ++next_;
  if (const auto* submitted = std::get_if<record::RunSubmitted>(&record)) {
    return Put(submitted->run, submitted->party, book.FindRun(submitted->run)->spec.model, book);
  }
  if (const auto* reduced = std::get_if<record::RoundReduced>(&record)) {
    return Put(reduced->run, {}, reduced->output, book);
  }
  if (const auto* contributed = std::get_if<record::Contributed>(&record)) {
    const run::RunState& run = *book.FindRun(contributed->run);
    return Put(contributed->run, run.Find(contributed->site)->holder.party, contributed->update,
               book);
  }
}

void Sweep::Put(const RunId& run, const PartyId& party, const BlobId& blob, const run::Book& book) {
  if (const auto of_party = by_party_.find(party); of_party != by_party_.end()) {
    heaps_[of_party->second].blobs.insert(blob);
  } else if (const auto of_run = by_run_.find(run); of_run != by_run_.end()) {
    heaps_[of_run->second].blobs.insert(blob);
  } else if (HasBlobs(*book.FindRun(run))) {
    stays_.insert(blob);
  }
}

}  // namespace renkei::coordinator
