// SPDX-License-Identifier: Apache-2.0
// A disk in memory that does what real ones do at their worst. Tests only.
//
// Content counts as stable after File::Sync, a name (create, rename, remove) after
// Disk::SyncDir of its directory; a directory made by MakeDirs at once, as on the real disk.
// Crash() goes back to what is stable; on the way it may keep a random part of what was not
// (torn and reordered writes), as `random` says. Thread-safe. Files must not outlive the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "renkei/base/disk.h"
#include "renkei/base/random.h"

namespace renkei {

class LyingDisk final : public Disk {
 public:
  LyingDisk();
  ~LyingDisk() override;

  // Power loss. Open files become useless (UNAVAILABLE), locks are gone. Without `random`,
  // everything that is not stable is lost; with it, each unsynced write survives whole, in part
  // or not at all, and each unsynced name change survives or not.
  void Crash(Random* random = nullptr);
  // The process dies, the machine goes on: open files become useless and locks are gone; what was
  // written stays, synced or not.
  void Kill();
  // The n-th durable step from now (1 = the next create, write, truncate, sync, rename, remove,
  // new directory or directory sync) and all after it fail with DATA_LOSS, until ClearFaults. A
  // write that fails so leaves its first half behind, unsynced.
  void FailAfter(uint64_t steps);
  // Writes that would make the disk hold more than this fail with RESOURCE_EXHAUSTED and leave
  // nothing behind.
  void SetCapacity(uint64_t size_bytes);
  // Reads of the file `path`, or of the files below it, fail with DATA_LOSS.
  void FailReads(const std::string& path);
  // Ends FailAfter, SetCapacity and FailReads.
  void ClearFaults();
  // Flips one bit of a file that exists, as a decaying medium does.
  void FlipBit(const std::string& path, uint64_t bit);
  // Flips back what was flipped and has not been written over since, wherever it is named now.
  void MendBits();
  // Paths of all files, sorted.
  std::vector<std::string> Files() const;
  // Durable steps tried so far.
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

 private:
  struct State;

  std::unique_ptr<State> state_;
};

}  // namespace renkei
