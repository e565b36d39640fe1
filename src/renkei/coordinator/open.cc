// SPDX-License-Identifier: Apache-2.0
// Opening and recovering: the ledger is folded, and what its runs still need is looked for.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "renkei/base/check.h"
#include "renkei/base/log.h"
#include "renkei/charter/charter.h"
#include "renkei/coordinator/coordinator.h"
#include "renkei/crypto/hash.h"
#include "renkei/ledger/snapshot.h"
#include "renkei/seal/envelope.h"

namespace renkei::coordinator {

StatusOr<std::unique_ptr<Coordinator>> Coordinator::Open(Options options, Disk& disk,
                                                         Clock& clock) {
  RK_CHECK(options.key != nullptr);
  std::unique_ptr<Coordinator> self(new Coordinator(std::move(options), disk, clock));
  RK_RETURN_IF_ERROR(self->LoadLedger());
  return self;
}

Coordinator::Coordinator(Options options, Disk& disk, Clock& clock)
    : options_(std::move(options)), disk_(disk), clock_(clock) {}

Coordinator::~Coordinator() { KeepSnapshot(); }

Status Coordinator::LoadLedger() {
  RK_ASSIGN_OR_RETURN(const seal::Envelope envelope,
                      seal::ParseEnvelope(options_.charter_envelope));
  RK_ASSIGN_OR_RETURN(const charter::Charter charter,
                      charter::Parse(AsText(envelope.payload), "the charter"));
  if (charter.coordinator.key != options_.key->public_key()) {
    return Error(Code::kFailedPrecondition,
                 "the charter names another coordinator key ({}) than this one ({})",
                 charter.coordinator.key.Text(), options_.key->public_key().Text());
  }
  origin_ = charter.LedgerOrigin();
  RK_RETURN_IF_ERROR(disk_.MakeDirs(options_.dir));
  RK_ASSIGN_OR_RETURN(blobs_, store::MakeDirectoryBlobs(disk_, JoinPath(options_.dir, "blobs")));
  RK_ASSIGN_OR_RETURN(ledger_, ledger::Ledger::Open(disk_, JoinPath(options_.dir, "ledger"),
                                                    origin_, *options_.key));
  RK_ASSIGN_OR_RETURN(letters_, LetterBox::Open(disk_, JoinPath(options_.dir, "letters.json")));
  if (ledger_->size() == 0) return Adopt();
  const auto root_at = [this](uint64_t size) { return ledger_->RootAt(size); };
  auto snapshot = ledger::ReadSnapshot(disk_, JoinPath(options_.dir, "snapshot"), root_at);
  if (snapshot.ok()) {
    auto book = run::Book::Restore(snapshot->payload);
    if (book.ok() && book->size() == snapshot->size) {
      book_ = *std::move(book);
      snapshot_size_ = book_.size();
    }
  }
  if (book_.size() == 0) {
    log::Info("coordinator.folding-from-zero",
              {{"entries", ledger_->size()},
               {"why", snapshot.ok() ? "the snapshot does not fit" : Message(snapshot.status())}});
  }
  RK_RETURN_IF_ERROR(FoldFrom(book_.size()));
  if (book_.charter_envelope() != options_.charter_envelope) {
    return Error(Code::kFailedPrecondition, "{}: its ledger is that of another charter",
                 options_.dir);
  }
  return FindUnfinishedDeletion();
}

Status Coordinator::Adopt() {
  const record::CharterAdopted adopted{.envelope = options_.charter_envelope, .at = clock_.Now()};
  const std::scoped_lock lock(append_mutex_);
  return AppendOwn(adopted).status();
}

Status Coordinator::FoldFrom(uint64_t first) {
  const uint64_t size = ledger_->size();
  const uint64_t remember_from = size - std::min<uint64_t>(size, kRecentEnvelopesMax);
  for (uint64_t index = std::min(first, remember_from); index < size; ++index) {
    RK_ASSIGN_OR_RETURN(const Bytes entry, ledger_->Entry(index));
    if (index >= remember_from) RememberEnvelope(crypto::Sha256(entry), index);
    // The ledger has hashed it to a root that this key signed.
    if (index >= first) {
      RK_RETURN_IF_ERROR(book_.Apply(index, entry, run::Signatures::kCheckedBefore));
    }
  }
  return Ok();
}

void Coordinator::KeepSnapshot() {
  ledger::Snapshot snapshot;
  {
    const std::shared_lock lock(state_mutex_);
    snapshot.size = book_.size();
    if (snapshot.size == snapshot_size_ || snapshot.size == 0) return;
    snapshot.payload = book_.Snapshot();
  }
  const auto root = ledger_->RootAt(snapshot.size);
  if (!root.ok()) return;
  snapshot.root = *root;
  snapshot_size_ = snapshot.size;
  const Status status = ledger::WriteSnapshot(disk_, JoinPath(options_.dir, "snapshot"), snapshot);
  if (!status.ok()) log::Warn("coordinator.snapshot-not-kept", {{"why", Message(status)}});
}

}  // namespace renkei::coordinator
