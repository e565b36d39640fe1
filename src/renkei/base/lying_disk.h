// SPDX-License-Identifier: Apache-2.0
// A disk in memory that does what real ones do at their worst. Tests only.
//
// Content counts as stable after File::Sync, a name (create, rename, remove) after
// Disk::SyncDir of its directory. Crash() goes back to what is stable; on the way it may keep a
// random part of what was not (torn and reordered writes), as `random` says.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "renkei/base/disk.h"
#include "renkei/base/random.h"

namespace renkei {

class LyingDisk final : public Disk {
 public:
  LyingDisk();
  ~LyingDisk() override;

  // Power loss. Open files become useless (UNAVAILABLE). Without `random`, everything that is
  // not stable is lost; with it, each unsynced write survives whole, in part or not at all.
  void Crash(Random* random = nullptr);
  // The n-th durable step from now (1 = the next write, truncate, sync, rename, remove or
  // directory sync) and all after it fail with DATA_LOSS, until ClearFaults.
  void FailAfter(uint64_t steps);
  // Writes that would make the disk hold more than this fail with RESOURCE_EXHAUSTED.
  void SetCapacity(uint64_t size_bytes);
  void ClearFaults();
  // Flips one bit of a file, as a decaying medium does.
  void FlipBit(const std::string& path, uint64_t bit);
  uint64_t steps() const;

  StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  StatusOr<bool> Exists(const std::string& path) override;
  StatusOr<std::vector<std::string>> List(const std::string& path) override;
  Status MakeDirs(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status SyncDir(const std::string& path) override;
  StatusOr<uint64_t> FreeBytes(const std::string& path) override;
  StatusOr<std::unique_ptr<File>> Lock(const std::string& path) override;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace renkei
