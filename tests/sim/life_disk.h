// SPDX-License-Identifier: Apache-2.0
// The disk of one machine as a single life of its process sees it. Every durable step has a name,
// and a life can be made to end just before or just after any of them: the failpoints of the
// house, without a line of them in what ships.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "renkei/base/disk.h"
#include "renkei/base/lying_disk.h"

namespace renkei::sim {

enum class Side { kBefore, kAfter };

// The n-th time that a step of this name is taken, from 1.
struct Failpoint {
  std::string step;
  uint64_t occurrence = 1;
  Side side = Side::kBefore;
};

// "write ledger/journal/*": what is done, and where; numbers and digests are stars.
std::string StepName(std::string_view what, std::string_view path);

// Counts the durable steps of a machine over all lives. Armed with one crash at a time.
class StepWatch {
 public:
  void Arm(Failpoint point) { point_ = std::move(point); }
  // `steps` > 0 from now.
  void ArmAfter(uint64_t steps, Side side) {
    armed_step_ = count_ + steps;
    armed_side_ = side;
  }
  void Disarm() {
    point_.reset();
    armed_step_.reset();
  }
  bool armed() const { return point_.has_value() || armed_step_.has_value(); }
  uint64_t count() const { return count_; }
  const std::map<std::string, uint64_t>& seen() const { return seen_; }

  // Notes a step; on which side of it the life ends, if it does.
  std::optional<Side> Take(const std::string& name);

 private:
  uint64_t count_ = 0;
  std::map<std::string, uint64_t> seen_;
  std::optional<Failpoint> point_;
  std::optional<uint64_t> armed_step_;
  Side armed_side_ = Side::kBefore;
};

class LifeDisk final : public Disk {
 public:
  // Both outlive it. Its files may outlive it: they are useless once the life has ended.
  LifeDisk(LyingDisk& disk, StepWatch& watch);

  bool dead() const;
  // Nothing more is read or written by this life.
  void End();

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
  struct Life;
  class LifeFile;

  LyingDisk& disk_;
  // shared_ptr: files that are still open ask whether their life goes on.
  std::shared_ptr<Life> life_;
};

}  // namespace renkei::sim
