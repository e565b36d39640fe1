// SPDX-License-Identifier: Apache-2.0
#include "renkei/backup/take.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "renkei/backup/copy_blobs.h"
#include "renkei/charter/charter.h"
#include "renkei/crypto/hash.h"
#include "renkei/ledger/checkpoint_file.h"
#include "renkei/ledger/copy.h"
#include "renkei/seal/signed_note.h"
#include "renkei/site/gate_log.h"
#include "renkei/site/site_config.h"
#include "renkei/site/site_files.h"
#include "renkei/store/blobs.h"

namespace renkei::backup {
namespace {

constexpr uint64_t kFileBytesMax = 64 << 20;

StatusOr<std::vector<std::string>> ListIfThere(Disk& disk, const std::string& path) {
  auto names = disk.List(path);
  if (names.status().code() == Code::kNotFound) return std::vector<std::string>();
  return names;
}

class Taker {
 public:
  Taker(const TakeOptions& options, Disk& disk, Clock& clock)
      : options_(options), disk_(disk), clock_(clock) {}

  StatusOr<Taken> Run() {
    RK_RETURN_IF_ERROR(FindKind());
    RK_RETURN_IF_ERROR(OpenFolder());
    manifest().taken_at = clock_.Now();
    manifest().with_keys = options_.with_keys;
    // Files first, blobs last: what a file or an entry names is looked for after it.
    RK_RETURN_IF_ERROR(kind() == Kind::kSite ? TakeSite() : TakeCoordinator());
    RK_RETURN_IF_ERROR(TakeBlobs());
    RK_RETURN_IF_ERROR(
        WriteWhole(disk_, ManifestPath(options_.out), AsBytes(DumpManifest(manifest()))));
    RK_RETURN_IF_ERROR(RemoveOld());
    return std::move(taken_);
  }

 private:
  Manifest& manifest() { return taken_.manifest; }
  Kind kind() const { return taken_.manifest.kind; }
  std::string In(std::string_view name) const { return JoinPath(options_.dir, name); }
  void Say(const std::string& line) const {
    if (options_.progress) options_.progress(line);
  }

  Status FindKind() {
    RK_ASSIGN_OR_RETURN(const bool is_backup, disk_.Exists(ManifestPath(options_.dir)));
    if (is_backup) {
      return Error(Code::kInvalidArgument, "{}: is a backup; copy it with any program",
                   options_.dir);
    }
    RK_ASSIGN_OR_RETURN(const bool is_site, disk_.Exists(In("site.toml")));
    RK_ASSIGN_OR_RETURN(const bool is_coordinator, disk_.Exists(In("ledger/checkpoint")));
    if (is_site == is_coordinator) {
      return Error(Code::kInvalidArgument,
                   "{}: is neither a coordinator's directory (ledger/checkpoint) nor a site's "
                   "(site.toml)",
                   options_.dir);
    }
    manifest().kind = is_site ? Kind::kSite : Kind::kCoordinator;
    if (!is_site) return Ok();
    const std::string path = In("site.toml");
    RK_ASSIGN_OR_RETURN(const Bytes text, ReadWhole(disk_, path, site::kSiteConfigBytesMax));
    RK_ASSIGN_OR_RETURN(config_, site::ParseSiteConfig(AsText(text), path));
    manifest().site = config_.site.text();
    return Ok();
  }

  // Nothing that is not a backup is touched, and no two backups are mixed.
  Status OpenFolder() {
    RK_ASSIGN_OR_RETURN(const auto names, ListIfThere(disk_, options_.out));
    const auto has = [&](std::string_view name) {
      return std::ranges::find(names, name) != names.end();
    };
    if (!names.empty() && !has("backup.lock")) {
      return Error(Code::kInvalidArgument, "{}: holds something else than a backup; name a new one",
                   options_.out);
    }
    RK_RETURN_IF_ERROR(disk_.MakeDirs(options_.out));
    RK_ASSIGN_OR_RETURN(lock_, disk_.Lock(JoinPath(options_.out, "backup.lock")));
    auto before = ReadManifest(disk_, options_.out);
    if (before.status().code() == Code::kNotFound) return Ok();
    RK_RETURN_IF_ERROR(before.status());
    before_ = *std::move(before);
    if (before_.kind == kind() && before_.site == manifest().site) return Ok();
    return Error(Code::kFailedPrecondition, "{}: is the backup of {} {}; name another folder",
                 options_.out, NameOf(before_.kind), before_.site);
  }

  Status TakeCoordinator() {
    RK_RETURN_IF_ERROR(TakeFile("letters.json"));
    return TakeLedger("ledger", options_.charter_envelope);
  }

  Status TakeSite() {
    const site::SiteFiles files{options_.dir};
    for (const char* name : {"site.toml", "charter.json", "renewals.json"}) {
      RK_RETURN_IF_ERROR(TakeFile(name));
    }
    for (const char* folder : {"receipts", "evidence"}) {
      RK_RETURN_IF_ERROR(TakeFilesOf(folder, ".json"));
    }
    RK_ASSIGN_OR_RETURN(const auto runs, ListIfThere(disk_, files.work()));
    for (const std::string& run : runs) {
      RK_RETURN_IF_ERROR(TakeFilesOf(JoinPath("work", run), "-manifest.json"));
    }
    if (options_.with_keys) {
      for (const char* name : {"site.key", "tls/chain.pem", "tls/key.pem"}) {
        RK_RETURN_IF_ERROR(TakeFile(name));
      }
    }
    RK_ASSIGN_OR_RETURN(const crypto::SigningKey key, site::ReadSiteKey(disk_, files.key()));
    RK_RETURN_IF_ERROR(
        TakeLedger("log", seal::NoteKey::Of(site::LogOrigin(config_), key.public_key())));
    RK_ASSIGN_OR_RETURN(const Bytes envelope,
                        ReadWhole(disk_, files.charter(), site::kCharterFileBytesMax));
    // A site that never heard of its coordinator has nothing mirrored yet.
    RK_ASSIGN_OR_RETURN(const bool mirrored, disk_.Exists(In("mirror/checkpoint")));
    return mirrored ? TakeLedger("mirror", envelope) : Ok();
  }

  Status TakeLedger(const std::string& name, const Bytes& charter_envelope) {
    RK_ASSIGN_OR_RETURN(const charter::Charter charter,
                        charter::Verify(charter_envelope, clock_.Now(), charter::Expiry::kIgnored));
    return TakeLedger(name, charter.LedgerKey());
  }

  Status TakeLedger(const std::string& name, const seal::NoteKey& key) {
    const LedgerPart* before = before_.FindLedger(name);
    if (before != nullptr && before->key != key) {
      return Error(Code::kFailedPrecondition, "{}: is the backup of {}, not of {}", options_.out,
                   before->key.name, key.name);
    }
    const std::string to = JoinPath(options_.out, name);
    RK_ASSIGN_OR_RETURN(const ledger::VerifyReport report,
                        ledger::CopyDirectory(disk_, In(name), to, key));
    RK_ASSIGN_OR_RETURN(const auto stored, ledger::ReadCheckpoint(disk_, to, key));
    manifest().ledgers.push_back({.path = name,
                                  .key = key,
                                  .size = report.size,
                                  .root = report.root,
                                  .checkpoint = stored.note});
    Say(fmt::format("{}: {} entries, verified", name, report.size));
    return Ok();
  }

  // A file that is not there, or not any more, is not missed.
  Status TakeFile(const std::string& path) {
    const auto bytes = ReadWhole(disk_, In(path), kFileBytesMax);
    if (bytes.status().code() == Code::kNotFound) return Ok();
    RK_RETURN_IF_ERROR(bytes.status());
    const Digest sha256 = crypto::Sha256(*bytes);
    const std::string kept = KeptPath(options_.out, sha256);
    RK_RETURN_IF_ERROR(disk_.MakeDirs(ParentOf(kept)));
    RK_RETURN_IF_ERROR(WriteWhole(disk_, kept, *bytes));
    RK_ASSIGN_OR_RETURN(const Bytes back, ReadWhole(disk_, kept, kFileBytesMax));
    if (back != *bytes) return Error(Code::kDataLoss, "{}: does not read as it was written", kept);
    manifest().files.push_back({.path = path, .size_bytes = bytes->size(), .sha256 = sha256});
    return Ok();
  }

  Status TakeFilesOf(const std::string& folder, std::string_view suffix) {
    RK_ASSIGN_OR_RETURN(const auto names, ListIfThere(disk_, In(folder)));
    for (const std::string& name : names) {
      if (name.ends_with(suffix)) RK_RETURN_IF_ERROR(TakeFile(JoinPath(folder, name)));
    }
    return Ok();
  }

  Status TakeBlobs() {
    RK_ASSIGN_OR_RETURN(const auto from, store::MakeDirectoryBlobs(disk_, In("blobs")));
    RK_ASSIGN_OR_RETURN(to_, store::MakeDirectoryBlobs(disk_, JoinPath(options_.out, "blobs")));
    RK_ASSIGN_OR_RETURN(const auto ids, from->List());
    for (size_t i = 0; i < ids.size(); ++i) {
      RK_ASSIGN_OR_RETURN(const bool here, to_->Has(ids[i]));
      const Status copied = CopyBlob(*from, *to_, ids[i]);
      if (copied.code() == Code::kNotFound) continue;  // removed meanwhile
      if (copied.code() == Code::kDataLoss) {
        taken_.damaged.push_back(fmt::format("{}: {}", In("blobs"), Message(copied)));
        continue;
      }
      RK_RETURN_IF_ERROR(copied);
      manifest().blobs.push_back(ids[i]);
      if (here) continue;
      ++taken_.blobs_new;
      taken_.bytes_new += ids[i].size_bytes;
      Say(fmt::format("blob {} of {}", i + 1, ids.size()));
    }
    return Ok();
  }

  // What the backup does not list: an earlier one's, or left by one that was interrupted.
  Status RemoveOld() {
    std::set<std::string> listed;
    for (const FilePart& file : manifest().files) listed.insert(file.sha256.hex());
    RK_ASSIGN_OR_RETURN(const auto kept, ListIfThere(disk_, JoinPath(options_.out, "files")));
    for (const std::string& name : kept) {
      if (listed.contains(name)) continue;
      RK_RETURN_IF_ERROR(disk_.Remove(JoinPath(JoinPath(options_.out, "files"), name)));
    }
    RK_ASSIGN_OR_RETURN(const auto blobs, to_->List());
    for (const BlobId& blob : blobs) {
      if (std::ranges::binary_search(manifest().blobs, blob)) continue;
      RK_RETURN_IF_ERROR(to_->Remove(blob));
    }
    return Ok();
  }

  const TakeOptions& options_;
  Disk& disk_;
  Clock& clock_;
  site::SiteConfig config_;
  std::unique_ptr<File> lock_;
  std::unique_ptr<store::Blobs> to_;
  Manifest before_;  // the backup that is there; empty: none
  Taken taken_;
};

}  // namespace

StatusOr<Taken> Take(const TakeOptions& options, Disk& disk, Clock& clock) {
  return Taker(options, disk, clock).Run();
}

}  // namespace renkei::backup
