// SPDX-License-Identifier: Apache-2.0
#include "training.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <span>
#include <utility>

#include <Eigen/Core>

#include "network.h"
#include "scores.h"
#include "sha256.h"

namespace wafer {
namespace {

constexpr std::string_view kStateMagic = "wafer-state-1\n";

template <class T>
void Append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
void Take(std::string_view& bytes, T& value) {
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
}

std::string_view Raw(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

void Shuffle(std::vector<uint32_t>& order, Random& random) {
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.Below(i)]);
  }
}

class Descent {
 public:
  Descent(const Examples& examples, const EpochPlan& plan)
      : examples_(examples), plan_(plan), gradient_(kParameters) {
    scale_.fill(static_cast<float>(plan.absent_scale));
    for (const uint8_t label : examples.labels) {
      scale_[label] = 1;
    }
  }

  void Step(std::span<const uint32_t> batch, TrainingState& state) {
    std::fill(gradient_.begin(), gradient_.end(), 0.0f);
    network_.SetParameters(state.parameters);
    for (const uint32_t index : batch) {
      AddExample(index, static_cast<double>(batch.size()), state);
    }
    Eigen::Map<Eigen::ArrayXf> velocity(state.velocity.data(), kParameters);
    velocity = static_cast<float>(plan_.momentum) * velocity +
               Shortening() * Eigen::Map<const Eigen::ArrayXf>(gradient_.data(), kParameters);
    Eigen::Map<Eigen::ArrayXf>(state.parameters.data(), kParameters) -=
        static_cast<float>(plan_.learning_rate(state.epoch)) * velocity;
    ++state.step;
  }

 private:
  void AddExample(uint32_t index, double batch_size, TrainingState& state) {
    const int symmetry = plan_.augment ? static_cast<int>(state.random.Below(kSymmetries)) : 0;
    Logits logits = network_.Forward(examples_.cells[index], symmetry);
    for (size_t c = 0; c < kClasses; ++c) {
      logits[c] *= scale_[c];
    }
    const size_t truth = examples_.labels[index];
    const std::array<double, kClasses> p = Probabilities(logits);
    Logits by_logits;
    for (size_t c = 0; c < kClasses; ++c) {
      const double error = p[c] - (c == truth ? 1.0 : 0.0);
      by_logits[c] = static_cast<float>(error * double{scale_[c]} / batch_size);
    }
    network_.AddGradient(by_logits, gradient_);
    const auto answer = std::max_element(logits.begin(), logits.end()) - logits.begin();
    state.right += static_cast<size_t>(answer) == truth ? 1 : 0;
    state.loss_sum -= std::log(std::max(p[truth], 1e-30));
    ++state.seen;
  }

  float Shortening() const {
    double square = 0;
    for (const float value : gradient_) {
      square += double{value} * double{value};
    }
    const double norm = std::sqrt(square);
    return norm > plan_.gradient_norm_max ? static_cast<float>(plan_.gradient_norm_max / norm) : 1;
  }

  const Examples& examples_;
  const EpochPlan& plan_;
  std::vector<float> gradient_;
  Logits scale_;  // of each logit: FedRS, Li and Zhan 2021
  Network network_;
};

// One key of the config table: reads a number in [low, high] into `to`.
template <class T>
Done ReadNumber(const Json& config, std::string_view key, T low, T high, T& to) {
  const Json* value = config.Find(key);
  if (value == nullptr) {
    return Success();
  }
  const bool fits = std::is_integral_v<T> ? value->integer() != nullptr : value->is_number();
  if (!fits || !(value->number() >= static_cast<double>(low)) ||
      !(value->number() <= static_cast<double>(high))) {
    return Fail("config: ", key, " = ", value->Dump(), "; it must be a number from ", low, " to ",
                high);
  }
  to = static_cast<T>(value->number());
  return Success();
}

}  // namespace

double Recipe::LearningRate(int round, int rounds) const {
  return learning_rate * (round - 1 >= late_from * rounds ? late_factor : 1.0);
}

Outcome<Recipe> ParseRecipe(const Json* config) {
  Recipe recipe;
  if (config == nullptr) {
    return recipe;
  }
  if (config->object() == nullptr) {
    return Fail("config: not a table");
  }
  constexpr std::array<std::string_view, 10> kKeys = {
      "epochs",   "batch",   "learning_rate", "late_factor",       "late_from",
      "momentum", "augment", "absent_scale",  "gradient_norm_max", "held_out"};
  for (const auto& [key, value] : *config->object()) {
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
      return Fail("config: unknown key ", key);
    }
  }
  WAFER_RETURN_IF_FAILED(ReadNumber(*config, "epochs", 1, 1000, recipe.epochs));
  WAFER_RETURN_IF_FAILED(ReadNumber(*config, "batch", 1, 65536, recipe.batch));
  WAFER_RETURN_IF_FAILED(ReadNumber(*config, "learning_rate", 0.0, 10.0, recipe.learning_rate));
  WAFER_RETURN_IF_FAILED(ReadNumber(*config, "late_factor", 0.0, 10.0, recipe.late_factor));
  WAFER_RETURN_IF_FAILED(ReadNumber(*config, "late_from", 0.0, 1.0, recipe.late_from));
  WAFER_RETURN_IF_FAILED(ReadNumber(*config, "momentum", 0.0, 0.999, recipe.momentum));
  WAFER_RETURN_IF_FAILED(ReadNumber(*config, "absent_scale", 0.0, 1.0, recipe.absent_scale));
  WAFER_RETURN_IF_FAILED(
      ReadNumber(*config, "gradient_norm_max", 1e-6, 1e6, recipe.gradient_norm_max));
  WAFER_RETURN_IF_FAILED(ReadNumber(*config, "held_out", 0, 65536, recipe.held_out));
  if (const Json* augment = config->Find("augment")) {
    if (augment->boolean() == nullptr) {
      return Fail("config: augment = ", augment->Dump(), "; it must be true or false");
    }
    recipe.augment = *augment->boolean();
  }
  return recipe;
}

std::vector<uint32_t> DrawEpoch(const Examples& examples, Random& random) {
  const size_t count = examples.size();
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  Shuffle(order, random);
  std::array<std::vector<uint32_t>, kClasses> members;
  for (const uint32_t index : order) {
    members[examples.labels[index]].push_back(index);
  }
  double roots = 0;
  for (const auto& of_class : members) {
    roots += std::sqrt(static_cast<double>(of_class.size()));
  }
  order.clear();
  double due = 0;  // places of the classes so far
  for (const auto& of_class : members) {
    due += std::sqrt(static_cast<double>(of_class.size())) / roots * static_cast<double>(count);
    for (size_t turn = 0; !of_class.empty() && static_cast<double>(order.size()) + 0.5 < due;
         ++turn) {
      order.push_back(of_class[turn % of_class.size()]);
    }
  }
  Shuffle(order, random);
  return order;
}

uint64_t StepsPerEpoch(size_t examples, int batch) {
  const auto size = static_cast<uint64_t>(batch);
  return std::max<uint64_t>(1, (examples + size - 1) / size);
}

TrainingState TrainingState::Start(std::vector<float> parameters, uint64_t seed) {
  return {.parameters = std::move(parameters),
          .velocity = std::vector<float>(kParameters, 0.0f),
          .random = Random(seed),
          .at_epoch_start = Random(seed)};
}

std::string TrainingState::Pack() const {
  std::string bytes(kStateMagic);
  bytes += Raw(parameters);
  bytes += Raw(velocity);
  Append(bytes, random.state());
  Append(bytes, at_epoch_start.state());
  Append(bytes, epoch);
  Append(bytes, step);
  Append(bytes, loss_sum);
  Append(bytes, right);
  Append(bytes, seen);
  Append(bytes, Sha256Of(bytes));
  return bytes;
}

bool TrainingState::Unpack(std::string_view bytes) {
  if (bytes.size() != Pack().size() || !bytes.starts_with(kStateMagic)) {
    return false;
  }
  Sha256Digest digest;
  std::string_view tail = bytes.substr(bytes.size() - digest.size());
  Take(tail, digest);
  if (digest != Sha256Of(bytes.substr(0, bytes.size() - digest.size()))) {
    return false;
  }
  bytes.remove_prefix(kStateMagic.size());
  for (std::vector<float>* values : {&parameters, &velocity}) {
    std::memcpy(values->data(), bytes.data(), values->size() * sizeof(float));
    bytes.remove_prefix(values->size() * sizeof(float));
  }
  Random::State words{};
  Take(bytes, words);
  random = Random(words);
  Take(bytes, words);
  at_epoch_start = Random(words);
  Take(bytes, epoch);
  Take(bytes, step);
  Take(bytes, loss_sum);
  Take(bytes, right);
  Take(bytes, seen);
  return true;
}

Done Train(const Examples& examples, const EpochPlan& plan, TrainingState& state,
           const std::function<Done(const TrainingState&)>& after_step) {
  Descent descent(examples, plan);
  while (state.epoch < plan.epochs) {
    if (state.step == 0) {
      state.at_epoch_start = state.random;
    }
    Random shuffling = state.at_epoch_start;
    const std::vector<uint32_t> order = DrawEpoch(examples, shuffling);
    if (state.step == 0) {
      state.random = shuffling;
    }
    while (state.step < plan.steps_per_epoch) {
      const size_t begin = order.size() * state.step / plan.steps_per_epoch;
      const size_t end = order.size() * (state.step + 1) / plan.steps_per_epoch;
      descent.Step(std::span(order).subspan(begin, end - begin), state);
      if (state.step < plan.steps_per_epoch) {
        WAFER_RETURN_IF_FAILED(after_step(state));
      }
    }
    state.step = 0;
    ++state.epoch;
    WAFER_RETURN_IF_FAILED(after_step(state));
  }
  return Success();
}

}  // namespace wafer
