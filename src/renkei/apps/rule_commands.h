// SPDX-License-Identifier: Apache-2.0
// The commands about export rules: renkei gate, renkei pack and renkei report.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "renkei/apps/console.h"

namespace renkei::apps {

struct GateOptions {
  std::vector<std::string> packs;  // directories and files; empty: those shipped
  std::vector<std::string> more;   // private packs on top
  std::string file;                // a crossing
  std::string language = "en";
  std::string charter_file;  // whose packs and policy decide; else `packs` and what follows
  std::string binding = "both";
  int text_days = 365;
  std::string csv_file;  // of `classify`
  std::string on;        // its day; empty: today in Washington
  std::string from;      // dates, of `when`
  std::string to;
  std::string dir;       // of `explain` and `replay`: a ledger on this machine
  uint64_t entry = 0;    // of `explain`
  std::string to_party;  // only this recipient
};
Exit GateCheck(const GateOptions& options, const Console& console);
Exit GateWhen(const GateOptions& options, const Console& console);
Exit GateClassify(const GateOptions& options, const Console& console);
Exit GateExplain(const GateOptions& options, const Console& console);
Exit GateReplay(const GateOptions& options, const Console& console);

struct ReportOptions {
  std::string period;
  std::string dir;  // a ledger on this machine
  std::string charter_file;
  std::string language = "en";
};
Exit MakeReport(const ReportOptions& options, const Console& console);

struct PackOptions {
  std::vector<std::string> packs;
  bool mutate = false;
  std::string other;  // what to compare with
  std::string party_dir;
  std::string person;
  std::string charter_file;
};
Exit PackLint(const PackOptions& options, const Console& console);
Exit PackTest(const PackOptions& options, const Console& console);
Exit PackDiff(const PackOptions& options, const Console& console);
Exit PackSign(const PackOptions& options, const Console& console);
Exit PackVerify(const PackOptions& options, const Console& console);

}  // namespace renkei::apps
