// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set with WAFER_KERNELS set to the variant's name. It includes and
// instantiates nothing that another file could share: the linker keeps one copy of a shared inline
// function, and it must not be one with instructions that the processor lacks.
#include "kernels.h"

namespace wafer::WAFER_KERNELS {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
constexpr int kTile = 16;   // output channels at a time
constexpr int kPixels = 8;  // side by side at a time; divides the width
#elif defined(__AVX__)
constexpr int kLanes = 8;
constexpr int kTile = 16;
constexpr int kPixels = 4;
#elif defined(__aarch64__)
constexpr int kLanes = 4;
constexpr int kTile = 16;
constexpr int kPixels = 4;
#else
constexpr int kLanes = 4;
constexpr int kTile = 8;  // sixteen registers of four lanes hold no more
constexpr int kPixels = 4;
#endif
constexpr int kVectors = kTile / kLanes;
constexpr int kRows = 6;  // rows of the weight gradient at a time; divides 3 * in_channels

typedef float Vector __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
typedef int Mask __attribute__((vector_size(kLanes * 4)));

inline Vector Load(const float* at) { return *reinterpret_cast<const Vector*>(at); }
inline void Store(float* at, Vector value) { *reinterpret_cast<Vector*>(at) = value; }

// kPixels pixels, kTile output channels.
void ConvolveTile(const ConvShape& s, const float* input, const float* weights, const float* bias,
                  float* output) {
  Vector sum[kPixels][kVectors];
  for (int v = 0; v < kVectors; ++v) {
    const Vector start = bias != nullptr ? Load(bias + v * kLanes) : Vector{};
    for (int p = 0; p < kPixels; ++p) {
      sum[p][v] = start;
    }
  }
  const int in_stride = (s.width + 2) * s.in_channels;
  for (int ky = 0; ky < 3; ++ky, input += in_stride) {
    for (int j = 0; j < 3 * s.in_channels; ++j, weights += s.out_channels) {
      for (int p = 0; p < kPixels; ++p) {
        const float x = input[p * s.in_channels + j];
        for (int v = 0; v < kVectors; ++v) {
          sum[p][v] += x * Load(weights + v * kLanes);
        }
      }
    }
  }
  for (int p = 0; p < kPixels; ++p) {
    for (int v = 0; v < kVectors; ++v) {
      Store(output + p * s.out_channels + v * kLanes, sum[p][v]);
    }
  }
}

void Convolve(const ConvShape& s, const float* input, const float* weights, const float* bias,
              float* output) {
  for (int y = 0; y < s.height; ++y) {
    for (int x = 0; x < s.width; x += kPixels) {
      const float* in = input + (y * (s.width + 2) + x) * s.in_channels;
      float* out = output + (y * s.width + x) * s.out_channels;
      for (int o = 0; o < s.out_channels; o += kTile) {
        ConvolveTile(s, in, weights + o, bias != nullptr ? bias + o : bias, out + o);
      }
    }
  }
}

// kRows rows of the weight gradient of one kernel row, kTile output channels.
void GradientTile(const ConvShape& s, const float* input, const float* gradient, float* weights) {
  Vector sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      sum[r][v] = Load(weights + r * s.out_channels + v * kLanes);
    }
  }
  for (int y = 0; y < s.height; ++y) {
    const float* in = input + y * (s.width + 2) * s.in_channels;
    const float* g = gradient + y * (s.width + 2) * s.out_channels;
    for (int x = 0; x < s.width; ++x, in += s.in_channels, g += s.out_channels) {
      for (int r = 0; r < kRows; ++r) {
        for (int v = 0; v < kVectors; ++v) {
          sum[r][v] += in[r] * Load(g + v * kLanes);
        }
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      Store(weights + r * s.out_channels + v * kLanes, sum[r][v]);
    }
  }
}

void AddGradient(const ConvShape& s, const float* input, const float* gradient, float* weights,
                 float* bias) {
  const float* inner = gradient + (s.width + 3) * s.out_channels;
  for (int o = 0; o < s.out_channels; o += kTile) {
    for (int ky = 0; ky < 3; ++ky) {
      for (int j = 0; j < 3 * s.in_channels; j += kRows) {
        GradientTile(s, input + ky * (s.width + 2) * s.in_channels + j, inner + o,
                     weights + (ky * 3 * s.in_channels + j) * s.out_channels + o);
      }
    }
  }
  for (int y = 0; y < s.height; ++y) {
    for (int x = 0; x < s.width; ++x) {
      const float* g = inner + (y * (s.width + 2) + x) * s.out_channels;
      for (int o = 0; o < s.out_channels; o += kLanes) {
        Store(bias + o, Load(bias + o) + Load(g + o));
      }
    }
  }
}

inline Vector Larger(Vector a, Vector b) { return a > b ? a : b; }

void Pool(const float* map, int height, int width, int channels, bool padded, float* pooled) {
  const int row = 2 * width * channels;
  const int border = padded ? 1 : 0;
  for (int y = 0; y < height; ++y) {
    float* out = pooled + ((y + border) * (width + 2 * border) + border) * channels;
    for (int x = 0; x < width; ++x, out += channels) {
      const float* in = map + 2 * y * row + 2 * x * channels;
      for (int c = 0; c < channels; c += kLanes) {
        const Vector top = Larger(Load(in + c), Load(in + channels + c));
        const Vector bottom = Larger(Load(in + row + c), Load(in + row + channels + c));
        Store(out + c, Larger(Larger(top, bottom), Vector{}));
      }
    }
  }
}

void Unpool(const float* map, const float* gradient, int height, int width, int channels,
            float* result) {
  const int row = 2 * width * channels;
  const int out_row = (2 * width + 2) * channels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x, gradient += channels) {
      const float* in = map + 2 * y * row + 2 * x * channels;
      float* out = result + (2 * y + 1) * out_row + (2 * x + 1) * channels;
      for (int c = 0; c < channels; c += kLanes) {
        const Vector g = Load(gradient + c);
        const Vector value[4] = {Load(in + c), Load(in + channels + c), Load(in + row + c),
                                 Load(in + row + channels + c)};
        const Vector top = Larger(Larger(value[0], value[1]), Larger(value[2], value[3]));
        Mask open = top > Vector{};
        const int place[4] = {c, channels + c, out_row + c, out_row + channels + c};
        for (int k = 0; k < 4; ++k) {
          const Mask here = open & (value[k] == top);
          Store(out + place[k], here ? g : Vector{});
          open &= ~here;
        }
      }
    }
  }
}

}  // namespace

extern const Kernels kKernels;
const Kernels kKernels = {WAFER_KERNELS_NAME, Convolve, AddGradient, Pool, Unpool};

}  // namespace wafer::WAFER_KERNELS
