// SPDX-License-Identifier: Apache-2.0
// What a site or a person's command sees of the coordinator. Implementations: the gRPC client of
// wire, and one in the same process for tests. Calls block; several threads may call at once.
//
// Every call may fail with UNAVAILABLE (no connection: try again later), UNAUTHENTICATED (the
// caller's certificate does not count) or PERMISSION_DENIED (it counts, the answer is no; the
// message names reason and paragraph). The codes below come on top.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/store/blobs.h"

namespace renkei::run {

inline constexpr uint32_t kProtocol = 1;
inline constexpr uint32_t kPageEntriesMax = 256;
inline constexpr uint64_t kPageBytesMax = 1 << 20;  // a page ends with the entry that passes this

struct Welcome {
  uint32_t protocol = kProtocol;
  Bytes charter_envelope;  // DSSE, exact bytes; the caller verifies it
  std::string checkpoint;  // signed note; empty for a caller without an identity
  std::string server_version;
};

struct Page {
  std::vector<Bytes> entries;  // envelopes from the asked index on; none when the wait ran out
  std::string checkpoint;      // signed note; covers exactly from + entries.size() entries
  Instant now{};               // by the coordinator's clock, as it answers; none: not said
};

struct Submitted {
  uint64_t index = 0;             // of the entry
  std::vector<Digest> inclusion;  // RFC 6962 proof of that index in the checkpoint's tree
  std::string checkpoint;         // signed note
};

struct SiteProgress {
  RunId run;
  uint32_t round = 0;
  std::string phase;    // idle fetching training contributing evaluating waiting
  double fraction = 0;  // of the phase, 0 to 1
};

// Bytes of a transfer so far and in all.
using Progress = std::function<void(uint64_t done, uint64_t total)>;

class Peer {
 public:
  virtual ~Peer() = default;

  virtual StatusOr<Welcome> Hello() = 0;
  // At most `max` entries (and kPageEntriesMax) from index `from` on. With nothing there yet,
  // waits up to `wait` for the next one.   OUT_OF_RANGE  `from` is beyond the ledger's end
  virtual StatusOr<Page> Read(uint64_t from, uint32_t max, Milliseconds wait) = 0;
  // Appends one sealed record, durable when it returns. The same bytes again give the same index.
  //   INVALID_ARGUMENT     not an entry
  //   FAILED_PRECONDITION  right entry, wrong moment (round closed, run finished)
  //   ALREADY_EXISTS       a replay: this site or party has spoken already
  //   RESOURCE_EXHAUSTED   a named limit
  virtual StatusOr<Submitted> Submit(ByteSpan envelope) = 0;
  //   OUT_OF_RANGE  index or sizes beyond the ledger's end
  virtual StatusOr<std::vector<Digest>> ProveInclusion(uint64_t index, uint64_t tree_size) = 0;
  virtual StatusOr<std::vector<Digest>> ProveConsistency(uint64_t from, uint64_t to) = 0;
  // Sends a blob that a ledgered entry of the caller names; resumes at the last verified chunk.
  virtual Status Upload(store::Blobs& from, const BlobId& id, const Progress& progress) = 0;
  // Fetches a blob that a run names the caller a recipient of; resumes likewise.
  virtual Status Download(const BlobId& id, store::Blobs& into, const Progress& progress) = 0;
  // The signed receipt of the caller's contribution at `entry_index`: it is counted, or will be
  // when its round closes.
  //   FAILED_PRECONDITION  its bytes have not all arrived yet, or its round closed without it
  //   INVALID_ARGUMENT     its bytes were checked and refused; the message names the tensor
  //   NOT_FOUND            no contribution there
  virtual StatusOr<Bytes> Receipt(uint64_t entry_index) = 0;
  // For progress bars only; kept in memory.
  virtual Status Report(const SiteProgress& progress) = 0;
  // JSON, docs/formats/run-spec.md "Status".   NOT_FOUND  no such run
  virtual StatusOr<std::string> RunStatus(const RunId& run) = 0;
  // The join of a site (identity::JoinRequest and JoinGrant as JSON). AskJoin and PollJoin need
  // no identity. PollJoin: NOT_FOUND until the party has answered.
  virtual Status AskJoin(const std::string& request_json) = 0;
  virtual StatusOr<std::string> PollJoin(const std::string& token_id) = 0;
  // For people: the requests that wait, oldest first, and an answer to one of them.
  virtual StatusOr<std::vector<std::string>> PendingJoins() = 0;
  virtual Status GrantJoin(const std::string& grant_json) = 0;
};

}  // namespace renkei::run
