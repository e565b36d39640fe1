// SPDX-License-Identifier: Apache-2.0
// Stochastic gradient descent with momentum on the cross entropy.
//
// Training is a pure function of parameters, examples, recipe and seed on one instruction set, no
// matter how often it was saved and taken up again.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "examples.h"
#include "json.h"
#include "outcome.h"
#include "random.h"

namespace wafer {

// The keys of a run's config table, by the same names.
struct Recipe {
  int epochs = 1;               // of as many draws as there are local examples, per round
  int batch = 64;               // examples per step, at most
  double learning_rate = 0.06;  // of a round; late_factor times it from round
  double late_factor = 0.2;     // late_from * rounds + 1 on
  double late_from = 2.0 / 3.0;
  double momentum = 0.9;         // starts from rest in every round
  double gradient_norm_max = 1;  // a longer gradient of a batch is shortened to it
  double absent_scale = 0;       // of the logit of a class that the site has no example of, in
                                 // training: 1 learns to deny the class, 0 says nothing of it
  bool augment = true;           // a random symmetry of the square for every map
  int held_out = 16;             // one wafer in so many is kept for evaluation; 0 none

  // Of round 1 to `rounds`.
  double LearningRate(int round, int rounds) const;
};

// Refuses unknown keys and values out of range. `config` may be null.
Outcome<Recipe> ParseRecipe(const Json* config);

// The examples of an epoch, as many as there are, in their order. Classes take part by the square
// root of their frequency, so a rare class counts as if weighted by one over that root; within a
// class the examples take turns.
std::vector<uint32_t> DrawEpoch(const Examples& examples, Random& random);

// Steps of one epoch, whose batches are as even as can be.
uint64_t StepsPerEpoch(size_t examples, int batch);

struct TrainingState {
  std::vector<float> parameters;
  std::vector<float> velocity;
  Random random;          // as it stands after `step`
  Random at_epoch_start;  // to find the order of the running epoch again
  uint64_t epoch = 0;
  uint64_t step = 0;    // within the epoch
  double loss_sum = 0;  // since the start, plain cross entropy
  uint64_t right = 0;
  uint64_t seen = 0;

  static TrainingState Start(std::vector<float> parameters, uint64_t seed);

  // Bytes for a checkpoint on the same machine, and back; false when they are damaged.
  std::string Pack() const;
  bool Unpack(std::string_view bytes);
};

struct EpochPlan {
  uint64_t epochs = 1;
  uint64_t steps_per_epoch = 1;
  std::function<double(uint64_t epoch)> learning_rate;
  double momentum = 0.9;
  bool augment = true;
  double absent_scale = 0;       // Recipe
  double gradient_norm_max = 1;  // Recipe
};

// Goes on from `state` to the end of the plan; calls `after_step` after each step, whose failure
// ends the training with that failure.
Done Train(const Examples& examples, const EpochPlan& plan, TrainingState& state,
           const std::function<Done(const TrainingState&)>& after_step);

}  // namespace wafer
