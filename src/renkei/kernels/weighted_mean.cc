// SPDX-License-Identifier: Apache-2.0
#include "renkei/kernels/weighted_mean.h"

#include <bit>
#include <cstring>
#include <limits>

// clang-format off
// Compiles the part between HWY_BEFORE_NAMESPACE and HWY_AFTER_NAMESPACE once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "renkei/kernels/weighted_mean.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace renkei::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

// Targets that widen float16 in one exact instruction (VCVTPH2PS).
#if HWY_ARCH_X86 && !defined(HWY_DISABLE_F16C)
constexpr bool kHasHalf = HWY_TARGET <= HWY_AVX2;  // better targets have lower numbers
#else
constexpr bool kHasHalf = false;
#endif

// float32 from float16 without the target's own conversion, of which some know neither infinity
// nor subnormals. F. Giesen, "half to float done quic" (2012).
template <class D32>
HWY_INLINE hn::Vec<hn::Rebind<float, D32>> SingleFromHalf(D32 d32, hn::Vec<D32> half) {
  const hn::Rebind<float, D32> df;
  const auto exponent_mask = hn::Set(d32, 0x7C00u << 13);
  const auto magnitude = hn::ShiftLeft<13>(hn::And(half, hn::Set(d32, 0x7FFFu)));
  const auto exponent = hn::And(magnitude, exponent_mask);
  const auto rebias = hn::Set(d32, 112u << 23);
  const auto normal = hn::Add(magnitude, rebias);
  const auto special = hn::Add(normal, rebias);
  const auto smallest = hn::Set(d32, 113u << 23);  // 2^-14
  const auto subnormal = hn::BitCast(
      d32, hn::Sub(hn::BitCast(df, hn::Or(magnitude, smallest)), hn::BitCast(df, smallest)));
  auto result = hn::IfThenElse(hn::Eq(exponent, exponent_mask), special, normal);
  result = hn::IfThenElse(hn::Eq(exponent, hn::Zero(d32)), subnormal, result);
  const auto sign = hn::ShiftLeft<16>(hn::And(half, hn::Set(d32, 0x8000u)));
  return hn::BitCast(df, hn::Or(result, sign));
}

template <FloatType kType>
HWY_INLINE V Load(D d, const uint8_t* from) {
  const hn::Rebind<float, D> df;
  const hn::Rebind<uint32_t, D> d32;
  const hn::Rebind<uint16_t, D> d16;
  if constexpr (kType == FloatType::kF64) {
    return hn::LoadU(d, reinterpret_cast<const double*>(from));
  } else if constexpr (kType == FloatType::kF32) {
    return hn::PromoteTo(d, hn::LoadU(df, reinterpret_cast<const float*>(from)));
  } else if constexpr (kType == FloatType::kF16 && kHasHalf) {
    const hn::Rebind<hwy::float16_t, D> dh;
    const auto half = hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(from));
    return hn::PromoteTo(d, hn::PromoteTo(df, half));
  } else {
    const auto wide = hn::PromoteTo(d32, hn::LoadU(d16, reinterpret_cast<const uint16_t*>(from)));
    if constexpr (kType == FloatType::kF16) return hn::PromoteTo(d, SingleFromHalf(d32, wide));
    return hn::PromoteTo(d, hn::BitCast(df, hn::ShiftLeft<16>(wide)));
  }
}

// Four vectors at a time, to overlap the latency of the additions; the sites innermost, so that
// the sums stay in registers. Returns how many values it did.
template <FloatType kType>
size_t AddBlocks(std::span<const WeightedValues> sites, bool from_zero, std::span<double> sums) {
  const D d;
  const size_t n = hn::Lanes(d);
  const size_t width = WidthOf(kType);
  size_t i = 0;
  for (; i + 4 * n <= sums.size(); i += 4 * n) {
    double* at = sums.data() + i;
    V s0 = from_zero ? hn::Zero(d) : hn::LoadU(d, at);
    V s1 = from_zero ? hn::Zero(d) : hn::LoadU(d, at + n);
    V s2 = from_zero ? hn::Zero(d) : hn::LoadU(d, at + 2 * n);
    V s3 = from_zero ? hn::Zero(d) : hn::LoadU(d, at + 3 * n);
    for (const WeightedValues& site : sites) {
      const V weight = hn::Set(d, site.weight);
      const uint8_t* from = site.values + i * width;
      s0 = hn::Add(s0, hn::Mul(weight, Load<kType>(d, from)));
      s1 = hn::Add(s1, hn::Mul(weight, Load<kType>(d, from + n * width)));
      s2 = hn::Add(s2, hn::Mul(weight, Load<kType>(d, from + 2 * n * width)));
      s3 = hn::Add(s3, hn::Mul(weight, Load<kType>(d, from + 3 * n * width)));
    }
    hn::StoreU(s0, d, at);
    hn::StoreU(s1, d, at + n);
    hn::StoreU(s2, d, at + 2 * n);
    hn::StoreU(s3, d, at + 3 * n);
  }
  return i;
}

size_t AddSome(FloatType type, std::span<const WeightedValues> sites, bool from_zero,
               std::span<double> sums) {
  switch (type) {
    case FloatType::kF64:
      return AddBlocks<FloatType::kF64>(sites, from_zero, sums);
    case FloatType::kF32:
      return AddBlocks<FloatType::kF32>(sites, from_zero, sums);
    case FloatType::kF16:
      return AddBlocks<FloatType::kF16>(sites, from_zero, sums);
    case FloatType::kBF16:
      return AddBlocks<FloatType::kBF16>(sites, from_zero, sums);
  }
  return 0;
}

// One rounding from float64 to a 16-bit format of `kExponent` and `kFraction` bits, by integers:
// normal results by adding just under half a unit, subnormal ones by letting the float64 adder
// round at the format's quantum. `value` must not be beyond the largest finite one.
template <int kExponent, int kFraction, class DU>
HWY_INLINE hn::Vec<DU> NarrowFinite(D d, DU du, V value) {
  constexpr int kBias = (1 << (kExponent - 1)) - 1;
  constexpr int kShift = 52 - kFraction;
  constexpr uint64_t kRebias = (uint64_t{1} << (kShift - 1)) - 1 - (uint64_t{1023 - kBias} << 52);
  constexpr uint64_t kMagic = uint64_t{1023 + 53 - kBias - kFraction} << 52;
  constexpr uint64_t kSmallestNormal = uint64_t{1023 + 1 - kBias} << 52;
  const V magnitude = hn::Abs(value);
  const auto bits = hn::BitCast(du, magnitude);
  const auto odd = hn::And(hn::ShiftRight<kShift>(bits), hn::Set(du, 1));
  const auto normal = hn::ShiftRight<kShift>(hn::Add(bits, hn::Add(odd, hn::Set(du, kRebias))));
  const auto magic = hn::Set(du, kMagic);
  const auto subnormal = hn::Sub(hn::BitCast(du, hn::Add(magnitude, hn::BitCast(d, magic))), magic);
  const auto is_small = hn::Lt(magnitude, hn::BitCast(d, hn::Set(du, kSmallestNormal)));
  const auto narrow = hn::IfThenElse(hn::RebindMask(du, is_small), subnormal, normal);
  return hn::Or(narrow, hn::ShiftLeft<15>(hn::ShiftRight<63>(hn::BitCast(du, value))));
}

// Divides up to the first vector with a value that is not finite, whose exact form is the scalar
// twin's. Returns how many values it did.
template <FloatType kType>
size_t DivideBlocks(std::span<const double> sums, double total, uint8_t* out) {
  constexpr bool kIsHalf = kType == FloatType::kF16;
  constexpr size_t kWidth = WidthOf(kType);
  const D d;
  const hn::RebindToUnsigned<D> du;
  const size_t n = hn::Lanes(d);
  // Half a unit above the largest finite value; the tie goes to the even infinity.
  const double beyond = kType == FloatType::kF64   ? std::numeric_limits<double>::infinity()
                        : kType == FloatType::kF32 ? 0x1.ffffffp127
                        : kIsHalf                  ? 0x1.ffep15
                                                   : 0x1.ffp127;
  const V divisor = hn::Set(d, total);
  const V limit = hn::Set(d, beyond);
  size_t i = 0;
  for (; i + n <= sums.size(); i += n) {
    const V mean = hn::Div(hn::LoadU(d, sums.data() + i), divisor);
    if (!hn::AllTrue(d, hn::Lt(hn::Abs(mean), limit))) break;
    uint8_t* to = out + i * kWidth;
    if constexpr (kType == FloatType::kF64) {
      hn::StoreU(mean, d, reinterpret_cast<double*>(to));
    } else if constexpr (kType == FloatType::kF32) {  // IEEE 754 leaves no choice here
      const hn::Rebind<float, D> df;
      hn::StoreU(hn::DemoteTo(df, mean), df, reinterpret_cast<float*>(to));
    } else {
      const hn::Rebind<uint16_t, D> d16;
      const auto narrow = NarrowFinite < kIsHalf ? 5 : 8, kIsHalf ? 10 : 7 > (d, du, mean);
      hn::StoreU(hn::TruncateTo(d16, narrow), d16, reinterpret_cast<uint16_t*>(to));
    }
  }
  return i;
}

size_t DivideSome(FloatType type, std::span<const double> sums, double total, uint8_t* out) {
  switch (type) {
    case FloatType::kF64:
      return DivideBlocks<FloatType::kF64>(sums, total, out);
    case FloatType::kF32:
      return DivideBlocks<FloatType::kF32>(sums, total, out);
    case FloatType::kF16:
      return DivideBlocks<FloatType::kF16>(sums, total, out);
    case FloatType::kBF16:
      return DivideBlocks<FloatType::kBF16>(sums, total, out);
  }
  return 0;
}

}  // namespace
}  // namespace renkei::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace renkei::kernels {

HWY_EXPORT(AddSome);
HWY_EXPORT(DivideSome);

namespace {

template <typename T>
T ReadAs(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

double WidenAt(FloatType type, const uint8_t* values, size_t index) {
  const uint8_t* at = values + index * WidthOf(type);
  switch (type) {
    case FloatType::kF64:
      return ReadAs<double>(at);
    case FloatType::kF32:
      return static_cast<double>(ReadAs<float>(at));
    case FloatType::kF16:
      return WidenF16(ReadAs<uint16_t>(at));
    case FloatType::kBF16:
      return WidenBF16(ReadAs<uint16_t>(at));
  }
  return 0;
}

template <typename T>
bool Put(T bits, T infinity, uint8_t* at) {
  std::memcpy(at, &bits, sizeof(bits));
  return (bits & infinity) != infinity;
}

bool PutNarrow(FloatType type, double value, uint8_t* at) {
  switch (type) {
    case FloatType::kF64: {
      const double quiet = std::numeric_limits<double>::quiet_NaN();
      const uint64_t bits = std::bit_cast<uint64_t>(value == value ? value : quiet);
      return Put<uint64_t>(bits, uint64_t{0x7FF} << 52, at);
    }
    case FloatType::kF32:
      return Put<uint32_t>(NarrowF32(value), 0x7F800000, at);
    case FloatType::kF16:
      return Put<uint16_t>(NarrowF16(value), 0x7C00, at);
    case FloatType::kBF16:
      return Put<uint16_t>(NarrowBF16(value), 0x7F80, at);
  }
  return false;
}

void AddFrom(FloatType type, std::span<const WeightedValues> sites, bool from_zero,
             std::span<double> sums, size_t first) {
  for (size_t i = first; i < sums.size(); ++i) {
    double sum = from_zero ? 0.0 : sums[i];
    for (const WeightedValues& site : sites) {
      sum += site.weight * WidenAt(type, site.values, i);
    }
    sums[i] = sum;
  }
}

bool DivideFrom(FloatType type, std::span<const double> sums, double total, uint8_t* out,
                size_t first) {
  bool finite = true;
  for (size_t i = first; i < sums.size(); ++i) {
    finite &= PutNarrow(type, sums[i] / total, out + i * WidthOf(type));
  }
  return finite;
}

}  // namespace

void AddWeighted(FloatType type, std::span<const WeightedValues> sites, Start start,
                 std::span<double> sums) {
  const bool from_zero = start == Start::kZero;
  const size_t done = HWY_DYNAMIC_DISPATCH(AddSome)(type, sites, from_zero, sums);
  AddFrom(type, sites, from_zero, sums, done);
}

void AddWeightedScalar(FloatType type, std::span<const WeightedValues> sites, Start start,
                       std::span<double> sums) {
  AddFrom(type, sites, start == Start::kZero, sums, 0);
}

bool DivideAndNarrow(FloatType type, std::span<const double> sums, double total, uint8_t* out) {
  const size_t done = HWY_DYNAMIC_DISPATCH(DivideSome)(type, sums, total, out);
  return DivideFrom(type, sums, total, out, done);
}

bool DivideAndNarrowScalar(FloatType type, std::span<const double> sums, double total,
                           uint8_t* out) {
  return DivideFrom(type, sums, total, out, 0);
}

}  // namespace renkei::kernels
#endif  // HWY_ONCE
