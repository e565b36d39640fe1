// SPDX-License-Identifier: Apache-2.0
#include "network.h"

#include <cmath>
#include <cstdint>
#include <utility>

#include <Eigen/Core>

namespace wafer {
namespace {

constexpr int kFeatures = 4 * 4 * 32;

using DenseWeights = Eigen::Matrix<float, kFeatures, kClasses, Eigen::RowMajor>;
using Features = Eigen::Matrix<float, kFeatures, 1>;
using Classes = Eigen::Matrix<float, kClasses, 1>;

constexpr std::array<ConvShape, 3> kConvolutions = {{
    {.height = 32, .width = 32, .in_channels = kChannels, .out_channels = 16},
    {.height = 16, .width = 16, .in_channels = 16, .out_channels = 32},
    {.height = 8, .width = 8, .in_channels = 32, .out_channels = 32},
}};
enum Tensor : size_t { kDenseWeight = 6, kDenseBias = 7 };

std::vector<TensorShape> MakeShapes() {
  std::vector<TensorShape> shapes;
  size_t begin = 0;
  const auto add = [&](std::string_view name, std::vector<int> shape) {
    size_t elements = 1;
    for (const int side : shape) {
      elements *= static_cast<size_t>(side);
    }
    shapes.push_back({name, std::move(shape), begin, elements});
    begin += elements;
  };
  constexpr std::array<std::string_view, 6> kNames = {
      "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "conv3.weight", "conv3.bias"};
  for (size_t i = 0; i < kConvolutions.size(); ++i) {
    const ConvShape& conv = kConvolutions[i];
    add(kNames[2 * i], {3, 3, conv.in_channels, conv.out_channels});
    add(kNames[2 * i + 1], {conv.out_channels});
  }
  add("dense.weight", {kFeatures, kClasses});
  add("dense.bias", {kClasses});
  return shapes;
}

size_t Area(int height, int width, int channels) {
  return static_cast<size_t>(height) * static_cast<size_t>(width) * static_cast<size_t>(channels);
}

// For each symmetry, the source cell of every cell.
const std::vector<std::array<uint16_t, kSide * kSide>>& SymmetryTable() {
  static const auto table = [] {
    std::vector<std::array<uint16_t, kSide * kSide>> made(kSymmetries);
    for (int s = 0; s < kSymmetries; ++s) {
      for (int row = 0; row < kSide; ++row) {
        for (int col = 0; col < kSide; ++col) {
          int r = (s & 1) != 0 ? kSide - 1 - row : row;
          int c = (s & 2) != 0 ? kSide - 1 - col : col;
          if ((s & 4) != 0) {
            std::swap(r, c);
          }
          made[static_cast<size_t>(s)][static_cast<size_t>(row * kSide + col)] =
              static_cast<uint16_t>(r * kSide + c);
        }
      }
    }
    return made;
  }();
  return table;
}

}  // namespace

const std::vector<TensorShape>& ParameterShapes() {
  static const std::vector<TensorShape> shapes = MakeShapes();
  return shapes;
}

std::vector<float> InitialParameters(Random& random) {
  std::vector<float> parameters(kParameters, 0.0f);
  for (const TensorShape& tensor : ParameterShapes()) {
    if (tensor.shape.size() == 1) {
      continue;
    }
    const auto outputs = static_cast<size_t>(tensor.shape.back());
    const double deviation = std::sqrt(2.0 / static_cast<double>(tensor.elements / outputs));
    for (size_t i = 0; i < tensor.elements; ++i) {
      parameters[tensor.begin + i] = static_cast<float>(deviation * random.Normal());
    }
  }
  return parameters;
}

Network::Network(const Kernels& kernels)
    : kernels_(kernels), parameters_(kParameters), features_(kFeatures), by_features_(kFeatures) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    const ConvShape& s = kConvolutions[i];
    Layer& layer = layers_[i];
    layer.shape = s;
    layer.weight = ParameterShapes()[2 * i].begin;
    layer.bias = ParameterShapes()[2 * i + 1].begin;
    layer.input.resize(Area(s.height + 2, s.width + 2, s.in_channels));
    layer.output.resize(Area(s.height, s.width, s.out_channels));
    layer.by_output.resize(Area(s.height + 2, s.width + 2, s.out_channels));
    layer.by_input.resize(Area(s.height, s.width, s.in_channels));
    layer.reversed.resize(Area(3, 3, s.in_channels * s.out_channels));
  }
}

void Network::SetParameters(std::span<const float> parameters) {
  parameters_.assign(parameters.begin(), parameters.end());
  for (size_t i = 1; i < layers_.size(); ++i) {  // nobody asks for the gradient by the map itself
    Layer& layer = layers_[i];
    const Eigen::Index in = layer.shape.in_channels;
    const Eigen::Index out = layer.shape.out_channels;
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    for (Eigen::Index tap = 0; tap < 9; ++tap) {
      const Eigen::Map<const Matrix> from(&parameters_[layer.weight] + tap * in * out, in, out);
      Eigen::Map<Matrix>(layer.reversed.data() + (8 - tap) * in * out, out, in) = from.transpose();
    }
  }
}

Logits Network::Forward(const Cells& cells, int symmetry) {
  const auto& source = SymmetryTable()[static_cast<size_t>(symmetry)];
  size_t cell = 0;
  for (size_t row = 0; row < kSide; ++row) {
    float* at = &layers_[0].input[((row + 1) * (kSide + 2) + 1) * kChannels];
    for (size_t col = 0; col < kSide; ++col, at += kChannels) {
      const uint8_t* from = &cells[size_t{source[cell++]} * kChannels];
      at[0] = static_cast<float>(from[0]) / 255.0f;
      at[1] = static_cast<float>(from[1]) / 255.0f;
    }
  }
  for (size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = layers_[i];
    const ConvShape& s = layer.shape;
    const bool last = i + 1 == layers_.size();
    kernels_.convolve(s, layer.input.data(), &parameters_[layer.weight], &parameters_[layer.bias],
                      layer.output.data());
    kernels_.pool(layer.output.data(), s.height / 2, s.width / 2, s.out_channels, !last,
                  last ? features_.data() : layers_[i + 1].input.data());
  }
  const float* dense = &parameters_[ParameterShapes()[kDenseWeight].begin];
  const float* bias = &parameters_[ParameterShapes()[kDenseBias].begin];
  Logits logits;
  Eigen::Map<Classes>(logits.data()) = Eigen::Map<const DenseWeights>(dense).transpose() *
                                           Eigen::Map<const Features>(features_.data()) +
                                       Eigen::Map<const Classes>(bias);
  return logits;
}

void Network::AddGradient(const Logits& by_logits, std::span<float> gradient) {
  const size_t dense = ParameterShapes()[kDenseWeight].begin;
  const Eigen::Map<const Classes> by(by_logits.data());
  Eigen::Map<DenseWeights>(&gradient[dense]).noalias() +=
      Eigen::Map<const Features>(features_.data()) * by.transpose();
  Eigen::Map<Classes>(&gradient[ParameterShapes()[kDenseBias].begin]) += by;
  Eigen::Map<Features>(by_features_.data()).noalias() =
      Eigen::Map<const DenseWeights>(&parameters_[dense]) * by;
  const float* by_pooled = by_features_.data();
  for (size_t i = layers_.size(); i-- > 0;) {
    Layer& layer = layers_[i];
    const ConvShape& s = layer.shape;
    kernels_.unpool(layer.output.data(), by_pooled, s.height / 2, s.width / 2, s.out_channels,
                    layer.by_output.data());
    kernels_.add_gradient(s, layer.input.data(), layer.by_output.data(), &gradient[layer.weight],
                          &gradient[layer.bias]);
    if (i > 0) {
      const ConvShape back = {.height = s.height,
                              .width = s.width,
                              .in_channels = s.out_channels,
                              .out_channels = s.in_channels};
      kernels_.convolve(back, layer.by_output.data(), layer.reversed.data(), nullptr,
                        layer.by_input.data());
      by_pooled = layer.by_input.data();
    }
  }
}

}  // namespace wafer
