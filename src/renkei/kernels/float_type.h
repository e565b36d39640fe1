// SPDX-License-Identifier: Apache-2.0
// The float formats of the kernels and their exact conversions, written out in integers so that
// they are the same on every machine. The scalar twin of what SIMD code does.
#pragma once

#include <cstddef>
#include <cstdint>

namespace renkei::kernels {

enum class FloatType { kF64, kF32, kF16, kBF16 };

constexpr size_t WidthOf(FloatType type) {
  return type == FloatType::kF64 ? 8 : type == FloatType::kF32 ? 4 : 2;
}

// Exact.
double WidenF16(uint16_t bits);
double WidenBF16(uint16_t bits);

// One rounding, nearest even, from float64; beyond the largest finite value: infinity. What is
// not a number gives the positive quiet one.
uint32_t NarrowF32(double value);
uint16_t NarrowF16(double value);
uint16_t NarrowBF16(double value);

}  // namespace renkei::kernels
