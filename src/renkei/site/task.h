// SPDX-License-Identifier: Apache-2.0
// One task of a trainer: the files it is given, and what it leaves (docs/formats/site.md,
// "The trainer's contract"). The environment holds RENKEI_TASK, RENKEI_MODEL, RENKEI_UPDATE and
// RENKEI_METRICS, and PATH, HOME, LANG and thread counts from the site's own side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "renkei/base/blob_id.h"
#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/ids.h"
#include "renkei/base/status.h"
#include "renkei/record/record.h"
#include "renkei/site/site_config.h"
#include "renkei/site/trainer_process.h"
#include "renkei/store/blobs.h"

namespace renkei::site {

inline constexpr size_t kMetricsBytesMax = 1 << 20;
inline constexpr size_t kProgressBytesMax = 4096;

enum class TaskKind { kTrain, kEvaluate };
std::string_view NameOf(TaskKind kind);  // "train", "evaluate"

struct Task {
  TaskKind kind = TaskKind::kTrain;
  RunId run;
  uint32_t round = 0;
  uint32_t rounds = 0;  // of the run
  uint64_t seed = 0;
  std::string config_json;  // the spec's [config]
  Instant deadline{};       // of the round
};

// The files of a task, all in one absolute directory whose name no peer has chosen.
struct TaskFiles {
  std::string dir;

  std::string task() const { return dir + "/task.json"; }
  std::string model() const { return dir + "/in.safetensors"; }
  std::string update() const { return dir + "/out.safetensors"; }
  std::string metrics() const { return dir + "/metrics.json"; }
  std::string progress() const { return dir + "/progress.json"; }
  std::string checkpoint_dir() const { return dir + "/checkpoint"; }
  std::string log() const { return dir + "/trainer.log"; }
};

// Makes the directory, copies the model into it and writes task.json. What an earlier attempt
// left as a result goes away; its checkpoint_dir stays, so that a trainer can go on.
//   DATA_LOSS           the model's bytes do not hash to `model`
//   RESOURCE_EXHAUSTED  disk full
Status PrepareTask(const Task& task, const BlobId& model, const TaskFiles& files,
                   store::Blobs& blobs, Disk& disk);

// The program that carries out the task.
TrainerProgram ProgramOf(const TrainerCommand& command, const TaskFiles& files,
                         const std::map<std::string, std::string>& environment);

struct TaskResult {
  uint64_t examples = 0;  // 1 or more
  record::Metrics metrics;

  bool operator==(const TaskResult&) const = default;
};

// Reads metrics.json: {"examples": N, "metrics": {"loss": 0.1}}, nothing else in it.
//   INVALID_ARGUMENT  absent, too long, not finite, too many names, a name that no entry can hold
StatusOr<TaskResult> ReadMetrics(const TaskFiles& files, Disk& disk);

// What the trainer last said in its progress file, 0 to 1; 0 when it said nothing of use.
double ReadProgress(const TaskFiles& files, Disk& disk);

// Frees what only this task needed, and all that its trainer left in the directory; task, log and
// metrics stay. An error names what could not be removed; all else is gone.
Status CleanTask(const TaskFiles& files, Disk& disk);

}  // namespace renkei::site
