// SPDX-License-Identifier: Apache-2.0
#include "network.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include "kernels.h"
#include "random.h"
#include "scores.h"

namespace wafer {
namespace {

std::vector<float> Drawn(size_t count, Random& random) {
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(random.Normal());
  }
  return values;
}

size_t Cell(const ConvShape& s, int row, int col, int channels, int border) {
  return static_cast<size_t>(((row + border) * (s.width + 2 * border) + col + border) * channels);
}

// [height + 2][width + 2][channels] with zeros around.
std::vector<float> Padded(const ConvShape& s, int channels, Random& random) {
  std::vector<float> map(static_cast<size_t>((s.height + 2) * (s.width + 2) * channels), 0.0f);
  for (int row = 0; row < s.height; ++row) {
    for (int col = 0; col < s.width; ++col) {
      for (int c = 0; c < channels; ++c) {
        map[Cell(s, row, col, channels, 1) + static_cast<size_t>(c)] =
            static_cast<float>(random.Normal());
      }
    }
  }
  return map;
}

// Calls visit(row, col, weight index, input index, output channel) for every product.
template <class Visit>
void EveryProduct(const ConvShape& s, Visit visit) {
  for (int row = 0; row < s.height; ++row) {
    for (int col = 0; col < s.width; ++col) {
      for (int tap = 0; tap < 9; ++tap) {
        for (int i = 0; i < s.in_channels; ++i) {
          for (int o = 0; o < s.out_channels; ++o) {
            const auto weight = static_cast<size_t>((tap * s.in_channels + i) * s.out_channels + o);
            const size_t input = Cell(s, row + tap / 3 - 1, col + tap % 3 - 1, s.in_channels, 1) +
                                 static_cast<size_t>(i);
            visit(row, col, weight, input, o);
          }
        }
      }
    }
  }
}

constexpr ConvShape kShapes[] = {
    {.height = 4, .width = 8, .in_channels = 2, .out_channels = 16},
    {.height = 3, .width = 16, .in_channels = 16, .out_channels = 32},
    {.height = 8, .width = 8, .in_channels = 32, .out_channels = 16},
};

TEST(Kernels, ConvolveAsTheSlowSumDoes) {
  Random random(1);
  for (const ConvShape& s : kShapes) {
    const std::vector<float> input = Padded(s, s.in_channels, random);
    const std::vector<float> weights =
        Drawn(static_cast<size_t>(9 * s.in_channels * s.out_channels), random);
    const std::vector<float> bias = Drawn(static_cast<size_t>(s.out_channels), random);
    std::vector<double> expected(static_cast<size_t>(s.height * s.width * s.out_channels));
    EveryProduct(s, [&](int row, int col, size_t weight, size_t in, int o) {
      expected[Cell(s, row, col, s.out_channels, 0) + static_cast<size_t>(o)] +=
          double{weights[weight]} * double{input[in]};
    });
    for (const Kernels* kernels : SupportedKernels()) {
      std::vector<float> output(expected.size());
      kernels->convolve(s, input.data(), weights.data(), bias.data(), output.data());
      for (size_t i = 0; i < expected.size(); ++i) {
        const double wanted = expected[i] + double{bias[i % static_cast<size_t>(s.out_channels)]};
        ASSERT_NEAR(output[i], wanted, 1e-3) << kernels->name << " at " << i;
      }
    }
  }
}

// The derivative of sum(output * g) by a weight is exact for any finite difference, since the
// output is linear in the weights.
TEST(Kernels, GiveTheFiniteDifferenceOfTheConvolution) {
  Random random(2);
  for (const ConvShape& s : kShapes) {
    const std::vector<float> input = Padded(s, s.in_channels, random);
    const std::vector<float> g = Padded(s, s.out_channels, random);
    const auto count = static_cast<size_t>(9 * s.in_channels * s.out_channels);
    std::vector<double> by_weight(count);
    std::vector<double> by_bias(static_cast<size_t>(s.out_channels));
    EveryProduct(s, [&](int row, int col, size_t weight, size_t in, int o) {
      by_weight[weight] += double{input[in]} *
                           double{g[Cell(s, row, col, s.out_channels, 1) + static_cast<size_t>(o)]};
    });
    for (size_t i = 0; i < g.size(); ++i) {
      by_bias[i % by_bias.size()] += double{g[i]};  // the border is zero
    }
    for (const Kernels* kernels : SupportedKernels()) {
      std::vector<float> weights(count, 1.0f);  // to see that the gradient is added
      std::vector<float> bias(by_bias.size(), 2.0f);
      kernels->add_gradient(s, input.data(), g.data(), weights.data(), bias.data());
      for (size_t i = 0; i < count; ++i) {
        ASSERT_NEAR(weights[i], by_weight[i] + 1, 1e-3) << kernels->name << " at " << i;
      }
      for (size_t i = 0; i < by_bias.size(); ++i) {
        ASSERT_NEAR(bias[i], by_bias[i] + 2, 1e-3) << kernels->name << " at " << i;
      }
    }
  }
}

TEST(Kernels, PoolTheLargestAndSendTheGradientToTheFirstOfThem) {
  constexpr int kChannelCount = 16;
  // One pooled cell of 16 channels; channel k has the four values of row k.
  const float rows[kChannelCount][4] = {{1, 2, 3, 4},   {4, 3, 2, 1},     {-1, -2, -3, -4},
                                        {0, 0, 0, 0},   {5, 5, 5, 5},     {1, 7, 7, 2},
                                        {-1, 0, -1, 0}, {0.5, -1, 0.5, 0}};
  const float pooled[8] = {4, 4, 0, 0, 5, 7, 0, 0.5};
  const int place[8] = {3, 0, -1, -1, 0, 1, -1, 0};
  std::vector<float> map(4 * kChannelCount);
  for (size_t k = 0; k < kChannelCount; ++k) {
    for (size_t v = 0; v < 4; ++v) {
      map[v * kChannelCount + k] = rows[k][v];
    }
  }
  const std::vector<float> gradient(kChannelCount, 3.0f);
  for (const Kernels* kernels : SupportedKernels()) {
    std::vector<float> flat(kChannelCount);
    std::vector<float> bordered(9 * kChannelCount, -1.0f);
    kernels->pool(map.data(), 1, 1, kChannelCount, false, flat.data());
    kernels->pool(map.data(), 1, 1, kChannelCount, true, bordered.data());
    std::vector<float> by_map(16 * kChannelCount, 9.0f);
    kernels->unpool(map.data(), gradient.data(), 1, 1, kChannelCount, by_map.data());
    for (size_t k = 0; k < 8; ++k) {
      EXPECT_EQ(flat[k], pooled[k]) << kernels->name << " channel " << k;
      EXPECT_EQ(bordered[4 * kChannelCount + k], pooled[k]);
      EXPECT_EQ(bordered[k], -1);
      for (size_t v = 0; v < 4; ++v) {
        const size_t at = ((1 + v / 2) * 4 + 1 + v % 2) * kChannelCount + k;
        EXPECT_EQ(by_map[at], static_cast<int>(v) == place[k] ? 3 : 0)
            << kernels->name << " channel " << k << " value " << v;
      }
      EXPECT_EQ(by_map[k], 9) << "the border is left alone";
    }
  }
}

double Loss(Network& network, std::span<const float> parameters, const Cells& cells, size_t truth) {
  network.SetParameters(parameters);
  const Logits logits = network.Forward(cells, 5);
  double sum = 0;
  for (const float logit : logits) {
    sum += std::exp(double{logit});
  }
  return std::log(sum) - double{logits[truth]};
}

// Along the gradient of one tensor the loss rises by the gradient's length. ReLU and pooling have
// corners, so single parameters would not do; over a whole tensor they level out.
TEST(Network, GradientIsTheFiniteDifferenceOfTheLoss) {
  for (const Kernels* kernels : SupportedKernels()) {
    Network network(*kernels);
    Random random(3);
    std::vector<float> parameters = InitialParameters(random);
    for (float& parameter : parameters) {
      parameter += static_cast<float>(0.05 * random.Normal());  // biases other than 0 too
    }
    Cells cells;
    for (uint8_t& cell : cells) {
      cell = static_cast<uint8_t>(random.Below(256));
    }
    Loss(network, parameters, cells, 4);
    const auto p = Probabilities(network.Forward(cells, 5));
    Logits by_logits;
    for (size_t c = 0; c < kClasses; ++c) {
      by_logits[c] = static_cast<float>(p[c] - (c == 4 ? 1 : 0));
    }
    std::vector<float> gradient(kParameters, 0.0f);
    network.AddGradient(by_logits, gradient);
    for (const TensorShape& tensor : ParameterShapes()) {
      double square = 0;
      for (size_t i = tensor.begin; i < tensor.begin + tensor.elements; ++i) {
        square += double{gradient[i]} * double{gradient[i]};
      }
      const double length = std::sqrt(square);
      constexpr double kStep = 1e-3;
      double rise = 0;
      for (const double side : {1.0, -1.0}) {
        std::vector<float> moved = parameters;
        for (size_t i = tensor.begin; i < tensor.begin + tensor.elements; ++i) {
          moved[i] += static_cast<float>(side * kStep * double{gradient[i]} / length);
        }
        rise += side * Loss(network, moved, cells, 4);
      }
      EXPECT_GT(length, 0.1) << tensor.name;
      EXPECT_NEAR(rise / (2 * kStep), length, 0.02 * length) << kernels->name << tensor.name;
    }
  }
}

TEST(Network, GivesTheSameBitsOnEveryVariantThatFuses) {
  std::vector<std::vector<float>> gradients;
  for (const Kernels* kernels : SupportedKernels()) {
#if defined(__x86_64__)
    if (kernels == SupportedKernels().back()) {
      continue;  // the baseline of x86-64 has no fused multiply-add
    }
#endif
    Network network(*kernels);
    Random random(4);
    network.SetParameters(InitialParameters(random));
    Cells cells;
    for (uint8_t& cell : cells) {
      cell = static_cast<uint8_t>(random.Below(256));
    }
    gradients.emplace_back(kParameters, 0.0f);
    network.AddGradient(network.Forward(cells), gradients.back());
    EXPECT_EQ(gradients.back(), gradients.front()) << kernels->name;
  }
}

TEST(Network, SeesTheEightSymmetriesOfTheSquare) {
  Random random(5);
  Cells cells;
  for (uint8_t& cell : cells) {
    cell = static_cast<uint8_t>(random.Below(256));
  }
  Network network;
  network.SetParameters(InitialParameters(random));
  std::vector<Logits> seen;
  for (int symmetry = 0; symmetry < kSymmetries; ++symmetry) {
    seen.push_back(network.Forward(cells, symmetry));
    for (int other = 0; other < symmetry; ++other) {
      EXPECT_NE(seen.back(), seen[static_cast<size_t>(other)]);
    }
  }
  Cells mirrored;
  for (size_t row = 0; row < kSide; ++row) {
    std::copy_n(&cells[(kSide - 1 - row) * kSide * kChannels], kSide * kChannels,
                &mirrored[row * kSide * kChannels]);
  }
  EXPECT_EQ(network.Forward(mirrored), seen[1]);
}

TEST(Network, HasTheParametersThatItSays) {
  const TensorShape& last = ParameterShapes().back();
  EXPECT_EQ(last.begin + last.elements, kParameters);
}

}  // namespace
}  // namespace wafer
