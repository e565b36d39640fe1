// SPDX-License-Identifier: Apache-2.0
// {"fraction": 0.4} in a file that is replaced, for whoever watches.
#pragma once

#include <chrono>
#include <string>
#include <utility>

namespace wafer {

class ProgressFile {
 public:
  // An empty path: nothing is written.
  explicit ProgressFile(std::string path) : path_(std::move(path)) {}

  // At most five times a second, and always when `fraction` is 1. A disk that refuses is no reason
  // to end a training.
  void Show(double fraction);

 private:
  std::string path_;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace wafer
