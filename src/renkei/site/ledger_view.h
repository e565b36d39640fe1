// SPDX-License-Identifier: Apache-2.0
// The ledger as this site has verified it: the mirror on disk and the book folded from it. What
// the coordinator says counts only once it is in here. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/charter/charter.h"
#include "renkei/ledger/mirror.h"
#include "renkei/run/book.h"
#include "renkei/run/peer.h"

namespace renkei::site {

// Entries between two snapshots of the fold: at most so many are folded again at a start.
inline constexpr uint64_t kViewSnapshotEvery = 2048;

class LedgerView {
 public:
  // Under `site_dir`: mirror/, snapshot (a cache of the fold, docs/formats/snapshot.md) and, once
  // the coordinator lied, evidence/. `charter` is the one this site joined under. `disk` outlives
  // the view.
  //   DATA_LOSS    the copy on disk does not hold
  //   UNAVAILABLE  another process has it open
  static StatusOr<LedgerView> Open(Disk& disk, const std::string& site_dir,
                                   const charter::Charter& charter);

  // Takes all that the coordinator has; waits up to `wait` for something new when there is
  // nothing. True when the ledger grew.
  //   DATA_LOSS  the coordinator's entries contradict its signature, an earlier signature, the
  //              charter or the rules: what it sent is kept in evidence/, and lied() says so. Or
  //              this site's own disk fails, or its copy is damaged: nobody lied
  //   others     of run::Peer::Read
  StatusOr<bool> Sync(run::Peer& peer, Milliseconds wait);

  // Submits an envelope and waits until it stands in the mirror; its index there.
  //   DATA_LOSS    the ledger holds other bytes at the index that the coordinator named
  //   UNAVAILABLE  it has not come yet; the same call again is fine
  //   others       of run::Peer::Submit
  StatusOr<uint64_t> Submit(run::Peer& peer, ByteSpan envelope);

  StatusOr<Bytes> Entry(uint64_t index) const { return mirror_->Entry(index); }
  const run::Book& book() const { return book_; }
  // Whether anything of the coordinator's was kept as evidence.
  bool lied() const { return lied_; }
  // The coordinator's clock when the last Sync ended; none before, or when it did not say.
  Instant coordinator_now() const { return coordinator_now_; }

 private:
  LedgerView(Disk& disk, std::string site_dir, Digest charter_sha256,
             std::unique_ptr<ledger::Mirror> mirror)
      : disk_(&disk),
        site_dir_(std::move(site_dir)),
        charter_sha256_(charter_sha256),
        mirror_(std::move(mirror)) {}

  void TakeSnapshot();
  void KeepSnapshot();
  Status FoldNew();
  Status Take(const run::Page& page);
  Status KeepEvidence(const run::Page& page, const Status& lie);

  Disk* disk_;
  std::string site_dir_;
  Digest charter_sha256_;
  std::unique_ptr<ledger::Mirror> mirror_;
  run::Book book_;
  uint64_t snapshot_size_ = 0;  // entries that the newest snapshot covers
  Instant coordinator_now_{};
  bool fold_read_failed_ = false;  // this disk's, in the last FoldNew
  bool lied_ = false;
};

}  // namespace renkei::site
