// SPDX-License-Identifier: Apache-2.0
// One task of a joint run. The trainer knows four names in its environment and nothing else of the
// system that started it:
//
//   RENKEI_TASK     JSON: kind ("train" or "evaluate"), run, round, rounds, seed, config, deadline,
//                   checkpoint_dir, progress_file
//   RENKEI_MODEL    the model to start from, safetensors
//   RENKEI_UPDATE   where the trained model goes, safetensors of the same layout (train only)
//   RENKEI_METRICS  where {"examples": N, "metrics": {name: number}} goes
#pragma once

#include <cstdint>
#include <string>

#include "outcome.h"
#include "training.h"

namespace wafer {

struct TaskPaths {
  std::string task;
  std::string model;
  std::string update;
  std::string metrics;
};

struct Task {
  bool train = false;
  std::string run;
  int round = 1;
  int rounds = 1;
  uint64_t seed = 0;
  Recipe recipe;
  std::string checkpoint_dir;  // empty: no checkpoints
  std::string progress_file;   // empty: no progress
  std::string identity;        // the bytes of the task that bear on the result
};

Outcome<Task> ReadTask(const std::string& path);

struct TaskPlace {
  std::string data;   // folder of wafer maps
  std::string cache;  // folder for the resampled maps; empty: beside the data, else beside the
                      // checkpoints
};

// Does the task. A training that was killed and is started again with the same files goes on from
// its last checkpoint and ends in the same bytes.
Done RunTask(const TaskPaths& paths, const TaskPlace& place);

}  // namespace wafer
