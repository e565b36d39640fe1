// SPDX-License-Identifier: Apache-2.0
// A backup of the directory of a coordinator or of a site, taken while it runs.
//
// What is immutable (tiles, blobs) is copied and verified; the ledger up to its last signed
// checkpoint. A folder that holds an earlier backup of the same directory is brought up to date:
// only what is new is copied. backup.json is replaced last: a backup that was interrupted is the
// earlier one still, and goes on from where it was.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/backup/manifest.h"
#include "renkei/base/bytes.h"
#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::backup {

// A line for people; often.
using Progress = std::function<void(const std::string& line)>;

struct TakeOptions {
  std::string dir;         // of a coordinator or a site
  std::string out;         // the backup's folder; made when absent
  bool with_keys = false;  // of a site: site.key and the leaf's key too
  Bytes charter_envelope;  // of a coordinator; a site has its own
  Progress progress;
};

struct Taken {
  Manifest manifest;
  uint64_t blobs_new = 0;
  uint64_t bytes_new = 0;            // of them
  std::vector<std::string> damaged;  // blobs of `dir` that do not hash to their names: not copied
};

//   INVALID_ARGUMENT     `dir` is of neither kind, `out` holds something else, or a file of a site
//                        is not what it should be
//   FAILED_PRECONDITION  `out` holds the backup of another directory, or the ledger is of another
//                        charter
//   DATA_LOSS            the ledger, or what an earlier backup left, is damaged: names the file
//   UNAVAILABLE          another backup to `out` is under way
StatusOr<Taken> Take(const TakeOptions& options, Disk& disk, Clock& clock);

}  // namespace renkei::backup
