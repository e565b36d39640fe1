// SPDX-License-Identifier: Apache-2.0
// A fold of the first `size` entries, kept to start faster: a cache that is bound to the tree it
// was made from. Restart = snapshot + fold of the entries from `size` on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::ledger {

inline constexpr uint64_t kSnapshotBytesMax = uint64_t{1} << 30;

struct Snapshot {
  uint64_t size = 0;
  Digest root;
  Bytes payload;
};

// Replaces `path` durably: a crash leaves the old snapshot or the new.
Status WriteSnapshot(Disk& disk, const std::string& path, const Snapshot& snapshot);

// `root_at` is Ledger::RootAt or Mirror::RootAt.
//
//   NOT_FOUND  there is none
//   DATA_LOSS  damaged, or not of this ledger: fold from entry 0 instead
StatusOr<Snapshot> ReadSnapshot(Disk& disk, const std::string& path,
                                const std::function<StatusOr<Digest>(uint64_t)>& root_at);

}  // namespace renkei::ledger
