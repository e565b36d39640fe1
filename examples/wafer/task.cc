// SPDX-License-Identifier: Apache-2.0
#include "task.h"

#include <array>
#include <chrono>
#include <filesystem>
#include <utility>
#include <vector>

#include "examples.h"
#include "files.h"
#include "json.h"
#include "model_file.h"
#include "progress_file.h"
#include "scores.h"
#include "sha256.h"

namespace wafer {
namespace {

constexpr size_t kTaskBytesMax = 1 << 20;
constexpr size_t kCheckpointBytesMax = 1 << 20;
constexpr auto kCheckpointEvery = std::chrono::seconds(2);

Outcome<std::string> TextAt(const Json& task, std::string_view key, bool required) {
  const Json* value = task.Find(key);
  if (value == nullptr && !required) {
    return std::string();
  }
  if (value == nullptr || value->text() == nullptr) {
    return Fail("no text '", key, "'");
  }
  return *value->text();
}

Outcome<int64_t> WholeAt(const Json& task, std::string_view key, int64_t minimum) {
  const Json* value = task.Find(key);
  if (value == nullptr || value->integer() == nullptr || *value->integer() < minimum) {
    return Fail("no whole number '", key, "' of at least ", minimum);
  }
  return *value->integer();
}

Outcome<Task> ParseTask(std::string_view bytes) {
  WAFER_ASSIGN_OR_RETURN(const Json json, ParseJson(bytes));
  Task task;
  WAFER_ASSIGN_OR_RETURN(const std::string kind, TextAt(json, "kind", true));
  if (kind != "train" && kind != "evaluate") {
    return Fail("kind '", kind, "' is neither train nor evaluate");
  }
  task.train = kind == "train";
  WAFER_ASSIGN_OR_RETURN(task.run, TextAt(json, "run", true));
  WAFER_ASSIGN_OR_RETURN(const int64_t round, WholeAt(json, "round", 0));
  WAFER_ASSIGN_OR_RETURN(const int64_t rounds, WholeAt(json, "rounds", 1));
  WAFER_ASSIGN_OR_RETURN(const int64_t seed, WholeAt(json, "seed", 0));
  if (round > rounds || rounds > 1'000'000) {
    return Fail("round ", round, " of ", rounds);
  }
  task.round = static_cast<int>(round);
  task.rounds = static_cast<int>(rounds);
  task.seed = static_cast<uint64_t>(seed);
  WAFER_ASSIGN_OR_RETURN(task.recipe, ParseRecipe(json.Find("config")));
  WAFER_ASSIGN_OR_RETURN(task.checkpoint_dir, TextAt(json, "checkpoint_dir", false));
  WAFER_ASSIGN_OR_RETURN(task.progress_file, TextAt(json, "progress_file", false));
  const Json* config = json.Find("config");
  task.identity =
      Json(Json::Array{kind, task.run, round, rounds, seed, config == nullptr ? Json() : *config})
          .Dump();
  return task;
}

Done WriteMetrics(const std::string& path, size_t examples, Json::Object metrics) {
  return WriteFile(path, Json(Json::Object{{"examples", static_cast<int64_t>(examples)},
                                           {"metrics", std::move(metrics)}})
                                 .Dump() +
                             "\n");
}

// The state of a training, kept in a file under the digest of everything that determines it.
class Checkpoint {
 public:
  Checkpoint(const std::string& directory, std::string digest)
      : path_(directory.empty() ? "" : directory + "/wafer.checkpoint"),
        digest_(std::move(digest)) {}

  void Resume(TrainingState& state) const {
    if (path_.empty()) {
      return;
    }
    const Outcome<std::string> bytes = ReadFile(path_, kCheckpointBytesMax);
    if (bytes.ok() && bytes->starts_with(digest_)) {
      state.Unpack(std::string_view(*bytes).substr(digest_.size()));
    }
  }

  Done SaveSometimes(const TrainingState& state) {
    const auto now = std::chrono::steady_clock::now();
    if (path_.empty() || now < next_) {
      return Success();
    }
    next_ = now + kCheckpointEvery;
    return WriteFile(path_, digest_ + state.Pack());
  }

 private:
  std::string path_;
  std::string digest_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + kCheckpointEvery;
};

Done RunTraining(const Task& task, const TaskPaths& paths, const Examples& examples,
                 std::vector<float> parameters, const std::string& data_key) {
  if (paths.update.empty()) {
    return Fail("RENKEI_UPDATE is not set: where should the trained model go?");
  }
  const std::string_view raw(reinterpret_cast<const char*>(parameters.data()),
                             parameters.size() * sizeof(float));
  const std::string digest =
      Hex(Sha256Of(task.identity + "\n" + data_key + "\n" + std::string(raw)));
  TrainingState state = TrainingState::Start(std::move(parameters), task.seed);
  if (!task.checkpoint_dir.empty()) {
    WAFER_RETURN_IF_FAILED(MakeDirectories(task.checkpoint_dir));
  }
  Checkpoint checkpoint(task.checkpoint_dir, digest);
  checkpoint.Resume(state);
  const Recipe& recipe = task.recipe;
  const EpochPlan plan = {
      .epochs = static_cast<uint64_t>(recipe.epochs),
      .steps_per_epoch = StepsPerEpoch(examples.size(), recipe.batch),
      .learning_rate = [&](uint64_t) { return recipe.LearningRate(task.round, task.rounds); },
      .momentum = recipe.momentum,
      .augment = recipe.augment,
      .absent_scale = recipe.absent_scale,
      .gradient_norm_max = recipe.gradient_norm_max};
  ProgressFile progress(task.progress_file);
  WAFER_RETURN_IF_FAILED(Train(examples, plan, state, [&](const TrainingState& now) {
    progress.Show(static_cast<double>(now.epoch * plan.steps_per_epoch + now.step) /
                  static_cast<double>(plan.epochs * plan.steps_per_epoch));
    return checkpoint.SaveSometimes(now);
  }));
  WAFER_RETURN_IF_FAILED(WriteModel(paths.update, state.parameters));
  const auto seen = static_cast<double>(state.seen);
  return WriteMetrics(paths.metrics, examples.size(),
                      {{"loss", state.loss_sum / seen},
                       {"accuracy", static_cast<double>(state.right) / seen},
                       {"steps", static_cast<int64_t>(plan.epochs * plan.steps_per_epoch)}});
}

Done RunEvaluation(const Task& task, const TaskPaths& paths, const Examples& examples,
                   const std::vector<float>& parameters) {
  const Scores scores = Evaluate(parameters, examples);
  ProgressFile(task.progress_file).Show(1);
  return WriteMetrics(paths.metrics, examples.size(),
                      {{"loss", scores.mean_loss()},
                       {"accuracy", scores.accuracy()},
                       {"macro_f1", scores.macro_f1()}});
}

}  // namespace

Outcome<Task> ReadTask(const std::string& path) {
  WAFER_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kTaskBytesMax));
  Outcome<Task> task = ParseTask(bytes);
  if (!task.ok()) {
    return Fail(path, ": ", task.message());
  }
  return task;
}

Done RunTask(const TaskPaths& paths, const TaskPlace& place) {
  if (paths.task.empty() || paths.model.empty() || paths.metrics.empty()) {
    return Fail("RENKEI_TASK, RENKEI_MODEL and RENKEI_METRICS must be set");
  }
  WAFER_ASSIGN_OR_RETURN(const Task task, ReadTask(paths.task));
  WAFER_ASSIGN_OR_RETURN(std::vector<float> parameters, ReadModel(paths.model));
  std::vector<std::string> caches = {place.cache.empty() ? place.data : place.cache};
  if (place.cache.empty() && !task.checkpoint_dir.empty()) {
    caches.push_back(std::filesystem::path(task.checkpoint_dir).parent_path().string());
  }
  WAFER_ASSIGN_OR_RETURN(const std::string data_key, ContentKey(place.data));
  WAFER_ASSIGN_OR_RETURN(const Examples all, LoadExamplesCached(place.data, caches));
  const TrainAndHeldOut sides = HoldOut(all, static_cast<uint32_t>(task.recipe.held_out));
  return task.train ? RunTraining(task, paths, sides.train, std::move(parameters), data_key)
                    : RunEvaluation(task, paths, sides.held_out, parameters);
}

}  // namespace wafer
