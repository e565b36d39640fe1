// SPDX-License-Identifier: Apache-2.0
// What a server needs of the coordinator behind it: the verbs of run::Peer, each with the
// verified identity of its caller. Implementations: the coordinator (coordinator_desk.h), and one
// in memory for tests (desk_testing.h). Thread-safe; errors reach the caller unchanged.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/identity/peer_id.h"
#include "renkei/run/peer.h"
#include "renkei/store/blobs.h"

namespace renkei::wire {

class Desk {
 public:
  using Caller = identity::PeerId;  // kAnonymous in Hello, AskJoin and PollJoin alone
  virtual ~Desk() = default;

  // Of the parties of the charter in force; a caller's chain must end in its own party's.
  virtual std::vector<identity::PartyRoot> Roots() = 0;

  virtual StatusOr<run::Welcome> Hello(const Caller& caller) = 0;
  // The server waits in slices of at most a second and asks again.
  virtual StatusOr<run::Page> Read(const Caller& caller, uint64_t from, uint32_t max,
                                   Milliseconds wait) = 0;
  virtual StatusOr<run::Submitted> Submit(const Caller& caller, ByteSpan envelope) = 0;
  virtual StatusOr<std::vector<Digest>> ProveInclusion(const Caller& caller, uint64_t index,
                                                       uint64_t size) = 0;
  virtual StatusOr<std::vector<Digest>> ProveConsistency(const Caller& caller, uint64_t from,
                                                         uint64_t to) = 0;
  virtual StatusOr<Bytes> Receipt(const Caller& caller, uint64_t entry) = 0;

  // One upload of a blob at a time: the server sees to that.
  virtual StatusOr<std::unique_ptr<store::BlobSink>> BeginUpload(
      const Caller& caller, const BlobId& id, std::span<const Digest> leaves) = 0;
  // After the sink was committed.
  virtual Status FinishUpload(const Caller& caller, const BlobId& id) = 0;
  virtual StatusOr<std::vector<Digest>> Leaves(const Caller& caller, const BlobId& id) = 0;
  virtual StatusOr<std::unique_ptr<File>> OpenDownload(const Caller& caller, const BlobId& id) = 0;
  // Whether a transfer under way may go on; asked about once a second, from another thread.
  virtual Status CheckUpload(const Caller& caller, const BlobId& id) = 0;
  virtual Status CheckDownload(const Caller& caller, const BlobId& id) = 0;

  // Blob bytes that came in and went out, as they move.
  virtual void CountTransfer(uint64_t received_bytes, uint64_t sent_bytes) = 0;

  virtual Status Report(const Caller& caller, const run::SiteProgress& progress) = 0;
  virtual StatusOr<std::string> RunStatus(const Caller& caller, const RunId& run) = 0;
  virtual Status AskJoin(const Caller& caller, const std::string& json) = 0;
  virtual StatusOr<std::string> PollJoin(const Caller& caller, const std::string& token_id) = 0;
  virtual StatusOr<std::vector<std::string>> PendingJoins(const Caller& caller) = 0;
  virtual Status GrantJoin(const Caller& caller, const std::string& json) = 0;
};

}  // namespace renkei::wire
