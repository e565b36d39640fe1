// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/ledger_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "renkei/base/log.h"
#include "renkei/ledger/snapshot.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/value.h"

namespace renkei::site {
namespace {

constexpr int kWaitsForOwnEntryMax = 20;
constexpr Milliseconds kWaitForOwnEntry{500};

std::string SnapshotPath(const std::string& site_dir) { return JoinPath(site_dir, "snapshot"); }

}  // namespace

StatusOr<LedgerView> LedgerView::Open(Disk& disk, const std::string& site_dir,
                                      const charter::Charter& charter) {
  const std::string directory = JoinPath(site_dir, "mirror");
  auto opened = ledger::Mirror::Open(disk, directory, charter.LedgerKey());
  if (opened.status().code() == Code::kDataLoss) {
    return Error(
        Code::kDataLoss,
        "{}; {} is this site's copy of the ledger: move it away and start again, and it is "
        "fetched and checked anew",
        Message(opened.status()), directory);
  }
  RK_ASSIGN_OR_RETURN(auto mirror, std::move(opened));
  LedgerView view(disk, site_dir, charter.sha256, std::move(mirror));
  view.TakeSnapshot();
  RK_RETURN_IF_ERROR(view.FoldNew());
  return view;
}

// One that is absent, damaged or of another tree than the mirror's is as good as none.
void LedgerView::TakeSnapshot() {
  const auto root_at = [this](uint64_t size) { return mirror_->RootAt(size); };
  const auto snapshot = ledger::ReadSnapshot(*disk_, SnapshotPath(site_dir_), root_at);
  if (!snapshot.ok()) return;
  auto book = run::Book::Restore(snapshot->payload);
  if (!book.ok() || book->size() != snapshot->size || book->charter() == nullptr ||
      book->charter()->sha256 != charter_sha256_) {
    return;
  }
  book_ = *std::move(book);
  snapshot_size_ = snapshot->size;
}

void LedgerView::KeepSnapshot() {
  if (book_.size() - snapshot_size_ < kViewSnapshotEvery) return;
  const auto root = mirror_->RootAt(book_.size());
  Status kept = root.status();
  if (kept.ok()) {
    kept =
        ledger::WriteSnapshot(*disk_, SnapshotPath(site_dir_),
                              {.size = book_.size(), .root = *root, .payload = book_.Snapshot()});
  }
  // Only the next start is slower.
  if (!kept.ok()) log::Warn("site.snapshot-not-kept", {{"why", Message(kept)}});
  snapshot_size_ = book_.size();
}

Status LedgerView::FoldNew() {
  while (book_.size() < mirror_->size()) {
    fold_read_failed_ = true;
    RK_ASSIGN_OR_RETURN(const Bytes envelope, mirror_->Entry(book_.size()));
    fold_read_failed_ = false;
    RK_RETURN_IF_ERROR(book_.Apply(book_.size(), envelope));
    if (book_.charter()->sha256 != charter_sha256_) {
      return Error(Code::kDataLoss, "the ledger is under charter {}, this site joined under {}",
                   book_.charter()->sha256.hex(), charter_sha256_.hex());
    }
  }
  KeepSnapshot();
  return Ok();
}

Status LedgerView::Take(const run::Page& page) {
  Status taken = mirror_->Extend(page.entries, page.checkpoint);
  bool is_ours = mirror_->disk_failed();
  if (taken.ok()) {
    taken = FoldNew();
    is_ours = fold_read_failed_;
  }
  if (taken.code() != Code::kDataLoss) return taken;
  if (is_ours) {
    return Annotate(taken, fmt::format("this site's own copy of the ledger fails (mend the disk; "
                                       "{}/mirror may be moved away, and is fetched again)",
                                       site_dir_));
  }
  RK_RETURN_IF_ERROR(KeepEvidence(page, taken));
  return taken;
}

StatusOr<bool> LedgerView::Sync(run::Peer& peer, Milliseconds wait) {
  bool grew = false;
  for (;;) {
    const auto page =
        peer.Read(mirror_->size(), run::kPageEntriesMax, grew ? Milliseconds(0) : wait);
    if (page.status().code() == Code::kOutOfRange) {
      const Status lie = Error(Code::kDataLoss,
                               "the coordinator's ledger is shorter than the {} entries that it "
                               "signed before",
                               mirror_->size());
      RK_RETURN_IF_ERROR(KeepEvidence({}, lie));
      return lie;
    }
    RK_RETURN_IF_ERROR(page.status());
    coordinator_now_ = page->now;
    if (page->entries.empty()) return grew;
    RK_RETURN_IF_ERROR(Take(*page));
    grew = true;
  }
}

StatusOr<uint64_t> LedgerView::Submit(run::Peer& peer, ByteSpan envelope) {
  RK_ASSIGN_OR_RETURN(const run::Submitted submitted, peer.Submit(envelope));
  for (int i = 0; i < kWaitsForOwnEntryMax && mirror_->size() <= submitted.index; ++i) {
    RK_RETURN_IF_ERROR(Sync(peer, kWaitForOwnEntry).status());
  }
  if (mirror_->size() <= submitted.index) {
    return Error(Code::kUnavailable, "entry {} was acknowledged and has not come yet",
                 submitted.index);
  }
  RK_ASSIGN_OR_RETURN(const Bytes there, mirror_->Entry(submitted.index));
  if (!std::ranges::equal(there, envelope)) {
    const Status lie = Error(Code::kDataLoss,
                             "the coordinator acknowledged an entry of this site as entry {}, "
                             "which holds another",
                             submitted.index);
    RK_RETURN_IF_ERROR(KeepEvidence(
        {.entries = {Bytes(envelope.begin(), envelope.end())}, .checkpoint = submitted.checkpoint},
        lie));
    return lie;
  }
  return submitted.index;
}

Status LedgerView::KeepEvidence(const run::Page& page, const Status& lie) {
  lied_ = true;
  syntax::Value entries = syntax::Value::Array();
  for (const Bytes& entry : page.entries) entries.Push(ToBase64(entry));
  syntax::Value document = syntax::Value::Object();
  document.Set("lie", Message(lie));
  document.Set("mirror_size", mirror_->size());
  document.Set("mirror_checkpoint", mirror_->checkpoint());
  document.Set("checkpoint", page.checkpoint);
  document.Set("entries", std::move(entries));
  const std::string evidence_dir = JoinPath(site_dir_, "evidence");
  RK_RETURN_IF_ERROR(disk_->MakeDirs(evidence_dir));
  const std::string path = fmt::format("{}/after-{}.json", evidence_dir, mirror_->size());
  log::Error("coordinator.lie", {{"what", Message(lie)}, {"evidence", path}});
  return WriteWhole(*disk_, path, AsBytes(syntax::DumpJson(document)));
}

}  // namespace renkei::site
