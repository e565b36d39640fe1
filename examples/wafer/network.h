// SPDX-License-Identifier: Apache-2.0
// The classifier: three times 3x3 convolution, ReLU and 2x2 maximum pooling (2 to 16 to 32 to 32
// channels, 32x32 to 4x4 cells), then one dense layer to nine logits. 18,809 parameters.
//
// One map goes through the whole network at a time, so that everything it touches stays in the
// second-level cache.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "examples.h"
#include "kernels.h"
#include "random.h"

namespace wafer {

struct TensorShape {
  std::string_view name;
  std::vector<int> shape;
  size_t begin;  // of its first element in the parameters
  size_t elements;
};

// The parameters in their order: conv{1,2,3}.weight [3][3][in][out] and .bias [out],
// dense.weight [512][9] (of [4][4][32] cells) and dense.bias [9].
const std::vector<TensorShape>& ParameterShapes();
inline constexpr size_t kParameters = 18'809;

// Normal weights of variance 2 / inputs, biases 0. He et al. 2015.
std::vector<float> InitialParameters(Random& random);

using Logits = std::array<float, kClasses>;

inline constexpr int kSymmetries = 8;  // of the square: quarter turns, mirrored or not

class Network {
 public:
  explicit Network(const Kernels& kernels = *SupportedKernels().front());

  // Copies; must be called before Forward and whenever the parameters have changed.
  void SetParameters(std::span<const float> parameters);

  // The logits of `cells` seen through `symmetry`, 0 (unchanged) to 7.
  Logits Forward(const Cells& cells, int symmetry = 0);

  // Adds the gradient of the loss by the parameters, given its gradient by the logits of the last
  // Forward.
  void AddGradient(const Logits& by_logits, std::span<float> gradient);

 private:
  struct Layer {
    ConvShape shape;
    size_t weight;  // begin in the parameters
    size_t bias;
    std::vector<float> input;      // padded
    std::vector<float> output;     // before ReLU
    std::vector<float> by_output;  // padded gradient
    std::vector<float> by_input;   // gradient by the input, not padded
    std::vector<float> reversed;   // weights [2-ky][2-kx][out][in], for the gradient by the input
  };

  const Kernels& kernels_;
  std::vector<float> parameters_;
  std::array<Layer, 3> layers_;
  std::vector<float> features_;  // [4][4][32]
  std::vector<float> by_features_;
};

}  // namespace wafer
