// SPDX-License-Identifier: Apache-2.0
// Programs that `renkei demo` starts: each with its own log file, ended with it whatever happens.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "renkei/base/status.h"

namespace renkei::apps {

// The directory of the running program; its companions lie beside it.
StatusOr<std::string> ProgramDirectory();

class ChildProcess {
 public:
  struct Command {
    std::vector<std::string> arguments;              // the program's path first
    std::map<std::string, std::string> environment;  // added to ours
    std::string log_file;                            // its standard output and error; appended
    std::string output_file;                         // standard output alone, when not empty
  };

  // The child gets SIGTERM when this process dies. NOT_FOUND when the program is absent.
  static StatusOr<ChildProcess> Start(const Command& command);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();  // Stop()

  pid_t pid() const { return pid_; }
  // The exit status when it has ended: 0 to 255, or 128 + signal.
  std::optional<int> Ended();
  // Waits; FAILED_PRECONDITION naming the log file unless it exits with 0.
  Status Wait();
  // SIGTERM, then SIGKILL after `grace`. Safe to call twice.
  void Stop(std::chrono::milliseconds grace = std::chrono::seconds(5));
  // Peak resident memory so far, in bytes (VmHWM of /proc/PID/status); 0 when it has ended.
  uint64_t PeakMemoryBytes() const;

 private:
  ChildProcess(pid_t pid, std::string log_file) : pid_(pid), log_file_(std::move(log_file)) {}

  pid_t pid_ = -1;
  std::string log_file_;
  std::optional<int> ended_;
};

}  // namespace renkei::apps
