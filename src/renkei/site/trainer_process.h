// SPDX-License-Identifier: Apache-2.0
// Runs one trainer: a program of the site's own choice, in a session of its own, with nothing but
// the environment given here, standard input empty and every other descriptor closed.
//
// At the end, however it came, every process that it left is killed, and also when this process
// dies (trainer_keeper.h; what is out of reach, it says there).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::site {

inline constexpr uint64_t kTrainerLogBytesMax = 16 << 20;  // what comes after is read and dropped
inline constexpr Milliseconds kTrainerGrace{8'000};        // from SIGTERM to SIGKILL

struct TrainerProgram {
  std::vector<std::string> arguments;  // the program first: a path, or a name looked up in PATH
  std::map<std::string, std::string> environment;  // all of it
  std::string directory;                           // absolute; where it runs
  std::string log_file;                            // its standard output and error; appended to
  Milliseconds time_max{0};                        // 0: none
  uint64_t memory_bytes_max = 0;  // address space of each process (RLIMIT_AS); 0: none
  Milliseconds grace = kTrainerGrace;
  uint64_t log_bytes_max = kTrainerLogBytesMax;
};

enum class TrainerEnd {
  kExited,     // by itself; see exit_status
  kSignalled,  // by a signal that was not ours
  kTimedOut,   // longer than time_max
  kStopped,    // `stop` was asked, or `watch` said no
};

struct TrainerOutcome {
  TrainerEnd end = TrainerEnd::kExited;
  int exit_status = 0;  // of kExited
  int signal = 0;       // of kSignalled
  Milliseconds took{0};
  uint64_t log_bytes_dropped = 0;

  bool succeeded() const { return end == TrainerEnd::kExited && exit_status == 0; }
};

// Blocks until the program has ended. `watch` is called about once a second from this thread;
// false ends the program. The calling thread must live on until this returns.
//
//   NOT_FOUND           no such program
//   PERMISSION_DENIED   it cannot be executed
//   RESOURCE_EXHAUSTED  no more processes or memory
//   INVALID_ARGUMENT    no arguments, or one holds a NUL
//   others              the log file cannot be opened
StatusOr<TrainerOutcome> RunTrainer(const TrainerProgram& program, Disk& disk, Clock& clock,
                                    std::stop_token stop, const std::function<bool()>& watch);

// "exit status 3", "killed by signal 9 (Killed)", "longer than 600 s", "stopped".
std::string Describe(const TrainerOutcome& outcome);

}  // namespace renkei::site
