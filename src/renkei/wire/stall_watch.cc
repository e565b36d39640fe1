// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/stall_watch.h"

#include <algorithm>
#include <utility>

namespace renkei::wire {

StallWatch::StallWatch(Clock& clock, Milliseconds limit)
    : clock_(clock), limit_(limit), thread_([this](std::stop_token stop) { Watch(stop); }) {}

StallWatch::~StallWatch() = default;  // jthread: asks to stop, then joins

uint64_t StallWatch::Begin(std::function<void()> cancel) {
  const std::lock_guard lock(mutex_);
  transfers_.emplace(next_id_, Transfer{.cancel = std::move(cancel),
                                        .moved = clock_.Monotonic(),
                                        .may_go_on = {},
                                        .refusal = Ok()});
  return next_id_++;
}

void StallWatch::Guard(uint64_t id, std::function<Status()> may_go_on) {
  const std::lock_guard lock(mutex_);
  transfers_.at(id).may_go_on = std::move(may_go_on);
}

void StallWatch::Progress(uint64_t id) {
  const std::lock_guard lock(mutex_);
  transfers_.at(id).moved = clock_.Monotonic();
}

bool StallWatch::broken(uint64_t id) const {
  const std::lock_guard lock(mutex_);
  return transfers_.at(id).broken;
}

Status StallWatch::refusal(uint64_t id) const {
  const std::lock_guard lock(mutex_);
  return transfers_.at(id).refusal;
}

void StallWatch::End(uint64_t id) {
  const std::lock_guard lock(mutex_);
  transfers_.erase(id);
}

void StallWatch::BreakAll() {
  {
    const std::lock_guard lock(mutex_);
    break_all_ = true;
  }
  wake_.notify_all();
}

void StallWatch::Watch(std::stop_token stop) {
  const Milliseconds calm = std::clamp(limit_ / 8, Milliseconds(10), Milliseconds(1000));
  std::unique_lock lock(mutex_);
  bool woken = false;
  while (!stop.stop_requested()) {
    const Milliseconds pause = woken ? Milliseconds(10) : calm;
    wake_.wait_for(lock, stop, pause, [&] { return break_all_ && !woken; });
    woken = break_all_;
    const Milliseconds now = clock_.Monotonic();
    for (auto& [id, transfer] : transfers_) {
      if (transfer.broken) continue;
      if (transfer.may_go_on) transfer.refusal = transfer.may_go_on();
      if (transfer.refusal.ok() && !break_all_ && now - transfer.moved <= limit_) continue;
      transfer.broken = true;
      transfer.cancel();
    }
  }
}

}  // namespace renkei::wire
