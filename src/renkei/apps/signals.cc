// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/signals.h"

#include <ctime>
#include <signal.h>

namespace renkei::apps {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void CatchStopSignals() {
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

bool StopSignalWithin(std::chrono::milliseconds wait) {
  const sigset_t set = StopSignals();
  const timespec limit = {.tv_sec = static_cast<time_t>(wait.count() / 1000),
                          .tv_nsec = static_cast<long>(wait.count() % 1000) * 1'000'000};
  return sigtimedwait(&set, nullptr, &limit) > 0;
}

}  // namespace renkei::apps
