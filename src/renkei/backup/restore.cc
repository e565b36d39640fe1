// SPDX-License-Identifier: Apache-2.0
#include "renkei/backup/restore.h"

#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "renkei/backup/copy_blobs.h"
#include "renkei/backup/needed_blobs.h"
#include "renkei/charter/charter.h"
#include "renkei/crypto/hash.h"
#include "renkei/ledger/checkpoint_file.h"
#include "renkei/ledger/copy.h"
#include "renkei/run/book.h"
#include "renkei/site/site_config.h"
#include "renkei/store/blobs.h"

namespace renkei::backup {
namespace {

constexpr uint64_t kFileBytesMax = 64 << 20;

// A copy of the ledger with somebody else.
struct Mirror {
  std::string dir;   // of the mirror itself
  std::string site;  // whose it is; empty: nobody's in particular
  std::unique_ptr<store::Blobs> blobs;
};

StatusOr<Mirror> OpenMirror(Disk& disk, const std::string& given) {
  Mirror mirror{.dir = JoinPath(given, "mirror"), .site = "", .blobs = nullptr};
  const std::string config = JoinPath(given, "site.toml");
  RK_ASSIGN_OR_RETURN(const bool is_backup, disk.Exists(ManifestPath(given)));
  RK_ASSIGN_OR_RETURN(const bool is_site, disk.Exists(config));
  RK_ASSIGN_OR_RETURN(const bool is_mirror, disk.Exists(ledger::CheckpointPath(given)));
  if (is_backup) {
    RK_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(disk, given));
    mirror.site = manifest.site;
  } else if (is_site) {
    RK_ASSIGN_OR_RETURN(const Bytes text, ReadWhole(disk, config, site::kSiteConfigBytesMax));
    RK_ASSIGN_OR_RETURN(const site::SiteConfig site, site::ParseSiteConfig(AsText(text), config));
    mirror.site = site.site.text();
  } else if (is_mirror) {
    mirror.dir = given;
    return mirror;
  } else {
    return Error(Code::kInvalidArgument,
                 "{}: is no site's directory, no backup of one and no mirror", given);
  }
  RK_ASSIGN_OR_RETURN(const bool has_blobs, disk.Exists(JoinPath(given, "blobs")));
  if (!has_blobs) return mirror;
  RK_ASSIGN_OR_RETURN(mirror.blobs, store::MakeDirectoryBlobs(disk, JoinPath(given, "blobs")));
  return mirror;
}

class Restorer {
 public:
  Restorer(const RestoreOptions& options, Disk& disk, Clock& clock)
      : options_(options), disk_(disk), clock_(clock), part_(options.dir + ".restoring") {}

  StatusOr<Restored> Run() {
    RK_RETURN_IF_ERROR(CheckTarget());
    RK_ASSIGN_OR_RETURN(restored_.backup, ReadManifest(disk_, options_.from));
    RK_RETURN_IF_ERROR(RemoveTree(disk_, part_));
    RK_RETURN_IF_ERROR(disk_.MakeDirs(part_));
    Status made = backup().kind == Kind::kSite ? RestoreSite() : RestoreCoordinator();
    if (!made.ok()) {
      RemoveTree(disk_, part_).IgnoreError();  // the reason why is what matters
      return made;
    }
    RK_RETURN_IF_ERROR(disk_.Rename(part_, options_.dir));
    RK_RETURN_IF_ERROR(disk_.SyncDir(ParentOf(options_.dir)));
    return std::move(restored_);
  }

 private:
  const Manifest& backup() const { return restored_.backup; }
  std::string In(std::string_view name) const { return JoinPath(part_, name); }
  void Say(const std::string& line) const {
    if (options_.progress) options_.progress(line);
  }

  Status CheckTarget() {
    const auto names = disk_.List(options_.dir);
    if (names.status().code() == Code::kNotFound) return Ok();
    RK_RETURN_IF_ERROR(names.status());
    if (names->empty()) return Ok();
    return Error(Code::kAlreadyExists, "{}: is there and not empty; move it away, or name another",
                 options_.dir);
  }

  Status RestoreCoordinator() {
    if (options_.charter_envelope.empty()) {
      return Error(Code::kInvalidArgument, "--charter is needed: the signed charter of the ledger");
    }
    RK_RETURN_IF_ERROR(RestoreFiles());
    RK_RETURN_IF_ERROR(TakeKey(options_.charter_envelope));
    RK_RETURN_IF_ERROR(RestoreLedger("ledger", key_));
    RK_RETURN_IF_ERROR(RestoreBlobs());
    const uint64_t backed_up = restored_.size;
    RK_RETURN_IF_ERROR(CatchUp());
    restored_.entries_from_mirrors = restored_.size - backed_up;
    RK_RETURN_IF_ERROR(HearWitnesses());
    run::Book book;
    RK_RETURN_IF_ERROR(Fold("ledger", book));
    RK_RETURN_IF_ERROR(CheckEveryoneWasHeard(book));
    RK_RETURN_IF_ERROR(CollectNeededBlobs(book));
    return ledger::BeginJournal(disk_, In("ledger"), key_);
  }

  // What an older copy of a site's directory lacks, its agent makes good from the ledger.
  Status RestoreSite() {
    RK_RETURN_IF_ERROR(RestoreFiles());
    RK_RETURN_IF_ERROR(RestoreBlobs());
    RK_ASSIGN_OR_RETURN(const Bytes own, ReadWhole(disk_, In("charter.json"), kFileBytesMax));
    if (!options_.charter_envelope.empty() && options_.charter_envelope != own) {
      return Error(Code::kFailedPrecondition, "{}: is of a site under another charter",
                   options_.from);
    }
    RK_RETURN_IF_ERROR(TakeKey(own));
    const LedgerPart* log = backup().FindLedger("log");
    if (log == nullptr) return Error(Code::kInvalidArgument, "{}: has no log", options_.from);
    RK_RETURN_IF_ERROR(RestoreLedger("log", log->key));
    RK_RETURN_IF_ERROR(ledger::BeginJournal(disk_, In("log"), log->key));
    if (backup().FindLedger("mirror") == nullptr) return Ok();
    RK_RETURN_IF_ERROR(RestoreLedger("mirror", key_));
    run::Book book;
    RK_RETURN_IF_ERROR(Fold("mirror", book));
    RK_ASSIGN_OR_RETURN(const SiteId site, SiteId::Parse(backup().site));
    const run::SiteState* state = book.FindSite(site);
    if (state == nullptr || state->enrolled.key == log->key.key) return Ok();
    return Error(Code::kDataLoss, "{}/log: is signed by another key than site {} enrolled",
                 options_.from, site);
  }

  Status TakeKey(const Bytes& charter_envelope) {
    RK_ASSIGN_OR_RETURN(const charter::Charter charter,
                        charter::Verify(charter_envelope, clock_.Now(), charter::Expiry::kIgnored));
    key_ = charter.LedgerKey();
    return Ok();
  }

  Status RestoreFiles() {
    for (const FilePart& file : backup().files) {
      const std::string kept = KeptPath(options_.from, file.sha256);
      const auto bytes = ReadWhole(disk_, kept, kFileBytesMax);
      if (!bytes.ok()) return Error(Code::kDataLoss, "{}", Message(bytes.status()));
      if (crypto::Sha256(*bytes) != file.sha256) {
        return Error(Code::kDataLoss, "{} ({}): is not what was backed up", kept, file.path);
      }
      RK_RETURN_IF_ERROR(disk_.MakeDirs(ParentOf(In(file.path))));
      RK_RETURN_IF_ERROR(WriteWhole(disk_, In(file.path), *bytes));
    }
    return Ok();
  }

  Status RestoreLedger(const std::string& name, const seal::NoteKey& key) {
    const LedgerPart* part = backup().FindLedger(name);
    if (part == nullptr || part->key != key) {
      return Error(Code::kFailedPrecondition, "{}: is the backup of {}, not of {}", options_.from,
                   part == nullptr ? "no ledger" : part->key.name, key.name);
    }
    const std::string from = JoinPath(options_.from, name);
    const auto report = ledger::CopyDirectory(disk_, from, In(name), key);
    if (!report.ok() && report.status().code() != Code::kNotFound) {
      return Annotate(report.status(), from);
    }
    if (!report.ok()) return Error(Code::kDataLoss, "{}", Message(report.status()));
    // The folder may be ahead of backup.json, never behind.
    RK_RETURN_IF_ERROR(
        Annotate(ledger::CheckRootAgainst(disk_, In(name), key, part->size, part->root), from));
    restored_.size = report->size;
    Say(fmt::format("{}: {} entries, verified", name, report->size));
    return Ok();
  }

  Status RestoreBlobs() {
    RK_ASSIGN_OR_RETURN(const auto from,
                        store::MakeDirectoryBlobs(disk_, JoinPath(options_.from, "blobs")));
    RK_ASSIGN_OR_RETURN(blobs_, store::MakeDirectoryBlobs(disk_, In("blobs")));
    for (const BlobId& blob : backup().blobs) {
      const Status copied = CopyBlob(*from, *blobs_, blob);
      if (copied.code() == Code::kNotFound || copied.code() == Code::kDataLoss) {
        return Error(Code::kDataLoss, "{}/blobs: {}", options_.from, Message(copied));
      }
      RK_RETURN_IF_ERROR(copied);
      Say(fmt::format("blob {} of {}", ++restored_.blobs, backup().blobs.size()));
    }
    return Ok();
  }

  // Every mirror is of this history, and the longest one is what the ledger now is.
  Status CatchUp() {
    for (const std::string& given : options_.mirrors) {
      RK_ASSIGN_OR_RETURN(Mirror mirror, OpenMirror(disk_, given));
      const auto theirs = ledger::ReadCheckpoint(disk_, mirror.dir, key_);
      if (!theirs.ok()) return Annotate(theirs.status(), mirror.dir);
      if (theirs->content.size > restored_.size) {
        RK_ASSIGN_OR_RETURN(const ledger::VerifyReport report,
                            ledger::CopyDirectory(disk_, mirror.dir, In("ledger"), key_));
        restored_.size = report.size;
        Say(fmt::format("{}: entries up to {}, verified", given, report.size));
      } else {
        RK_RETURN_IF_ERROR(Annotate(
            ledger::CheckNoteAgainst(disk_, In("ledger"), key_, theirs->note), mirror.dir));
      }
      if (!mirror.site.empty()) heard_.insert(mirror.site);
      if (mirror.blobs != nullptr) other_blobs_.push_back(std::move(mirror.blobs));
    }
    return Ok();
  }

  Status HearWitnesses() {
    for (const Witness& witness : options_.witnesses) {
      RK_ASSIGN_OR_RETURN(const Bytes note,
                          ReadWhole(disk_, witness.file, ledger::kCheckpointBytesMax));
      const Status fits = ledger::CheckNoteAgainst(disk_, In("ledger"), key_, AsText(note));
      if (fits.code() == Code::kFailedPrecondition) {
        return Error(Code::kFailedPrecondition,
                     "site {} has seen more entries than the backup and the mirrors have ({}): "
                     "going on would sign a second history. Ask it for its directory, a backup of "
                     "it or its mirror, and give that with --mirror",
                     witness.site, restored_.size);
      }
      RK_RETURN_IF_ERROR(Annotate(fits, witness.file));
      heard_.insert(witness.site);
    }
    return Ok();
  }

  Status Fold(const std::string& name, run::Book& book) {
    const auto folded = ledger::VerifyDirectory(
        disk_, In(name), key_,
        [&](uint64_t index, ByteSpan entry) { return book.Apply(index, entry); });
    return folded.status();
  }

  // Accepts `loss` or refuses with it and what would mend it.
  Status Lose(const std::string& loss, std::string_view remedy) {
    if (!options_.accept_loss) return Error(Code::kFailedPrecondition, "{}. {}", loss, remedy);
    restored_.losses.push_back(loss);
    return Ok();
  }

  Status CheckEveryoneWasHeard(const run::Book& book) {
    constexpr std::string_view kRemedy =
        "If somebody has seen more than is here, going on signs a second history, and the sites "
        "stop. Ask each site for its directory or a backup of it (--mirror DIR), or for the file "
        "mirror/checkpoint in its directory (--witness SITE=FILE). --accept-loss goes on without";
    std::string silent;
    for (const auto& [id, site] : book.sites()) {
      if (heard_.contains(id.text())) continue;
      silent += fmt::format("{}{} of {}", silent.empty() ? "" : ", ", id, site.enrolled.party);
    }
    if (!silent.empty()) {
      return Lose(fmt::format("no witness of the last checkpoint from site {}; the ledger here "
                              "ends at {} entries",
                              silent, restored_.size),
                  kRemedy);
    }
    if (!options_.mirrors.empty() || !options_.witnesses.empty()) return Ok();
    return Lose(fmt::format("no witness of the last checkpoint; the ledger here ends at {} entries",
                            restored_.size),
                kRemedy);
  }

  Status CollectNeededBlobs(const run::Book& book) {
    std::string lacking;
    for (const auto& [blob, what] : NeededBlobs(book)) {
      RK_ASSIGN_OR_RETURN(bool here, blobs_->Has(blob));
      for (const auto& others : other_blobs_) {
        if (here) break;
        const Status copied = CopyBlob(*others, *blobs_, blob);
        here = copied.ok();
        restored_.blobs_from_mirrors += here ? 1 : 0;
        if (copied.code() != Code::kNotFound && copied.code() != Code::kDataLoss) {
          RK_RETURN_IF_ERROR(copied);
        }
      }
      if (!here)
        lacking += fmt::format("{}{} ({})", lacking.empty() ? "" : "; ", what, blob.Text());
    }
    if (lacking.empty()) return Ok();
    return Lose(fmt::format("blobs are gone: {}", lacking),
                "A site that made or fetched one may still have it: give its directory or a backup "
                "of it with --mirror. --accept-loss goes on without");
  }

  const RestoreOptions& options_;
  Disk& disk_;
  Clock& clock_;
  std::string part_;  // where the directory grows, until it is whole
  Restored restored_;
  seal::NoteKey key_;  // of the coordinator's ledger
  std::unique_ptr<store::Blobs> blobs_;
  std::vector<std::unique_ptr<store::Blobs>> other_blobs_;
  std::set<std::string> heard_;  // sites whose last checkpoint is covered
};

}  // namespace

StatusOr<Restored> Restore(const RestoreOptions& options, Disk& disk, Clock& clock) {
  return Restorer(options, disk, clock).Run();
}

}  // namespace renkei::backup
