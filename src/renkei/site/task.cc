// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/task.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "renkei/crypto/merkle.h"
#include "renkei/record/limits.h"
#include "renkei/store/blob_tree.h"
#include "renkei/syntax/fields.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/value.h"

namespace renkei::site {
namespace {

using syntax::Value;

// Hashes what it copies: the blob's bytes were trusted to the disk since they came.
Status CopyModel(const BlobId& model, store::Blobs& blobs, Disk& disk, const std::string& path) {
  RK_ASSIGN_OR_RETURN(const auto source, blobs.Open(model));
  RK_ASSIGN_OR_RETURN(const auto copy, disk.Open(path, OpenMode::kCreateNew));
  std::vector<Digest> leaves;
  Bytes window(static_cast<size_t>(std::min<uint64_t>(model.size_bytes, kChunkBytes)));
  for (uint64_t chunk = 0; chunk < model.chunks(); ++chunk) {
    const auto bytes = std::span(window).first(static_cast<size_t>(model.ChunkSize(chunk)));
    RK_RETURN_IF_ERROR(ReadExactly(*source, chunk * kChunkBytes, bytes));
    leaves.push_back(crypto::LeafHash(bytes));
    RK_RETURN_IF_ERROR(copy->WriteAt(chunk * kChunkBytes, bytes));
  }
  if (store::NameOf(leaves, model.size_bytes) != model) {
    return Error(Code::kDataLoss, "model {}: its bytes here are others; remove the blob",
                 model.Text());
  }
  return Ok();
}

StatusOr<std::string> TaskJson(const Task& task, const TaskFiles& files) {
  RK_ASSIGN_OR_RETURN(Value config, syntax::ParseJson(task.config_json));
  Value document = Value::Object();
  document.Set("kind", NameOf(task.kind));
  document.Set("run", task.run.text());
  document.Set("round", task.round);
  document.Set("rounds", task.rounds);
  document.Set("seed", task.seed);
  document.Set("config", std::move(config));
  document.Set("deadline", FormatInstant(task.deadline));
  document.Set("checkpoint_dir", files.checkpoint_dir());
  document.Set("progress_file", files.progress());
  return syntax::DumpJsonPretty(document);
}

// What an entry's metric may be called (docs/formats/entries.md).
bool IsMetricName(std::string_view name) {
  return !name.empty() && name.size() <= record::kCodeBytesMax &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("._/:-").find(c) != std::string_view::npos;
         });
}

// What tells later how the task went, unless the trainer made something else of it.
bool IsWorthKeeping(const TaskFiles& files, const std::string& path, Disk& disk) {
  uint64_t bytes_max = 0;
  if (path == files.task() || path == files.metrics()) bytes_max = kMetricsBytesMax;
  if (path == files.log()) bytes_max = kTrainerLogBytesMax;
  if (bytes_max == 0) return false;
  const auto file = disk.Open(path, OpenMode::kReadAlien);
  if (!file.ok()) return false;
  const auto size = (*file)->Size();
  return size.ok() && *size <= bytes_max;
}

}  // namespace

std::string_view NameOf(TaskKind kind) { return kind == TaskKind::kTrain ? "train" : "evaluate"; }

Status PrepareTask(const Task& task, const BlobId& model, const TaskFiles& files,
                   store::Blobs& blobs, Disk& disk) {
  RK_RETURN_IF_ERROR(disk.MakeDirs(files.checkpoint_dir()));
  for (const std::string& path :
       {files.model(), files.update(), files.metrics(), files.progress()}) {
    RK_RETURN_IF_ERROR(RemoveTree(disk, path));  // a trainer may have made anything of it
  }
  RK_RETURN_IF_ERROR(CopyModel(model, blobs, disk, files.model()));
  RK_ASSIGN_OR_RETURN(const std::string json, TaskJson(task, files));
  return WriteWhole(disk, files.task(), AsBytes(json));
}

TrainerProgram ProgramOf(const TrainerCommand& command, const TaskFiles& files,
                         const std::map<std::string, std::string>& environment) {
  TrainerProgram program{.arguments = command.words,
                         .environment = environment,
                         .directory = files.dir,
                         .log_file = files.log(),
                         .time_max = std::chrono::seconds(command.timeout_s),
                         .memory_bytes_max = static_cast<uint64_t>(command.memory_mib) << 20};
  program.environment["RENKEI_TASK"] = files.task();
  program.environment["RENKEI_MODEL"] = files.model();
  program.environment["RENKEI_UPDATE"] = files.update();
  program.environment["RENKEI_METRICS"] = files.metrics();
  if (command.threads > 0) {
    for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) {
      program.environment[name] = fmt::format("{}", command.threads);
    }
  }
  return program;
}

StatusOr<TaskResult> ReadMetrics(const TaskFiles& files, Disk& disk) {
  const auto bytes = ReadWhole(disk, files.metrics(), kMetricsBytesMax, OpenMode::kReadAlien);
  if (!bytes.ok()) return Error(Code::kInvalidArgument, "{}", Message(bytes.status()));
  const auto document = syntax::ParseJson(AsText(*bytes), {.size_bytes_max = kMetricsBytesMax});
  if (!document.ok())
    return Error(Code::kInvalidArgument, "metrics.json: {}", Message(document.status()));
  syntax::Fields fields(*document, "metrics.json");
  TaskResult result;
  result.examples = static_cast<uint64_t>(
      fields.Integer("examples", 1, static_cast<int64_t>(record::kWeightMax)));
  const Value* metrics = fields.ObjectAt("metrics");
  RK_RETURN_IF_ERROR(fields.Finish());
  if (metrics->members().size() > record::kMetricsMax) {
    return Error(Code::kInvalidArgument, "metrics.json: {} metrics; at most {} fit an entry",
                 metrics->members().size(), record::kMetricsMax);
  }
  syntax::Fields values(*metrics, "metrics.json: metrics");
  for (const auto& [name, value] : metrics->members()) {
    if (!IsMetricName(name)) values.Fail(name, "a name is 1 to 64 of A-Z a-z 0-9 . _ / : -");
    result.metrics[name] = values.Number(name);
  }
  RK_RETURN_IF_ERROR(values.Finish());
  return result;
}

double ReadProgress(const TaskFiles& files, Disk& disk) {
  const auto bytes = ReadWhole(disk, files.progress(), kProgressBytesMax, OpenMode::kReadAlien);
  if (!bytes.ok()) return 0;
  const auto document = syntax::ParseJson(AsText(*bytes), {.size_bytes_max = kProgressBytesMax});
  if (!document.ok()) return 0;
  const Value* fraction = document->Find("fraction");
  if (fraction == nullptr ||
      (fraction->kind() != Value::Kind::kNumber && fraction->kind() != Value::Kind::kInteger)) {
    return 0;
  }
  return std::clamp(fraction->number(), 0.0, 1.0);
}

Status CleanTask(const TaskFiles& files, Disk& disk) {
  const auto names = disk.List(files.dir);
  if (names.status().code() == Code::kNotFound) return Ok();
  RK_RETURN_IF_ERROR(names.status());
  Status failure;
  for (const std::string& name : *names) {
    const std::string path = JoinPath(files.dir, name);
    if (IsWorthKeeping(files, path, disk)) continue;
    const Status removed = RemoveTree(disk, path);
    if (failure.ok()) failure = removed;
  }
  return failure;
}

}  // namespace renkei::site
