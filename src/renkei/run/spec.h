// SPDX-License-Identifier: Apache-2.0
// What a run is to do: the run spec, TOML with strict keys (docs/formats/run-spec.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/syntax/stated.h"

namespace renkei::run {

inline constexpr size_t kSpecBytesMax = 16 << 10;
inline constexpr uint32_t kRoundsMax = 10'000;
inline constexpr uint32_t kSitesMax = 1024;    // in one charter's ledger
inline constexpr uint32_t kRunSitesMax = 128;  // in one run: round.reduced has to fit an entry
inline constexpr std::string_view kWeightedMeanAlgorithm = "weighted-mean-f64-1";  // design 6
inline constexpr int64_t kDeadlineSecondsMax = int64_t{90} * 24 * 3600;

// Ends a run when the sites' mean of a metric, weighted by their examples, has not improved for
// `patience` rounds; the run's model is then that of the best round.
struct EarlyStop {
  std::string metric;
  bool larger_is_better = false;
  uint32_t patience = 0;
};

struct Spec {
  RunId name;
  BlobId model;       // of the first round
  TrainerId trainer;  // each site's own file maps it to a command
  uint32_t rounds = 0;
  uint32_t quorum = 0;              // sites that a round needs
  int64_t start_deadline_s = 0;     // from approval: for the sites' determinations
  int64_t deadline_s = 0;           // from a round's opening: for the contributions
  int64_t evaluate_deadline_s = 0;  // from a new model: for the sites' evaluations
  std::string late;                 // "drop": what comes after the close does not count
  std::string reducer;              // "weighted-mean"
  std::string encoding;             // "plain"
  std::vector<std::string> purposes;
  std::string classification_us;
  std::string classification_jp;
  // Of the items and their use, for the rule packs; `like` names a model of a pack.
  syntax::Stated facts;
  // Ascending. Empty: every enrolled site that the owner's determination covers.
  std::vector<SiteId> participants;
  std::string config_json;  // one JSON object for the trainer, compact
  std::optional<EarlyStop> early_stop;
};

// `where` names the source in errors ("run.toml").
//   INVALID_ARGUMENT    syntax, unknown key, value out of range: with line and column
//   RESOURCE_EXHAUSTED  longer than kSpecBytesMax
StatusOr<Spec> ParseSpec(std::string_view toml, std::string_view where);

// The seed of a task: the first 8 bytes (big-endian, top bit cleared, so that it is a JSON
// integer everywhere) of SHA-256("renkei-task-seed/1\n<run>\n<round>\n<site>\n").
uint64_t TaskSeed(const RunId& run, uint32_t round, const SiteId& site);

}  // namespace renkei::run
