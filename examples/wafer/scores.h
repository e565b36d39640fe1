// SPDX-License-Identifier: Apache-2.0
// How good the answers of a model are.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "examples.h"
#include "json.h"
#include "network.h"

namespace wafer {

struct Scores {
  std::array<std::array<uint64_t, kClasses>, kClasses> confusion{};  // [truth][answer]
  double loss_sum = 0;                                               // cross entropy, nats

  void Add(int truth, const Logits& logits);

  uint64_t wafers() const;
  double accuracy() const;
  double mean_loss() const;
  // 2 TP / (2 TP + FP + FN), 0 for a class that is neither there nor answered.
  double f1(int label) const;
  // The mean of f1 over the classes that are there or answered.
  double macro_f1() const;

  // {"macro_f1", "accuracy", "loss", "wafers", "per_class": {name: f1}, "support": {name: wafers},
  // "classes": [names], "confusion": [[...]]}
  Json ToJson() const;
};

// Softmax of the logits, without overflow.
std::array<double, kClasses> Probabilities(const Logits& logits);

Scores Evaluate(std::span<const float> parameters, const Examples& examples);

}  // namespace wafer
