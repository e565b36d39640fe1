// SPDX-License-Identifier: Apache-2.0
#include "renkei/kernels/float_type.h"

#include <bit>

namespace renkei::kernels {
namespace {

constexpr int kFractionBits64 = 52;
constexpr int kBias64 = 1023;

// `exponent_bits` and `fraction_bits` of an IEEE 754 binary format.
struct Format {
  int exponent_bits;
  int fraction_bits;
  constexpr int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  constexpr uint64_t infinity() const {
    return ((uint64_t{1} << exponent_bits) - 1) << fraction_bits;
  }
  constexpr uint64_t quiet_nan() const { return infinity() | (uint64_t{1} << (fraction_bits - 1)); }
  constexpr int sign_shift() const { return exponent_bits + fraction_bits; }
};

constexpr Format kSingle = {.exponent_bits = 8, .fraction_bits = 23};
constexpr Format kHalf = {.exponent_bits = 5, .fraction_bits = 10};
constexpr Format kBrain = {.exponent_bits = 8, .fraction_bits = 7};

uint64_t ShiftRightNearestEven(uint64_t value, int shift) {
  const uint64_t kept = value >> shift;
  const uint64_t rest = value & ((uint64_t{1} << shift) - 1);
  const uint64_t half = uint64_t{1} << (shift - 1);
  return kept + (rest > half || (rest == half && (kept & 1) != 0) ? 1 : 0);
}

uint64_t Narrow(const Format& to, double value) {
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  const uint64_t sign = (bits >> 63) << to.sign_shift();
  const int exponent = static_cast<int>((bits >> kFractionBits64) & 0x7FF);
  const uint64_t fraction = bits & ((uint64_t{1} << kFractionBits64) - 1);
  if (exponent == 0x7FF) return fraction != 0 ? to.quiet_nan() : sign | to.infinity();
  if (exponent == 0) return sign;  // far below half of the smallest subnormal of any format here
  const uint64_t significand = fraction | (uint64_t{1} << kFractionBits64);
  const int to_exponent = exponent - kBias64 + to.bias();
  const int shift = kFractionBits64 - to.fraction_bits;
  if (to_exponent <= 0) {  // subnormal or zero; a carry into the normals is right as it is
    const int deeper = shift + 1 - to_exponent;
    return deeper > kFractionBits64 + 1 ? sign : sign | ShiftRightNearestEven(significand, deeper);
  }
  // The significand's leading one adds 1 to the exponent field, and so does a carry.
  const uint64_t base = static_cast<uint64_t>(to_exponent - 1) << to.fraction_bits;
  const uint64_t result = base + ShiftRightNearestEven(significand, shift);
  return sign | (result < to.infinity() ? result : to.infinity());
}

double Widen(const Format& from, uint64_t bits) {
  const uint64_t sign = (bits >> from.sign_shift()) << 63;
  const uint64_t magnitude = bits & ((uint64_t{1} << from.sign_shift()) - 1);
  const int shift = kFractionBits64 - from.fraction_bits;
  if (magnitude >= from.infinity()) {
    return std::bit_cast<double>(sign | (uint64_t{0x7FF} << kFractionBits64) |
                                 ((magnitude - from.infinity()) << shift));
  }
  const uint64_t exponent = magnitude >> from.fraction_bits;
  const uint64_t rebias = static_cast<uint64_t>(kBias64 - from.bias());
  if (exponent != 0) {
    return std::bit_cast<double>(sign | ((magnitude << shift) + (rebias << kFractionBits64)));
  }
  // magnitude * 2^(1 - bias - fraction_bits): a whole number times a power of two, exact.
  const uint64_t quantum = rebias + 1 - static_cast<uint64_t>(from.fraction_bits);
  const double positive =
      static_cast<double>(magnitude) * std::bit_cast<double>(quantum << kFractionBits64);
  return std::bit_cast<double>(sign | std::bit_cast<uint64_t>(positive));
}

}  // namespace

double WidenF16(uint16_t bits) { return Widen(kHalf, bits); }
double WidenBF16(uint16_t bits) { return Widen(kBrain, bits); }

uint32_t NarrowF32(double value) { return static_cast<uint32_t>(Narrow(kSingle, value)); }
uint16_t NarrowF16(double value) { return static_cast<uint16_t>(Narrow(kHalf, value)); }
uint16_t NarrowBF16(double value) { return static_cast<uint16_t>(Narrow(kBrain, value)); }

}  // namespace renkei::kernels
