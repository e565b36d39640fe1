// SPDX-License-Identifier: Apache-2.0
// Training without a federation, to compare with: one site alone, or all data in one place. The
// schedule and the number of steps are those of the joint run: as many epochs as it has rounds,
// and per epoch the sum of the folders' own steps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json.h"
#include "outcome.h"
#include "training.h"

namespace wafer {

struct ComparisonOptions {
  std::vector<std::string> data;  // folders; more than one are pooled
  std::string test;               // folder to score the result on
  std::string model;              // start; empty: made from `seed`
  std::string model_out;          // empty: the result is not kept
  std::string progress_file;
  int rounds = 28;  // each of recipe.epochs epochs
  uint64_t seed = 1;
  Recipe recipe;
};

// The scores of the result, with "examples", "steps" and "seconds".
Outcome<Json> RunBaseline(const ComparisonOptions& options);

}  // namespace wafer
