// SPDX-License-Identifier: Apache-2.0
#include "sim_trainer.h"

#include <limits>

#include <fmt/format.h>

#include "renkei/syntax/json.h"
#include "renkei/syntax/value.h"

namespace renkei::sim {
namespace {

constexpr uint64_t kFileBytesMax = 1 << 20;

Status Put(Disk& disk, const std::string& path, ByteSpan bytes) {
  RK_ASSIGN_OR_RETURN(const auto file, disk.Open(path, OpenMode::kCreate));
  RK_RETURN_IF_ERROR(file->Truncate(0));
  return file->WriteAt(0, bytes);
}

}  // namespace

StatusOr<site::TrainerOutcome> SimTrainer::Run(const site::TrainerProgram& program,
                                               std::stop_token stop,
                                               const std::function<bool()>& look) {
  constexpr int kLookEvery = 8;  // seconds; a real one looks each second, at its own cost
  const int seconds = world_.Seconds();
  for (int i = 1; i <= seconds; ++i) {
    if (stop.stop_requested()) return site::TrainerOutcome{.end = site::TrainerEnd::kStopped};
    if (!world_.PassSecond()) return site::TrainerOutcome{.end = site::TrainerEnd::kStopped};
    if (i % kLookEvery == 0 && !look()) {
      return site::TrainerOutcome{.end = site::TrainerEnd::kStopped};
    }
  }
  return Finish(program);
}

StatusOr<site::TrainerOutcome> SimTrainer::Finish(const site::TrainerProgram& program) {
  const TaskFate fate = world_.Fate();
  if (fate == TaskFate::kFails) return site::TrainerOutcome{.exit_status = 1};
  RK_ASSIGN_OR_RETURN(const Bytes task,
                      ReadWhole(disk_, program.environment.at("RENKEI_TASK"), kFileBytesMax));
  RK_ASSIGN_OR_RETURN(const syntax::Value document, syntax::ParseJson(AsText(task)));
  RK_ASSIGN_OR_RETURN(const auto model,
                      disk_.Open(program.environment.at("RENKEI_MODEL"), OpenMode::kRead));
  RK_ASSIGN_OR_RETURN(const Floats base, ReadModel(*model));
  if (document.Find("kind")->text() == "train") {
    Floats update = Trained(base, site_, static_cast<uint32_t>(document.Find("round")->integer()));
    if (fate == TaskFate::kNotFinite) update.back() = std::numeric_limits<float>::infinity();
    if (fate == TaskFate::kOtherShape) update.push_back(1);
    truth_.Note(update);
    RK_RETURN_IF_ERROR(Put(disk_, program.environment.at("RENKEI_UPDATE"), ModelFile(update)));
  }
  if (fate == TaskFate::kNoMetrics) return site::TrainerOutcome{};
  const std::string metrics =
      fmt::format(R"({{"examples": {}, "metrics": {{"loss": {:.3f}}}}})",
                  100 + 37 * (site_.text().back() - '0'),
                  1.0 / static_cast<double>(document.Find("round")->integer()));
  RK_RETURN_IF_ERROR(Put(disk_, program.environment.at("RENKEI_METRICS"), AsBytes(metrics)));
  return site::TrainerOutcome{};
}

}  // namespace renkei::sim
