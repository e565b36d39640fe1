// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/trainer.h"

#include <algorithm>
#include <future>

namespace renkei::site {
namespace {

constexpr Milliseconds kFirstLook{100};  // soon, so that a short task shows its progress too
constexpr Milliseconds kLookEvery{1'000};

// The program is watched by a thread of its own, so that its time limit and its output never wait
// for what `look` does.
class ProcessTrainer final : public Trainer {
 public:
  ProcessTrainer(Disk& disk, Clock& clock) : disk_(disk), clock_(clock) {}

  StatusOr<TrainerOutcome> Run(const TrainerProgram& program, std::stop_token stop,
                               const std::function<bool()>& look) override {
    std::stop_source cancel;
    auto running = std::async(std::launch::async, [&] {
      return RunTrainer(program, disk_, clock_, cancel.get_token(), {});
    });
    const std::stop_callback forward(stop, [&cancel] { cancel.request_stop(); });
    Milliseconds look_after = kFirstLook;
    while (running.wait_for(look_after) != std::future_status::ready) {
      look_after = std::min(2 * look_after, kLookEvery);
      if (!cancel.stop_requested() && !look()) cancel.request_stop();
    }
    return running.get();
  }

 private:
  Disk& disk_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<Trainer> MakeProcessTrainer(Disk& disk, Clock& clock) {
  return std::make_unique<ProcessTrainer>(disk, clock);
}

}  // namespace renkei::site
