// SPDX-License-Identifier: Apache-2.0
// What a demo found, as a table for people and as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "renkei/apps/demo/arms.h"
#include "renkei/ledger/verify_directory.h"
#include "renkei/syntax/value.h"

namespace renkei::apps {

struct DemoResult {
  bool synthetic = true;
  std::vector<uint64_t> examples;  // by site, in the order of DemoParties()
  Scores joint;
  std::optional<Arms> arms;
  uint32_t rounds = 0;
  double seconds = 0;       // of the joint run, from submission to the end of its last round
  uint64_t bytes_up = 0;    // received by the coordinator
  uint64_t bytes_down = 0;  // sent by it
  uint64_t coordinator_peak_rss_bytes = 0;
  ledger::VerifyReport ledger;
  std::string release_dir;
  std::string release_digest;
  std::string model_sha256;
};

syntax::Value ReportValue(const DemoResult& result);
// A line per model, then one per class; the best of each row is marked.
std::string ReportTable(const DemoResult& result);

}  // namespace renkei::apps
