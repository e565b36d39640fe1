// SPDX-License-Identifier: Apache-2.0
// Breaks transfers that stand still, and those that may not go on. A transfer that moves and may
// take place takes as long as it needs.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "renkei/base/clock.h"
#include "renkei/base/status.h"

namespace renkei::wire {

// One thread looks after all transfers of a server or a client. Thread-safe.
class StallWatch {
 public:
  // Breaks what makes no progress for `limit` of the monotonic clock.
  StallWatch(Clock& clock, Milliseconds limit);
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

  // `cancel` is called at most once, from the watch's thread, and never after End returned.
  uint64_t Begin(std::function<void()> cancel);
  // From now on `may_go_on` is asked at every look, at least once a second, from the watch's
  // thread: the transfer is broken once it says no. It must not call the watch.
  void Guard(uint64_t id, std::function<Status()> may_go_on);
  void Progress(uint64_t id);
  bool broken(uint64_t id) const;
  // Why it may not go on; OK when it may, also when it stood still.
  Status refusal(uint64_t id) const;
  void End(uint64_t id);
  // Breaks all there are and all that begin from now on.
  void BreakAll();

 private:
  struct Transfer {
    std::function<void()> cancel;
    Milliseconds moved;
    std::function<Status()> may_go_on;
    Status refusal;
    bool broken = false;
  };
  void Watch(std::stop_token stop);

  Clock& clock_;
  const Milliseconds limit_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<uint64_t, Transfer> transfers_;
  uint64_t next_id_ = 1;
  bool break_all_ = false;
  std::jthread thread_;
};

// One transfer under watch, from construction to destruction.
class WatchedTransfer {
 public:
  WatchedTransfer(StallWatch& watch, std::function<void()> cancel)
      : watch_(watch), id_(watch.Begin(std::move(cancel))) {}
  ~WatchedTransfer() { watch_.End(id_); }
  WatchedTransfer(const WatchedTransfer&) = delete;
  WatchedTransfer& operator=(const WatchedTransfer&) = delete;

  void Guard(std::function<Status()> may_go_on) { watch_.Guard(id_, std::move(may_go_on)); }
  void Progress() { watch_.Progress(id_); }
  bool broken() const { return watch_.broken(id_); }
  Status refusal() const { return watch_.refusal(id_); }

 private:
  StallWatch& watch_;
  const uint64_t id_;
};

}  // namespace renkei::wire
