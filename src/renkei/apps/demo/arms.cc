// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/demo/arms.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/syntax/json.h"

namespace renkei::apps {
namespace {

using syntax::Value;

constexpr uint64_t kOutputBytesMax = 1 << 20;
constexpr Milliseconds kLook{200};

// One training: its process while it runs, its output file afterwards.
struct Training {
  std::string name;
  std::vector<std::string> data;
  std::optional<ChildProcess> process;
  std::string output() const { return name + ".json"; }
  std::string progress() const { return name + ".progress"; }
};

double FractionOf(Disk& disk, const std::string& file) {
  const auto bytes = ReadWhole(disk, file, kOutputBytesMax);
  if (!bytes.ok()) return 0;
  const auto value = syntax::ParseJson(AsText(*bytes));
  const Value* fraction = value.ok() ? value->Find("fraction") : nullptr;
  if (fraction == nullptr) return 0;
  return fraction->kind() == Value::Kind::kInteger || fraction->kind() == Value::Kind::kNumber
             ? std::clamp(fraction->number(), 0.0, 1.0)
             : 0;
}

StatusOr<Scores> ScoresIn(Disk& disk, const std::string& file) {
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk, file, kOutputBytesMax));
  auto scores = Scores::Parse(AsText(bytes));
  if (!scores.ok()) return Annotate(scores.status(), file);
  return scores;
}

Status StartTraining(Federation& federation, const ArmsRequest& request, Training& training) {
  std::vector<std::string> arguments = {"baseline",
                                        "--test",
                                        request.test_dir,
                                        "--epochs",
                                        std::to_string(request.rounds),
                                        "--seed",
                                        std::to_string(request.seed),
                                        "--model",
                                        request.model_file,
                                        "--config",
                                        request.config_json,
                                        "--progress",
                                        training.progress()};
  for (const std::string& dir : training.data) arguments.insert(arguments.end(), {"--data", dir});
  RK_ASSIGN_OR_RETURN(auto process, federation.StartWafer(std::move(arguments), training.output()));
  training.process = std::move(process);
  return Ok();
}

// Keeps `processes` of the trainings running, in order, until all have ended.
Status RunAll(Federation& federation, const ArmsRequest& request, std::vector<Training>& trainings,
              const std::function<void(double)>& progress) {
  const auto disk = MakeRealDisk();
  size_t next = 0;
  for (;;) {
    size_t running = 0;
    double done = 0;
    for (size_t i = 0; i < next; ++i) {
      Training& training = trainings[i];
      const bool ended = training.process->Ended().has_value();
      if (ended) RK_RETURN_IF_ERROR(training.process->Wait());
      running += !ended;
      // The pooled arm works on all data: as much as the others together.
      const double share =
          training.data.size() > 1 ? 0.5 : 0.5 / static_cast<double>(trainings.size() - 1);
      done += share * (ended ? 1 : FractionOf(*disk, training.progress()));
    }
    progress(done);
    if (next == trainings.size() && running == 0) return Ok();
    if (next < trainings.size() && running < static_cast<size_t>(request.processes)) {
      RK_RETURN_IF_ERROR(StartTraining(federation, request, trainings[next++]));
      continue;
    }
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

StatusOr<Scores> Scores::Parse(std::string_view json) {
  RK_ASSIGN_OR_RETURN(const Value value, syntax::ParseJson(json));
  const Value* macro_f1 = value.Find("macro_f1");
  const Value* accuracy = value.Find("accuracy");
  const Value* per_class = value.Find("per_class");
  const auto is_number = [](const Value* number) {
    return number != nullptr &&
           (number->kind() == Value::Kind::kNumber || number->kind() == Value::Kind::kInteger);
  };
  if (!is_number(macro_f1) || !is_number(accuracy) || per_class == nullptr) {
    return Error(Code::kInvalidArgument, "macro_f1, accuracy and per_class are expected");
  }
  return Scores{
      .macro_f1 = macro_f1->number(), .accuracy = accuracy->number(), .per_class = *per_class};
}

StatusOr<Arms> TrainArms(Federation& federation, const ArmsRequest& request,
                         const std::function<void(double)>& progress) {
  const auto disk = MakeRealDisk();
  RK_RETURN_IF_ERROR(disk->MakeDirs(federation.Path("arms")));
  std::vector<Training> trainings(1 + request.site_dirs.size());
  // The longest first, so that two processes end at nearly the same time.
  trainings[0] = {.name = federation.Path("arms/pooled"), .data = request.site_dirs, .process = {}};
  for (size_t i = 0; i < request.site_dirs.size(); ++i) {
    trainings[i + 1] = {.name = federation.Path(fmt::format("arms/alone{}", i + 1)),
                        .data = {request.site_dirs[i]},
                        .process = {}};
  }
  RK_RETURN_IF_ERROR(RunAll(federation, request, trainings, progress));
  Arms arms;
  RK_ASSIGN_OR_RETURN(arms.pooled, ScoresIn(*disk, trainings[0].output()));
  for (size_t i = 1; i < trainings.size(); ++i) {
    RK_ASSIGN_OR_RETURN(Scores scores, ScoresIn(*disk, trainings[i].output()));
    arms.alone.push_back(std::move(scores));
  }
  return arms;
}

}  // namespace renkei::apps
