// SPDX-License-Identifier: Apache-2.0
// Who carries out a trainer's program: this machine, as a process, or a twin without processes
// for simulation.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "renkei/base/clock.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"
#include "renkei/site/trainer_process.h"

namespace renkei::site {

class Trainer {
 public:
  virtual ~Trainer() = default;

  // Blocks until the program has ended. Meanwhile calls `look` about once a second in the calling
  // thread, whatever time that takes; false ends the program (kStopped), as a request to `stop`
  // does. Errors as those of RunTrainer.
  virtual StatusOr<TrainerOutcome> Run(const TrainerProgram& program, std::stop_token stop,
                                       const std::function<bool()>& look) = 0;
};

// Processes of this machine. `disk` and `clock` outlive it.
std::unique_ptr<Trainer> MakeProcessTrainer(Disk& disk, Clock& clock);

}  // namespace renkei::site
