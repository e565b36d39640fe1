// SPDX-License-Identifier: Apache-2.0
// renkei backup | restore.
#include <memory>
#include <utility>

#include "renkei/apps/commands.h"
#include "renkei/apps/connection.h"
#include "renkei/backup/restore.h"
#include "renkei/backup/take.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr Milliseconds kNoteEvery{1'000};

StatusOr<Bytes> CharterBytes(Disk& disk, const std::string& file) {
  if (file.empty()) return Bytes();
  return ReadWhole(disk, file, kCharterFileBytesMax);
}

// A line a second: blobs may be many.
backup::Progress ProgressOn(Clock& clock) {
  return [&clock, last = clock.Monotonic() - kNoteEvery](const std::string& line) mutable {
    if (clock.Monotonic() - last < kNoteEvery) return;
    last = clock.Monotonic();
    Console::Note(line);
  };
}

// A directory whose name ends with slashes is the same without.
std::string Trimmed(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

void ShowTaken(const backup::Taken& taken, const Console& console) {
  Value row = Value::Object();
  row.Set("backup", backup::NameOf(taken.manifest.kind));
  if (!taken.manifest.site.empty()) row.Set("site", taken.manifest.site);
  row.Set("taken_at", FormatInstant(taken.manifest.taken_at));
  for (const backup::LedgerPart& part : taken.manifest.ledgers) {
    row.Set(fmt::format("{}_entries", part.path), part.size);
  }
  row.Set("files", taken.manifest.files.size());
  row.Set("blobs", taken.manifest.blobs.size());
  row.Set("blobs_new", taken.blobs_new);
  row.Set("bytes_new", taken.bytes_new);
  row.Set("with_keys", taken.manifest.with_keys);
  console.Object(row);
}

Status DoBackup(const BackupOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  const auto clock = MakeSystemClock();
  RK_ASSIGN_OR_RETURN(Bytes envelope, CharterBytes(*disk, options.charter_file));
  RK_ASSIGN_OR_RETURN(const backup::Taken taken,
                      backup::Take({.dir = Trimmed(options.dir),
                                    .out = Trimmed(options.out),
                                    .with_keys = options.with_keys,
                                    .charter_envelope = std::move(envelope),
                                    .progress = ProgressOn(*clock)},
                                   *disk, *clock));
  ShowTaken(taken, console);
  if (taken.manifest.with_keys) {
    Console::Note("this backup holds private keys: whoever reads it can act as the site");
  } else {
    Console::Note(taken.manifest.kind == backup::Kind::kSite
                      ? "no keys are in it: keep a copy of site.key where you keep keys"
                      : "no keys are in it: they are in the party's directory; keep a copy of that "
                        "where you keep keys");
  }
  if (taken.damaged.empty()) return Ok();
  for (const std::string& blob : taken.damaged) Console::Note(blob);
  return Error(Code::kDataLoss, "{} damaged blobs are not in the backup; all else is",
               taken.damaged.size());
}

StatusOr<std::vector<backup::Witness>> ParseWitnesses(const std::vector<std::string>& texts) {
  std::vector<backup::Witness> witnesses;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      return Error(Code::kInvalidArgument, "--witness {}: SITE=FILE is wanted", text);
    }
    RK_ASSIGN_OR_RETURN(const SiteId site, SiteId::Parse(text.substr(0, equals)));
    witnesses.push_back({.site = site.text(), .file = text.substr(equals + 1)});
  }
  return witnesses;
}

Status DoRestore(const RestoreOptions& options, const Console& console) {
  const auto disk = MakeRealDisk();
  const auto clock = MakeSystemClock();
  RK_ASSIGN_OR_RETURN(Bytes envelope, CharterBytes(*disk, options.charter_file));
  RK_ASSIGN_OR_RETURN(auto witnesses, ParseWitnesses(options.witnesses));
  RK_ASSIGN_OR_RETURN(const backup::Restored restored,
                      backup::Restore({.from = Trimmed(options.from),
                                       .dir = Trimmed(options.dir),
                                       .charter_envelope = std::move(envelope),
                                       .witnesses = std::move(witnesses),
                                       .mirrors = options.mirrors,
                                       .accept_loss = options.accept_loss,
                                       .progress = ProgressOn(*clock)},
                                      *disk, *clock));
  Value row = Value::Object();
  row.Set("restored", backup::NameOf(restored.backup.kind));
  if (!restored.backup.site.empty()) row.Set("site", restored.backup.site);
  row.Set("taken_at", FormatInstant(restored.backup.taken_at));
  row.Set("entries", restored.size);
  row.Set("entries_from_mirrors", restored.entries_from_mirrors);
  row.Set("blobs", restored.blobs);
  row.Set("blobs_from_mirrors", restored.blobs_from_mirrors);
  row.Set("accepted_losses", restored.losses);
  console.Object(row);
  for (const std::string& loss : restored.losses) Console::Note("accepted loss: " + loss);
  if (restored.backup.kind == backup::Kind::kSite && !restored.backup.with_keys) {
    Console::Note(fmt::format("put the site's key at {}/site.key before it starts", options.dir));
  }
  return Ok();
}

// Whether bytes are what was signed or written is the question of both.
Exit ExitOf(const Status& status) {
  if (status.ok()) return Exit::kOk;
  const Exit exit = Console::Fail(status);
  return status.code() == Code::kDataLoss ? Exit::kLedger : exit;
}

}  // namespace

Exit Backup(const BackupOptions& options, const Console& console) {
  return ExitOf(DoBackup(options, console));
}

Exit Restore(const RestoreOptions& options, const Console& console) {
  return ExitOf(DoRestore(options, console));
}

}  // namespace renkei::apps
