// SPDX-License-Identifier: Apache-2.0
// A directory from a backup, and the witness of the last checkpoint.
//
// A coordinator that went on from yesterday's ledger would sign other entries at indices that its
// sites know already: a second history, which every one of them takes for the lie that it is. So
// the ledger is first brought up to the newest checkpoint that others hold, from their verified
// mirrors, and every enrolled site has to say what it has seen. What nobody can show any more is
// lost, and that is for a person to accept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "renkei/backup/manifest.h"
#include "renkei/backup/take.h"
#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::backup {

// What a site has seen of the ledger.
struct Witness {
  std::string site;
  std::string file;  // its mirror's checkpoint, a signed note
};

struct RestoreOptions {
  std::string from;  // the backup's folder
  std::string dir;   // to make; an empty directory may be there
  // Verified against. Of a coordinator it has to be given; a site's backup has its own.
  Bytes charter_envelope;
  std::vector<Witness> witnesses;    // of a coordinator
  std::vector<std::string> mirrors;  // of a coordinator: sites' directories, their backups, mirrors
  // Of a coordinator: goes on although sites have not said what they have seen, or blobs that runs
  // need are gone. Never although one has seen more than can be shown.
  bool accept_loss = false;
  Progress progress;
};

struct Restored {
  Manifest backup;
  uint64_t size = 0;  // entries of the ledger or mirror that is there now
  uint64_t entries_from_mirrors = 0;
  uint64_t blobs = 0;
  uint64_t blobs_from_mirrors = 0;
  std::vector<std::string> losses;  // accepted ones, a line each
};

// Makes `dir` whole or not at all.
//
//   NOT_FOUND            no backup there
//   ALREADY_EXISTS       `dir` is there and not empty
//   DATA_LOSS            something is damaged, or two histories of one ledger: names the file
//   FAILED_PRECONDITION  another charter's; or a loss as above, which the text names together with
//                        what would mend it
//   INVALID_ARGUMENT     not a backup, or a charter is needed
StatusOr<Restored> Restore(const RestoreOptions& options, Disk& disk, Clock& clock);

}  // namespace renkei::backup
