// SPDX-License-Identifier: Apache-2.0
// The coordinator's use cases: one ledger, its blobs and its runs, behind the verbs of run::Peer.
// Transport, certificates and processes are the caller's. Thread-safe, but for Open and Serve.
//
// The directory holds: ledger/ (the truth), blobs/, snapshot (a cache of the fold), letters.json.
//
// Every verb takes the caller's identity as the transport verified it; identity::PeerKind::
// kAnonymous may only Hello, AskJoin and PollJoin. Errors are those of run/peer.h; besides, any
// call that touches the disk can fail with the disk's codes, and then nothing was acknowledged.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/random.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/coordinator/letter_box.h"
#include "renkei/coordinator/meter.h"
#include "renkei/coordinator/quota.h"
#include "renkei/coordinator/sweep.h"
#include "renkei/crypto/sign.h"
#include "renkei/gate/rule_shelf.h"
#include "renkei/identity/join.h"
#include "renkei/identity/peer_id.h"
#include "renkei/identity/renewal.h"
#include "renkei/ledger/ledger.h"
#include "renkei/record/record.h"
#include "renkei/run/book.h"
#include "renkei/run/peer.h"
#include "renkei/run/step.h"
#include "renkei/store/blobs.h"
#include "renkei/syntax/value.h"

namespace renkei::coordinator {

inline constexpr int kReadersWaitingMax = 1024;  // long polls beyond it return at once
inline constexpr Milliseconds kReadWaitMax{60'000};
inline constexpr uint32_t kRefusalsPerMinute = 6;     // entries "refused", per author
inline constexpr uint32_t kEntriesPerMinute = 6000;   // of one author
inline constexpr uint32_t kJoinAsksPerMinute = 120;   // of everybody together
inline constexpr uint32_t kRenewalAsksPerMinute = 6;  // of one site
inline constexpr uint64_t kSnapshotEveryEntries = 512;
inline constexpr size_t kRecentEnvelopesMax = 4096;  // for retries of Submit
// How many bytes longer than its base an update may be: tensors are equal, headers may grow.
inline constexpr uint64_t kUpdateGrowthMax = 16u << 20;

struct Options {
  std::string dir;
  const crypto::SigningKey* key = nullptr;  // the charter's coordinator key; outlives
  // Adopted as entry 0 of an empty ledger. For a ledger that has one: the same bytes, or empty.
  Bytes charter_envelope;
  int reduce_threads = 1;
  gate::RuleShelf rules = {};  // that the coordinator's gate decides by
  // How long the updates and the models of a run are kept once it has ended, but for its own model
  // and those that were released, which are kept for good.
  Milliseconds keep_updates = std::chrono::days(30);
};

// For the operator's instruments. The runs are those that are not finished, the first few of them.
struct Figures {
  struct Run {
    RunId run;
    std::string phase;
    uint32_t round = 0;
    uint32_t rounds = 0;
  };
  uint64_t entries = 0;  // of the ledger
  uint64_t sites = 0;    // enrolled
  Counts counts;
  uint64_t received_bytes = 0;  // of blobs
  uint64_t sent_bytes = 0;
  std::vector<Run> runs;
};
inline constexpr size_t kRunFiguresMax = 16;

class Coordinator {
 public:
  // Folds the ledger, from the snapshot where one is bound to it, and takes up all runs.
  //   FAILED_PRECONDITION  the charter is another one than entry 0's, expired, or its
  //                        coordinator key is not `key`
  //   DATA_LOSS            the ledger's evidence does not hold
  //   UNAVAILABLE          another process has the directory
  static StatusOr<std::unique_ptr<Coordinator>> Open(Options options, Disk& disk, Clock& clock);
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  StatusOr<run::Welcome> Hello(const identity::PeerId& caller);
  StatusOr<run::Page> Read(const identity::PeerId& caller, uint64_t from, uint32_t entries_max,
                           Milliseconds wait);
  StatusOr<run::Submitted> Submit(const identity::PeerId& caller, ByteSpan envelope);
  StatusOr<std::vector<Digest>> ProveInclusion(const identity::PeerId& caller, uint64_t index,
                                               uint64_t tree_size);
  StatusOr<std::vector<Digest>> ProveConsistency(const identity::PeerId& caller, uint64_t from,
                                                 uint64_t to);

  // An upload: BeginUpload, Write each chunk from sink->verified_chunks() on, Commit, then
  // FinishUpload, which checks what the bytes mean (update: layout, finite) and may answer
  // INVALID_ARGUMENT. A blob that is complete already: BeginUpload gives nullptr; FinishUpload
  // is still to be called.
  StatusOr<std::unique_ptr<store::BlobSink>> BeginUpload(const identity::PeerId& caller,
                                                         const BlobId& id,
                                                         std::span<const Digest> leaves);
  Status FinishUpload(const identity::PeerId& caller, const BlobId& id);
  StatusOr<std::vector<Digest>> Leaves(const identity::PeerId& caller, const BlobId& id);
  StatusOr<std::unique_ptr<File>> OpenDownload(const identity::PeerId& caller, const BlobId& id);
  // Whether a transfer that was begun may still go on: asked again and again while it runs.
  Status CheckUpload(const identity::PeerId& caller, const BlobId& id) const;
  Status CheckDownload(const identity::PeerId& caller, const BlobId& id) const;

  StatusOr<Bytes> Receipt(const identity::PeerId& caller, uint64_t entry_index);
  Status Report(const identity::PeerId& caller, const run::SiteProgress& progress);
  // Blob bytes that the transport moved; RunStatus tells their sums since the start.
  void CountTransfer(uint64_t received_bytes, uint64_t sent_bytes);
  StatusOr<std::string> RunStatus(const identity::PeerId& caller, const RunId& run);

  // Letters between sites and their parties: joins and renewals of leaves. A site that is its
  // party's issuer sees the renewals of its party and may answer them.
  Status AskJoin(const identity::PeerId& caller, const std::string& request_json);
  StatusOr<std::string> PollJoin(const identity::PeerId& caller, const std::string& letter_id);
  StatusOr<std::vector<std::string>> PendingJoins(const identity::PeerId& caller);
  Status GrantJoin(const identity::PeerId& caller, const std::string& grant_json);

  // Drives the runs until asked to stop: timers and entries in this thread, checks and
  // reductions in a second one. Wakes all waiting readers at the end.
  void Serve(std::stop_token stop);
  // The same work by hand: all that is due now, checks and reductions included. For tests and
  // simulation; never beside Serve.
  void Turn();

  // A copy; for the pages and commands of the process that owns this.
  run::Book BookNow() const;
  StatusOr<std::string> checkpoint() const;
  std::string origin() const;
  const charter::Charter& charter() const;  // never changes
  Figures FiguresNow() const;
  // Not OK from a failure of the ledger's disk until its next append, and while the clock is so far
  // behind the ledger's time that no run is driven: health turns red.
  Status Health() const;
  // After a failure of the ledger's disk that may be over: tries it. Called now and then.
  void LookAtDisk();
  // The ledger's disk failed in a way after which nothing is appended until this is opened again.
  bool broken() const { return broken_; }

 private:
  struct SiteReport {
    run::SiteProgress progress;
    Instant at{};
  };
  // A check of arrived bytes or a reduction, for the second thread.
  struct Work {
    RunId run;
    uint32_t round = 0;
    SiteId site;                              // check of this site's update, or
    std::vector<record::ReduceInput> reduce;  // a reduction, or
    bool model = false;                       // check of the spec's model, or
    bool collect = false;                     // a piece of deleting what nobody keeps
  };

  Coordinator(Options options, Disk& disk, Clock& clock);

  // open.cc
  Status LoadLedger();
  Status Adopt();
  Status FoldFrom(uint64_t first);
  void KeepSnapshot();
  // submit.cc; the callers hold append_mutex_.
  StatusOr<uint64_t> AppendAccepted(const record::Entry& entry, ByteSpan envelope);
  StatusOr<uint64_t> AppendOwn(const record::Record& record);
  void NoteFailure(const Status& status);  // of the ledger
  run::Decision JudgeJoin(const record::Entry& entry);
  run::Decision Judge(const record::Entry& entry, ByteSpan envelope, Instant now) const;
  void RecordRefusal(const record::Entry& entry, const run::Decision& decision);
  void RememberEnvelope(const Digest& sha256, uint64_t index);
  StatusOr<run::Submitted> ProveEntry(uint64_t index) const;
  // rounds.cc
  void StepRuns();
  Status CheckClock() const;
  void TakeUp(const run::RunState& run);
  void Tell(const RunId& run, const run::Event& event);     // takes append_mutex_
  void StepRun(const RunId& run, const run::Event& event);  // its caller holds append_mutex_
  std::optional<run::Event> LookForRoom(const run::RunState& run);
  uint64_t PromisedBytes(const run::RunState& run) const;
  bool CarryOut(const RunId& run, const run::Action& action);
  std::optional<run::Event> DetermineOwnSending(const run::RunState& run);
  void ServeWork(std::stop_token stop);
  void Wake();
  // work.cc
  bool WorkOnce();
  Status CheckUpdate(const RunId& run, uint32_t round, const SiteId& site);
  Status CheckModel(const BlobId& model);
  Status WhoseFault(const BlobId& blob, const Status& status) const;
  void ReduceRound(const Work& work);
  Status CheckLayout(const BlobId& update, const BlobId& base) const;
  // collect.cc
  void QueueCollection();
  void Collect();
  Status CollectSome();
  StatusOr<bool> SweepOn(uint64_t entries_max);
  Status KeepPresent(Heap& heap) const;
  std::vector<BlobId> FindKept(std::span<const BlobId> blobs) const;
  Status DeleteFrom(Heap& heap);
  Status FindUnfinishedDeletion();
  Status FinishDeletion();
  Status TidyParts();
  // transfer.cc
  StatusOr<bool> Holds(const BlobId& id) const;
  Status CheckCounts(const record::Contributed& contributed) const;
  // letters.cc
  Status TakeJoin(const identity::JoinRequest& request, const std::string& request_json);
  Status TakeRenewal(const identity::RenewalRequest& request, const std::string& request_json);
  // status.cc
  syntax::Value DiskValue(const run::RunState& run) const;
  // coordinator.cc
  StatusOr<std::string> CheckpointAt(uint64_t size) const;

  Options options_;
  Disk& disk_;
  Clock& clock_;
  std::unique_ptr<store::Blobs> blobs_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<LetterBox> letters_;
  std::string origin_;
  Meter meter_;
  std::atomic<bool> broken_ = false;

  std::mutex append_mutex_;  // one check-append-fold at a time; before state_mutex_
  Quota refusals_{kRefusalsPerMinute};
  Quota entries_{kEntriesPerMinute};
  Quota asks_{kJoinAsksPerMinute};
  Quota renewals_{kRenewalAsksPerMinute};
  std::map<SiteId, Instant> renewal_asked_;  // the latest request of each site
  std::map<Digest, uint64_t> recent_;
  std::deque<Digest> recent_order_;
  uint64_t snapshot_size_ = 0;
  bool clock_told_ = false;
  std::optional<Sweep> sweep_;  // of the second thread alone

  mutable std::shared_mutex state_mutex_;  // guards what follows; never held over disk writes
  std::condition_variable_any grown_;      // the ledger grew, or the end
  run::Book book_;
  std::map<RunId, run::Live> live_;
  std::map<SiteId, SiteReport> reports_;
  std::deque<Work> work_;
  std::set<BlobId> dying_;  // deleted by an entry, and their bytes not removed yet
  bool collect_queued_ = false;
  Milliseconds collect_retry_{0};
  Milliseconds tidy_parts_at_{0};
  Status health_;
  std::condition_variable_any work_to_do_;
  std::stop_token work_stop_;  // of the worker, which alone uses it
  std::condition_variable_any step_to_do_;
  bool step_asked_ = false;
  std::optional<Instant> wake_at_;
  std::atomic<int> readers_ = 0;
  std::atomic<uint64_t> received_bytes_ = 0;
  std::atomic<uint64_t> sent_bytes_ = 0;
  bool ended_ = false;
};

}  // namespace renkei::coordinator
