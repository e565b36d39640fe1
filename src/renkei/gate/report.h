// SPDX-License-Identifier: Apache-2.0
// What crossed in a period, as the entries of a ledger tell it: for the party's own records and for
// whoever asks the party. Pure and deterministic. A compliance aid, not legal advice.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/record/record.h"
#include "renkei/rules/words.h"
#include "renkei/syntax/value.h"

namespace renkei::gate {

// From `begin` up to `end`, which is the first instant after it.
struct Period {
  Instant begin{};
  Instant end{};

  bool Contains(Instant at) const { return begin <= at && at < end; }
};

// "2026-11", "2026-Q4", "2026" or "2026-11-01..2026-11-15", whose last day belongs to it; in UTC.
//   INVALID_ARGUMENT  something else
StatusOr<Period> ParsePeriod(std::string_view text);

struct IndexedEntry {
  uint64_t index = 0;
  record::Entry entry;
};

// Everything of one kind that went from one sender to one party in one country under the same
// outcome. An update and the metrics of an evaluation count for everybody that the determination
// names; `in_sum` are those who get an update only as part of the sum.
struct CrossingRow {
  std::string item;
  RunId run;
  record::Holder from;
  std::string to;       // "<party>/<country>"
  std::string outcome;  // "us codified NLR; us enforced NLR; jp NOT-LISTED", licence and quantity
  std::string tpp;      // when the facts of the determination hold ic.tpp
  bool in_sum = false;
  uint64_t crossings = 0;
  uint64_t bytes = 0;  // of blobs; metrics have none, they are in the ledger itself
  std::vector<uint64_t> determinations;  // entries, ascending
  std::vector<uint64_t> proofs;          // entries that say that it crossed, ascending
};

struct HoldRow {
  uint64_t entry = 0;
  std::string item;
  RunId run;
  record::Holder from;
  std::string state{};              // open approved denied timed-out, when the ledger ends
  std::vector<uint64_t> decided{};  // entries of officers
};

struct OperationsRow {
  RunId run;
  SiteId site;
  double operations = 0;  // as its trainer told
  std::vector<uint64_t> proofs;
};

struct Deletion {
  uint64_t entry = 0;
  std::string what;  // "run <run>" or "party <party>"
  std::string reason;
  uint64_t blobs = 0;
  uint64_t bytes = 0;
};

struct Report {
  Period period;
  std::vector<CrossingRow> crossings{};
  std::vector<OperationsRow> operations{};
  std::vector<HoldRow> holds{};             // that began in the period
  std::map<std::string, uint64_t> decided;  // approved denied: officers' entries in the period
  // Determinations that refuse, and what the coordinator refused: entries.
  std::vector<uint64_t> refused_crossings{};
  std::vector<uint64_t> refused_others{};
  std::vector<Deletion> deletions{};
  Instant oldest{};  // of all entries of the ledger
  uint64_t size = 0;
  Digest root{};
};

// `entries` are all of a verified ledger, whose tree has `root`.
Report ReportOf(const charter::Charter& charter, std::span<const IndexedEntry> entries,
                const Digest& root, const Period& period);

std::string TextOf(const Report& report, rules::Language language);
syntax::Value ToJson(const Report& report, rules::Language language);

}  // namespace renkei::gate
