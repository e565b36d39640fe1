// SPDX-License-Identifier: Apache-2.0
// What the joint model is compared with: each site alone, and all data in one place. The same
// trainer, schedule and test wafers; the pooled arm takes as many steps as the sites together.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "renkei/apps/demo/federation.h"
#include "renkei/base/status.h"
#include "renkei/syntax/value.h"

namespace renkei::apps {

// A model's scores on the test wafers, as renkei-wafer prints them.
struct Scores {
  double macro_f1 = 0;
  double accuracy = 0;
  syntax::Value per_class;  // class name to F1

  static StatusOr<Scores> Parse(std::string_view json);
};

struct ArmsRequest {
  std::vector<std::string> site_dirs;
  std::string test_dir;
  std::string model_file;
  std::string config_json;
  uint32_t rounds = 0;
  uint64_t seed = 1;
  int processes = 2;  // at a time
};

struct Arms {
  std::vector<Scores> alone;  // in the order of site_dirs
  Scores pooled;
};

// Trains all arms. `progress` hears the fraction done now and then.
StatusOr<Arms> TrainArms(Federation& federation, const ArmsRequest& request,
                         const std::function<void(double)>& progress);

}  // namespace renkei::apps
