// SPDX-License-Identifier: Apache-2.0
#include "renkei/run/needed_blobs.h"

#include <algorithm>

namespace renkei::run {
namespace {

template <typename Visit>
void VisitOpen(const RunState& run, Visit visit) {
  visit(run.spec.model);
  for (const RoundRecord& round : run.rounds) visit(round.output);
  if (run.current.round == 0) return;
  visit(run.current.base);
  if (run.phase != Phase::kTraining && run.phase != Phase::kReducing) return;
  for (const auto& [site, contribution] : run.current.contributed) visit(contribution.update);
}

template <typename Visit>
void VisitFinished(const RunState& run, Visit visit) {
  if (run.model) visit(*run.model);
  for (const auto& [party, rounds] : run.released) {
    for (const uint32_t round : rounds) visit(run.Round(round)->output);
  }
}

}  // namespace

std::map<BlobId, RunId> FindNeeded(const std::map<RunId, RunState>& runs,
                                   std::span<const BlobId> blobs) {
  std::map<BlobId, RunId> needed;
  for (const auto& [id, run] : runs) {
    const auto visit = [&, run_id = id](const BlobId& blob) {
      if (std::ranges::binary_search(blobs, blob)) needed.emplace(blob, run_id);
    };
    run.phase == Phase::kFinished ? VisitFinished(run, visit) : VisitOpen(run, visit);
  }
  return needed;
}

}  // namespace renkei::run
