// SPDX-License-Identifier: Apache-2.0
// A trainer without a process: reads the task as any trainer would, takes its simulated time, and
// leaves an update that is a pure function of base, site and round. Or misbehaves.
#pragma once

#include <functional>
#include <stop_token>

#include "renkei/base/random.h"
#include "renkei/site/trainer.h"
#include "truth.h"

namespace renkei::sim {

// How the next task ends.
enum class TaskFate { kDone, kFails, kNotFinite, kOtherShape, kNoMetrics };

// What a task needs of the world around it.
class TaskWorld {
 public:
  virtual ~TaskWorld() = default;
  // Simulated seconds that a task of this site takes.
  virtual int Seconds() = 0;
  virtual TaskFate Fate() = 0;
  // A second passes, in which others act. False once this site's process is dead.
  virtual bool PassSecond() = 0;
};

class SimTrainer final : public site::Trainer {
 public:
  // All outlive it; `disk` is that of the site's present life.
  SimTrainer(SiteId site, Disk& disk, Truth& truth, TaskWorld& world)
      : site_(std::move(site)), disk_(disk), truth_(truth), world_(world) {}

  StatusOr<site::TrainerOutcome> Run(const site::TrainerProgram& program, std::stop_token stop,
                                     const std::function<bool()>& look) override;

 private:
  StatusOr<site::TrainerOutcome> Finish(const site::TrainerProgram& program);

  SiteId site_;
  Disk& disk_;
  Truth& truth_;
  TaskWorld& world_;
};

}  // namespace renkei::sim
