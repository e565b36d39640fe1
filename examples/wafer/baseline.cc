// SPDX-License-Identifier: Apache-2.0
#include "baseline.h"

#include <chrono>
#include <cstddef>
#include <utility>

#include "examples.h"
#include "model_file.h"
#include "network.h"
#include "progress_file.h"
#include "scores.h"

namespace wafer {

Outcome<Json> RunBaseline(const ComparisonOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const Recipe& recipe = options.recipe;
  Examples examples;
  EpochPlan plan = {.epochs = static_cast<uint64_t>(options.rounds * recipe.epochs),
                    .steps_per_epoch = 0,
                    .learning_rate =
                        [&](uint64_t epoch) {
                          const int round = static_cast<int>(epoch) / recipe.epochs + 1;
                          return recipe.LearningRate(round, options.rounds);
                        },
                    .momentum = recipe.momentum,
                    .augment = recipe.augment,
                    .absent_scale = 1,  // nobody else knows of a class that is absent here
                    .gradient_norm_max = recipe.gradient_norm_max};
  for (const std::string& directory : options.data) {
    WAFER_ASSIGN_OR_RETURN(const Examples all, LoadExamples(directory));
    const Examples train = HoldOut(all, static_cast<uint32_t>(recipe.held_out)).train;
    plan.steps_per_epoch += StepsPerEpoch(train.size(), recipe.batch);
    for (size_t i = 0; i < train.size(); ++i) {
      examples.Add(train, i);
    }
  }
  Random random(options.seed);
  std::vector<float> parameters = InitialParameters(random);
  if (!options.model.empty()) {
    WAFER_ASSIGN_OR_RETURN(parameters, ReadModel(options.model));
  }
  TrainingState state = TrainingState::Start(std::move(parameters), options.seed);
  const uint64_t steps = plan.epochs * plan.steps_per_epoch;
  ProgressFile progress(options.progress_file);
  WAFER_RETURN_IF_FAILED(Train(examples, plan, state, [&](const TrainingState& now) {
    progress.Show(static_cast<double>(now.epoch * plan.steps_per_epoch + now.step) /
                  static_cast<double>(steps));
    return Success();
  }));
  if (!options.model_out.empty()) {
    WAFER_RETURN_IF_FAILED(WriteModel(options.model_out, state.parameters));
  }
  WAFER_ASSIGN_OR_RETURN(const Examples test, LoadExamples(options.test));
  Json::Object result = *Evaluate(state.parameters, test).ToJson().object();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  result.emplace_back("examples", static_cast<int64_t>(examples.size()));
  result.emplace_back("steps", static_cast<int64_t>(steps));
  result.emplace_back("seconds", seconds.count());
  return Json(std::move(result));
}

}  // namespace wafer
