// SPDX-License-Identifier: Apache-2.0
// The process between a site's agent and one trainer. It is the trainer's parent, and becomes the
// parent of whatever the trainer's processes leave behind (a subreaper), so that it finds and ends
// them all, also those that made a group or session of their own. It does so when the trainer
// ends, when it is asked to, and when the agent dies.
//
// Out of its reach: a process that changed its user, one that the kernel holds (a dead network
// file system), and a trainer that kills its keeper, which runs as the same user.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "renkei/base/descriptor.h"
#include "renkei/base/status.h"

namespace renkei::site {

// What the trainer's process needs between fork and exec. All pointers outlive StartTrainer.
struct TrainerLaunch {
  const char* path = nullptr;
  char* const* arguments = nullptr;    // of execve
  char* const* environment = nullptr;  // of execve
  const char* directory = nullptr;
  uint64_t memory_bytes_max = 0;  // RLIMIT_AS; 0: none
  int output = -1;                // becomes its standard output and error
};

struct TrainerReport {
  int status = 0;         // of waitpid
  bool survives = false;  // a process of it did not end within seconds of SIGKILL
};

class TrainerKeeper {
 public:
  // Starts the keeper and the trainer. The calling thread must live on until Wait returned: the
  // keeper ends the trainer with it.
  //   NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED  the trainer does not start; says why
  static StatusOr<TrainerKeeper> Start(const TrainerLaunch& launch);
  TrainerKeeper(TrainerKeeper&&) noexcept;
  TrainerKeeper& operator=(TrainerKeeper&&) = delete;
  ~TrainerKeeper();  // EndAll and Wait, if nobody has waited

  // Readable, or hung up, when the trainer and all that it left are over.
  int over() const { return report_.get(); }
  bool IsOver() const;
  // SIGTERM for the trainer's process group.
  void AskToEnd() const;
  // SIGKILL for every process of the trainer.
  void EndAll() const;
  // Blocks until all is over. When somebody killed the keeper, the status is the keeper's own.
  TrainerReport Wait();

 private:
  TrainerKeeper(pid_t pid, Descriptor report) : pid_(pid), report_(std::move(report)) {}

  pid_t pid_;
  Descriptor report_;
};

// By errno of fork, open or execve.
Status TrainerError(std::string_view what, int error);

}  // namespace renkei::site
