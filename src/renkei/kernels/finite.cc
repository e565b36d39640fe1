// SPDX-License-Identifier: Apache-2.0
#include "renkei/kernels/finite.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "renkei/kernels/weighted_mean.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "renkei/kernels/finite.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace renkei::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// How many values, in whole vectors, come before the first that has all bits of `infinity`.
template <typename T>
size_t CountFinite(const uint8_t* values, size_t count, T infinity) {
  const hn::ScalableTag<T> d;
  const size_t n = hn::Lanes(d);
  const auto mask = hn::Set(d, infinity);
  size_t i = 0;
  for (; i + n <= count; i += n) {
    const auto bits = hn::LoadU(d, reinterpret_cast<const T*>(values + i * sizeof(T)));
    if (!hn::AllFalse(d, hn::Eq(hn::And(bits, mask), mask))) break;
  }
  return i;
}

size_t CountSome(FloatType type, const uint8_t* values, size_t count) {
  switch (type) {
    case FloatType::kF64:
      return CountFinite<uint64_t>(values, count, uint64_t{0x7FF} << 52);
    case FloatType::kF32:
      return CountFinite<uint32_t>(values, count, 0x7F800000);
    case FloatType::kF16:
      return CountFinite<uint16_t>(values, count, 0x7C00);
    case FloatType::kBF16:
      return CountFinite<uint16_t>(values, count, 0x7F80);
  }
  return 0;
}

}  // namespace
}  // namespace renkei::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace renkei::kernels {

HWY_EXPORT(CountSome);

namespace {

template <typename T>
size_t FirstFrom(const uint8_t* values, size_t first, size_t count, T infinity) {
  for (size_t i = first; i < count; ++i) {
    T bits;
    std::memcpy(&bits, values + i * sizeof(T), sizeof(T));
    if ((bits & infinity) == infinity) return i;
  }
  return count;
}

size_t FirstFrom(FloatType type, const uint8_t* values, size_t first, size_t count) {
  switch (type) {
    case FloatType::kF64:
      return FirstFrom<uint64_t>(values, first, count, uint64_t{0x7FF} << 52);
    case FloatType::kF32:
      return FirstFrom<uint32_t>(values, first, count, 0x7F800000);
    case FloatType::kF16:
      return FirstFrom<uint16_t>(values, first, count, 0x7C00);
    case FloatType::kBF16:
      return FirstFrom<uint16_t>(values, first, count, 0x7F80);
  }
  return count;
}

constexpr size_t kLanes = 8;
constexpr size_t kBlock = 512;

}  // namespace

size_t FirstNotFinite(FloatType type, const uint8_t* values, size_t count) {
  return FirstFrom(type, values, HWY_DYNAMIC_DISPATCH(CountSome)(type, values, count), count);
}

size_t FirstNotFiniteScalar(FloatType type, const uint8_t* values, size_t count) {
  return FirstFrom(type, values, 0, count);
}

double SquareLanes::Sum() const {
  double sum = 0;
  for (const double value : lane) sum += value;
  return sum;
}

void AddSquares(FloatType type, const uint8_t* values, size_t count, SquareLanes& lanes) {
  double block[kBlock];
  for (size_t first = 0; first < count; first += kBlock) {
    const size_t size = std::min(kBlock, count - first);
    const WeightedValues widened = {.values = values + first * WidthOf(type), .weight = 1.0};
    AddWeighted(type, {&widened, 1}, Start::kZero, {block, size});
    std::fill(block + size, block + (size + kLanes - 1) / kLanes * kLanes, 0.0);
    for (size_t i = 0; i < size; i += kLanes) {
      for (size_t j = 0; j < kLanes; ++j) lanes.lane[j] += block[i + j] * block[i + j];
    }
  }
}

}  // namespace renkei::kernels
#endif  // HWY_ONCE
