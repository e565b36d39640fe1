// SPDX-License-Identifier: Apache-2.0
// What may be deleted, found in one pass over the ledger: the blobs that runs which are over had,
// and those that parties which have left brought, unless a run that is not over keeps them for
// itself. Pure; what the runs need at the moment of the deletion is asked then
// (run/needed_blobs.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/record/record.h"
#include "renkei/run/book.h"

namespace renkei::coordinator {

// Of one run, or of one party.
struct Heap {
  RunId run;
  PartyId party;
  std::set<BlobId> blobs;
  bool present = false;  // the caller's note that all of them are known to be here
};

class Sweep {
 public:
  // For the runs that ended `keep` or longer before `now`, and the parties that have left and have
  // blobs which no open round needs. None when there is nothing to look for.
  static std::optional<Sweep> Begin(const run::Book& book, Instant now, Milliseconds keep);
  // When Begin will find the next run, if nothing else happens; also when that time has passed.
  static std::optional<Instant> DueAt(const run::Book& book, Milliseconds keep);

  // The entry to look at next; the pass is over at the ledger's end.
  uint64_t next() const { return next_; }
  // Takes entry next(), which `book` has folded.
  void Take(const record::Record& record, const run::Book& book);

  // A run that is not over keeps it.
  bool Stays(const BlobId& blob) const { return stays_.contains(blob); }
  // What was found, a heap for each run and party; the caller takes away what it has dealt with.
  std::vector<Heap>& heaps() { return heaps_; }

 private:
  void Put(const RunId& run, const PartyId& party, const BlobId& blob, const run::Book& book);

  uint64_t next_ = 0;
  std::vector<Heap> heaps_;
  std::map<RunId, size_t> by_run_;  // positions in heaps_, during the pass
  std::map<PartyId, size_t> by_party_;
  std::set<BlobId> stays_;
};

}  // namespace renkei::coordinator
