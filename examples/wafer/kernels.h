// SPDX-License-Identifier: Apache-2.0
// The inner loops of the network, built once per instruction set and chosen at run time.
//
// Every sum runs over its terms in one fixed order, whatever the width of a vector: all variants
// with fused multiply-add give the same bits.
#pragma once

#include <cstdint>
#include <vector>

namespace wafer {

// A map is [height][width][channels]; a padded map has a border of one zero on every side.
// Channels are multiples of 16, but for the 2 of the first input.
struct ConvShape {
  int height;
  int width;
  int in_channels;
  int out_channels;
};

struct Kernels {
  const char* name;

  // output[y][x][o] = bias[o] + sum over ky, kx, i of
  //                   input[y + ky][x + kx][i] * weights[ky][kx][i][o].
  // `input` is padded, `output` is not; `bias` may be null. The width is a multiple of 8.
  void (*convolve)(const ConvShape& shape, const float* input, const float* weights,
                   const float* bias, float* output);

  // weights[ky][kx][i][o] += sum over y, x of input[y + ky][x + kx][i] * gradient[y][x][o], and
  // bias[o] += sum of gradient[y][x][o]. `input` and `gradient` are padded.
  void (*add_gradient)(const ConvShape& shape, const float* input, const float* gradient,
                       float* weights, float* bias);

  // pooled[y][x][c] = max(0, the four values of map), map [2 height][2 width][channels], `pooled`
  // [height][width][channels] without border, or padded when `padded`.
  void (*pool)(const float* map, int height, int width, int channels, bool padded, float* pooled);

  // The gradient of `pool`, for an unpadded gradient of the pooled map: to the first largest of
  // the four values if it is above 0. `result` is padded; its border is left alone.
  void (*unpool)(const float* map, const float* gradient, int height, int width, int channels,
                 float* result);
};

// The variants that this processor can run, the best first.
std::vector<const Kernels*> SupportedKernels();

}  // namespace wafer
