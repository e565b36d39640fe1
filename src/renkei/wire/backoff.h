// SPDX-License-Identifier: Apache-2.0
// When to try again after a lost connection.
#pragma once

#include "renkei/base/clock.h"
#include "renkei/base/random.h"

namespace renkei::wire {

// Doubles from `first` to `cap`, each drawn from [half, whole] so that many sites do not come
// back together.
class Backoff {
 public:
  struct Options {
    Milliseconds first{100};
    Milliseconds cap{10'000};
  };
  explicit Backoff(Options options) : options_(options) {}

  Milliseconds Next(Random& random);
  void Reset() { tries_ = 0; }  // after progress

 private:
  Options options_;
  int tries_ = 0;
};

}  // namespace renkei::wire
