// SPDX-License-Identifier: Apache-2.0
// Where a site keeps what, in its one directory (docs/formats/site.md). Names below work/ are
// numbers: nothing that a peer chose becomes a path.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "renkei/base/blob_id.h"
#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/crypto/sign.h"
#include "renkei/site/task.h"

namespace renkei::site {

inline constexpr uint64_t kCharterFileBytesMax = 1 << 20;
inline constexpr uint64_t kKeyFileBytesMax = 4096;
inline constexpr uint32_t kRoundsKept = 3;  // work directories, with their logs
inline constexpr size_t kRunsKept = 8;

struct SiteFiles {
  std::string dir;  // absolute

  std::string config() const { return dir + "/site.toml"; }
  std::string key() const { return dir + "/site.key"; }
  std::string charter() const { return dir + "/charter.json"; }
  std::string tls_dir() const { return dir + "/tls"; }
  std::string tls_chain() const { return dir + "/tls/chain.pem"; }
  std::string tls_key() const { return dir + "/tls/key.pem"; }
  std::string blobs() const { return dir + "/blobs"; }
  std::string gate_log() const { return dir + "/log"; }
  std::string renewals() const { return dir + "/renewals.json"; }
  std::string receipts() const { return dir + "/receipts"; }
  std::string drain_order() const { return dir + "/drain.json"; }
  std::string drain_state() const { return dir + "/drain-state.json"; }
  std::string work() const { return dir + "/work"; }
  // `run_index` is the ledger's index of run.submitted.
  std::string run_work(uint64_t run_index) const;
  TaskFiles task(uint64_t run_index, uint32_t round, TaskKind kind) const;
  std::string draft(uint64_t run_index, uint32_t round) const;
  std::string receipt(uint64_t entry) const;
  std::string evidence() const { return dir + "/evidence"; }
  std::string false_receipt(uint64_t entry) const;
};

// The site's signing key. NOT_FOUND, or INVALID_ARGUMENT without repeating the text.
StatusOr<crypto::SigningKey> ReadSiteKey(Disk& disk, const std::string& path);

// Contributions whose receipts are here.
StatusOr<std::vector<uint64_t>> ListReceipts(const SiteFiles& files, Disk& disk);

// Removes the run's work directories of rounds before `round` but for the last kRoundsKept, and
// those of all but the newest kRunsKept runs.
Status PruneWork(const SiteFiles& files, uint64_t run_index, uint32_t round, Disk& disk);

}  // namespace renkei::site
