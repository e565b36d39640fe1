// SPDX-License-Identifier: Apache-2.0
#include "renkei/backup/needed_blobs.h"

#include <algorithm>

#include <fmt/format.h>

namespace renkei::backup {
namespace {

void AddNeeded(const run::RunState& run, std::map<BlobId, std::string>& needed) {
  const auto add = [&](const BlobId& blob, const std::string& what) {
    needed.emplace(blob, fmt::format("run {}: {}", run.run, what));
  };
  if (run.phase == run::Phase::kFinished) {
    if (run.model) add(*run.model, "the model of the last round");
    return;
  }
  add(run.NextBase(), fmt::format("the model after round {}", run.rounds.size()));
  const run::RoundState& now = run.current;
  if (now.round == 0) return;
  add(now.base, fmt::format("the model before round {}", now.round));
  if (now.output) add(*now.output, fmt::format("the model after round {}", now.round));
  if (run.phase != run::Phase::kTraining && run.phase != run::Phase::kReducing) return;
  for (const auto& [site, contribution] : now.contributed) {
    const bool counts =
        run.phase == run::Phase::kTraining ||
        std::ranges::find(now.counted, site, &record::Counted::site) != now.counted.end();
    if (counts) {
      add(contribution.update, fmt::format("the update of site {} in round {}", site, now.round));
    }
  }
}

}  // namespace

std::map<BlobId, std::string> NeededBlobs(const run::Book& book) {
  std::map<BlobId, std::string> needed;
  for (const auto& [id, run] : book.runs()) AddNeeded(run, needed);
  return needed;
}

}  // namespace renkei::backup
