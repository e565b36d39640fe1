// SPDX-License-Identifier: Apache-2.0
// Reading and proving.
#include "renkei/coordinator/coordinator.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "renkei/base/log.h"
#include "renkei/base/version.h"
#include "renkei/base/watched_disk.h"
#include "renkei/coordinator/access.h"
#include "renkei/seal/signed_note.h"

namespace renkei::coordinator {
namespace {

constexpr std::string_view kSitePhases[] = {"idle",         "fetching",   "training",
                                            "contributing", "evaluating", "waiting"};

}  // namespace

StatusOr<run::Welcome> Coordinator::Hello(const identity::PeerId& caller) {
  run::Welcome welcome{.protocol = run::kProtocol,
                       .charter_envelope = options_.charter_envelope,
                       .checkpoint = "",
                       .server_version = std::string(Version())};
  if (caller.kind == identity::PeerKind::kAnonymous) return welcome;
  RK_ASSIGN_OR_RETURN(welcome.checkpoint, ledger_->checkpoint());
  return welcome;
}

StatusOr<run::Page> Coordinator::Read(const identity::PeerId& caller, uint64_t from,
                                      uint32_t entries_max, Milliseconds wait) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  uint64_t size = 0;
  {
    std::shared_lock lock(state_mutex_);
    const auto there = [&] { return ended_ || EndFor(book_, caller) > from; };
    size = EndFor(book_, caller);
    if (from > size) {
      return Error(Code::kOutOfRange, "entry {} asked for, the ledger has {}", from, size);
    }
    if (!there() && wait > Milliseconds(0)) {
      const bool seat = readers_.fetch_add(1) < kReadersWaitingMax;
      if (seat) grown_.wait_for(lock, std::min(wait, kReadWaitMax), there);
      readers_.fetch_sub(1);
    }
    size = EndFor(book_, caller);
  }
  run::Page page;
  uint64_t bytes = 0;
  const uint64_t count = std::min<uint64_t>({size - from, entries_max, run::kPageEntriesMax});
  while (page.entries.size() < count && bytes < run::kPageBytesMax) {
    RK_ASSIGN_OR_RETURN(Bytes entry, ledger_->Entry(from + page.entries.size()));
    bytes += entry.size();
    page.entries.push_back(std::move(entry));
  }
  RK_ASSIGN_OR_RETURN(page.checkpoint, CheckpointAt(from + page.entries.size()));
  page.now = clock_.Now();
  return page;
}

// The ledger signs its own size; a page that ends earlier is covered by a note of that size,
// which says nothing that the larger one does not prove.
StatusOr<std::string> Coordinator::CheckpointAt(uint64_t size) const {
  RK_ASSIGN_OR_RETURN(const std::string whole, ledger_->checkpoint());
  RK_ASSIGN_OR_RETURN(const seal::SignedNote note, seal::ParseNote(whole));
  RK_ASSIGN_OR_RETURN(const seal::Checkpoint checkpoint, seal::ParseCheckpointText(note.text));
  if (checkpoint.size == size) return whole;
  RK_ASSIGN_OR_RETURN(const Digest root, ledger_->RootAt(size));
  seal::SignedNote part{
      .text = seal::CheckpointText({.origin = origin_, .size = size, .root = root}),
      .signatures = {}};
  seal::SignNote(part, origin_, *options_.key);
  return seal::DumpNote(part);
}

StatusOr<std::vector<Digest>> Coordinator::ProveInclusion(const identity::PeerId& caller,
                                                          uint64_t index, uint64_t tree_size) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  return ledger_->ProveInclusion(index, tree_size);
}

StatusOr<std::vector<Digest>> Coordinator::ProveConsistency(const identity::PeerId& caller,
                                                            uint64_t from, uint64_t to) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  return ledger_->ProveConsistency(from, to);
}

void Coordinator::CountTransfer(uint64_t received_bytes, uint64_t sent_bytes) {
  received_bytes_ += received_bytes;
  sent_bytes_ += sent_bytes;
}

Status Coordinator::Report(const identity::PeerId& caller, const run::SiteProgress& progress) {
  RK_RETURN_IF_ERROR(CheckKnown(caller));
  if (caller.kind != identity::PeerKind::kSite) {
    return Error(Code::kPermissionDenied, "only sites report progress");
  }
  const bool known = std::ranges::find(kSitePhases, progress.phase) != std::end(kSitePhases);
  if (!known || !std::isfinite(progress.fraction) || progress.fraction < 0 ||
      progress.fraction > 1) {
    return Error(Code::kInvalidArgument, "a phase of the list and a fraction of 0 to 1");
  }
  RK_ASSIGN_OR_RETURN(const SiteId site, SiteId::Parse(caller.name));
  const std::unique_lock lock(state_mutex_);
  RK_RETURN_IF_ERROR(CheckNotLeft(book_, caller.party));
  const run::SiteState* state = book_.FindSite(site);
  if (state == nullptr || state->enrolled.party != caller.party) {
    return Error(Code::kPermissionDenied, "site {} is not enrolled", site);
  }
  reports_[site] = {.progress = progress, .at = clock_.Now()};
  return Ok();
}

run::Book Coordinator::BookNow() const {
  const std::shared_lock lock(state_mutex_);
  return book_;
}

StatusOr<std::string> Coordinator::checkpoint() const { return ledger_->checkpoint(); }

std::string Coordinator::origin() const { return origin_; }

const charter::Charter& Coordinator::charter() const { return *book_.charter(); }

Status Coordinator::Health() const {
  const std::shared_lock lock(state_mutex_);
  RK_RETURN_IF_ERROR(health_);
  return CheckClock();
}

void Coordinator::LookAtDisk() {
  {
    const std::shared_lock lock(state_mutex_);
    if (health_.ok() || broken_) return;
  }
  const std::string directory = JoinPath(options_.dir, "ledger");
  Status status = ProbeWrite(disk_, directory, kProbeBytesMin);
  if (status.ok()) status = ledger_->checkpoint().status();
  if (!status.ok()) return;
  log::Info("ledger.works-again", {{"dir", directory}});
  const std::unique_lock lock(state_mutex_);
  health_ = Ok();
}

Figures Coordinator::FiguresNow() const {
  Figures figures{.entries = ledger_->size(),
                  .sites = 0,
                  .counts = meter_.counts(),
                  .received_bytes = received_bytes_,
                  .sent_bytes = sent_bytes_,
                  .runs = {}};
  const std::shared_lock lock(state_mutex_);
  figures.sites = book_.sites().size();
  for (const auto& [id, run] : book_.runs()) {
    if (run.phase == run::Phase::kFinished) continue;
    if (figures.runs.size() == kRunFiguresMax) break;
    figures.runs.push_back({.run = id,
                            .phase = std::string(run::NameOf(run.phase)),
                            .round = run.current.round,
                            .rounds = run.spec.rounds});
  }
  return figures;
}

// What it would sign now could contradict what it has signed before.
Status Coordinator::CheckClock() const {
  const Milliseconds behind = book_.last() - clock_.Now();
  if (behind <= run::kClockSkewMax) return Ok();
  return Error(
      Code::kFailedPrecondition,
      "the clock of this machine is {} s behind the ledger's time {}; no run goes on until "
      "it is set",
      behind.count() / 1000, FormatInstant(book_.last()));
}

}  // namespace renkei::coordinator
