// SPDX-License-Identifier: Apache-2.0
// A disk that remembers what failed on the disk below it, says so in the log, and finds out when
// it works again: what a process tells as its health.
//
// A failure is one that an operator has to mend: no room, a device that fails, a file system that
// is read only, too many open files. It belongs to the longest place that its path lies in.
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"

namespace renkei {

inline constexpr Milliseconds kProbeWhileFailing{2'000};
inline constexpr Milliseconds kProbeWhileFine{10'000};
inline constexpr size_t kProbeBytesMin = 4096;
inline constexpr size_t kProbeBytesMax = 1 << 20;
inline constexpr char kProbeName[] = ".renkei-probe";

// Writes `size_bytes` to a file in `directory`, syncs it and removes it.
Status ProbeWrite(Disk& disk, const std::string& directory, size_t size_bytes);

class WatchedDisk final : public Disk {
 public:
  // A directory whose writers fail together.
  struct Place {
    std::string name;  // "ledger"
    std::string directory;
  };
  struct Condition {
    Place place;
    Status failure;  // OK: its writes work
    Instant since{};
  };

  // `below` and `clock` outlive this.
  WatchedDisk(Disk& below, Clock& clock, std::vector<Place> places);

  std::vector<Condition> Conditions() const;
  // Tries each place that is due: a failed one every kProbeWhileFailing with a write as long as
  // the one that failed, and with the read that failed; the others every kProbeWhileFine. To be
  // called more often than that. A place that is not there yet is left alone.
  void Probe();

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
  class OpenFile;
  enum class Doing { kRead, kWrite };
  struct FailedRead {
    std::string path;
    uint64_t offset = 0;
    size_t size_bytes = 0;
  };
  struct Watched {
    Condition condition;
    size_t probe_bytes = kProbeBytesMin;
    std::optional<FailedRead> read;  // the last that failed
    std::optional<Milliseconds> probed;
  };

  // Notes `status` if it is a failure, and gives it back.
  Status Note(const std::string& path, Doing doing, Status status, size_t size_bytes = 0,
              uint64_t offset = 0);
  Watched* PlaceOf(const std::string& path);
  Status TryAgain(const Watched& watched);

  Disk& below_;
  Clock& clock_;
  std::mutex probe_mutex_;    // one probe at a time; before the next
  mutable std::mutex mutex_;  // guards the next
  std::vector<Watched> watched_;
};

}  // namespace renkei
