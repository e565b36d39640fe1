// SPDX-License-Identifier: Apache-2.0
#include "scores.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace wafer {

void Scores::Add(int truth, const Logits& logits) {
  const auto answer = std::max_element(logits.begin(), logits.end()) - logits.begin();
  ++confusion[static_cast<size_t>(truth)][static_cast<size_t>(answer)];
  loss_sum -= std::log(std::max(Probabilities(logits)[static_cast<size_t>(truth)], 1e-30));
}

uint64_t Scores::wafers() const {
  uint64_t sum = 0;
  for (const auto& row : confusion) {
    for (const uint64_t count : row) {
      sum += count;
    }
  }
  return sum;
}

double Scores::accuracy() const {
  uint64_t right = 0;
  for (size_t label = 0; label < kClasses; ++label) {
    right += confusion[label][label];
  }
  return wafers() == 0 ? 0 : static_cast<double>(right) / static_cast<double>(wafers());
}

double Scores::mean_loss() const {
  return wafers() == 0 ? 0 : loss_sum / static_cast<double>(wafers());
}

namespace {

// Wafers of the class plus answers of the class: 2 TP + FP + FN.
uint64_t Mentions(const Scores& scores, size_t label) {
  uint64_t mentions = 0;
  for (size_t other = 0; other < kClasses; ++other) {
    mentions += scores.confusion[label][other] + scores.confusion[other][label];
  }
  return mentions;
}

}  // namespace

double Scores::f1(int label) const {
  const auto at = static_cast<size_t>(label);
  const uint64_t mentions = Mentions(*this, at);
  return mentions == 0 ? 0
                       : 2 * static_cast<double>(confusion[at][at]) / static_cast<double>(mentions);
}

double Scores::macro_f1() const {
  double sum = 0;
  int classes = 0;
  for (int label = 0; label < kClasses; ++label) {
    sum += f1(label);
    classes += Mentions(*this, static_cast<size_t>(label)) > 0 ? 1 : 0;
  }
  return classes == 0 ? 0 : sum / classes;
}

Json Scores::ToJson() const {
  Json::Object per_class;
  Json::Object support;
  Json::Array names;
  Json::Array rows;
  for (int label = 0; label < kClasses; ++label) {
    const std::string name(kClassNames[static_cast<size_t>(label)]);
    Json::Array row;
    uint64_t there = 0;
    for (const uint64_t count : confusion[static_cast<size_t>(label)]) {
      row.emplace_back(static_cast<int64_t>(count));
      there += count;
    }
    names.emplace_back(name);
    rows.emplace_back(std::move(row));
    per_class.emplace_back(name, f1(label));
    support.emplace_back(name, static_cast<int64_t>(there));
  }
  return Json::Object{{"macro_f1", macro_f1()},
                      {"accuracy", accuracy()},
                      {"loss", mean_loss()},
                      {"wafers", static_cast<int64_t>(wafers())},
                      {"per_class", std::move(per_class)},
                      {"support", std::move(support)},
                      {"classes", std::move(names)},
                      {"confusion", std::move(rows)}};
}

std::array<double, kClasses> Probabilities(const Logits& logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  std::array<double, kClasses> probabilities;
  double sum = 0;
  for (size_t i = 0; i < kClasses; ++i) {
    probabilities[i] = std::exp(static_cast<double>(logits[i]) - top);
    sum += probabilities[i];
  }
  for (double& p : probabilities) {
    p /= sum;
  }
  return probabilities;
}

Scores Evaluate(std::span<const float> parameters, const Examples& examples) {
  Network network;
  network.SetParameters(parameters);
  Scores scores;
  for (size_t i = 0; i < examples.size(); ++i) {
    scores.Add(examples.labels[i], network.Forward(examples.cells[i]));
  }
  return scores;
}

}  // namespace wafer
