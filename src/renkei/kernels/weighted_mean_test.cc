// SPDX-License-Identifier: Apache-2.0
#include "renkei/kernels/weighted_mean.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/base/bytes.h"
#include "renkei/base/random.h"
#include "renkei/kernels/every_target.h"

namespace renkei::kernels {
namespace {

constexpr FloatType kTypes[] = {FloatType::kF64, FloatType::kF32, FloatType::kF16,
                                FloatType::kBF16};
constexpr double kWeights[] = {1, 3, 536870911, 77, 12345, 2, 99999, 31, 8};
constexpr size_t kSitesMax = std::size(kWeights);

// Every third value is one that conversions get wrong: subnormals, zeros, the largest.
Bytes SomeValues(FloatType type, size_t count, uint64_t seed) {
  const auto random = MakeSeededRandom(seed);
  Bytes values = random->Take(count * WidthOf(type));
  for (size_t i = 0; i < count; ++i) {
    uint8_t* top = values.data() + (i + 1) * WidthOf(type) - 1;  // sign and high exponent bits
    const bool full_exponent = (*top & 0x7C) == 0x7C;
    if (full_exponent) *top &= 0x8F;
    if (i % 3 == 0) *top &= 0x80;
    if (i % 21 == 0) std::fill(top + 1 - WidthOf(type), top, uint8_t{0});
  }
  return values;
}

std::string Bits(std::span<const double> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

TEST(AddWeighted, IsTheScalarTwinOnEveryTargetLengthAndAlignment) {
  std::vector<std::pair<int64_t, size_t>> ran;
  OnEveryTarget([&] {
    for (const FloatType type : kTypes) {
      for (size_t count = 0; count <= 70; ++count) {
        for (const size_t shift : {0, 1, 5}) {
          std::vector<Bytes> buffers;
          std::vector<WeightedValues> sites;
          for (size_t site = 0; site < 1 + count % kSitesMax; ++site) {
            Bytes values = SomeValues(type, count, 31 * count + site);
            values.insert(values.begin(), shift, uint8_t{0});
            buffers.push_back(std::move(values));
            sites.push_back({buffers.back().data() + shift, kWeights[site]});
          }
          for (const Start start : {Start::kZero, Start::kSums}) {
            std::vector<double> want(count, 0.1), got(count, 0.1);
            AddWeightedScalar(type, sites, start, want);
            AddWeighted(type, sites, start, got);
            ASSERT_EQ(Bits(want), Bits(got)) << int(type) << " length " << count;
          }
        }
      }
    }
  });
}

// The words of the design, without any code of ours.
TEST(AddWeighted, RoundsProductAndSumEachOnceInTheOrderGiven) {
  const double x[] = {0.1, 1e16, -1e16, 1.0 / 3};
  const double w[] = {3, 7, 7, 11};
  double want = 0;
  std::vector<WeightedValues> sites;
  for (size_t i = 0; i < 4; ++i) {
    volatile const double product = w[i] * x[i];
    volatile const double sum = want + product;
    want = sum;
    sites.push_back({reinterpret_cast<const uint8_t*>(&x[i]), w[i]});
  }
  double got = 0;
  AddWeighted(FloatType::kF64, sites, Start::kZero, {&got, 1});
  EXPECT_EQ(std::bit_cast<uint64_t>(got), std::bit_cast<uint64_t>(want));
  EXPECT_NE(got, 3 * 0.1 + 11.0 / 3);  // the order shows
}

TEST(AddWeighted, WidensEveryHalfExactlyOnEveryTarget) {
  std::vector<uint16_t> all(65536);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  const WeightedValues site = {reinterpret_cast<const uint8_t*>(all.data()), 1.0};
  for (const FloatType type : {FloatType::kF16, FloatType::kBF16}) {
    OnEveryTarget([&] {
      std::vector<double> got(all.size());
      AddWeighted(type, {&site, 1}, Start::kZero, got);
      for (size_t i = 0; i < all.size(); ++i) {
        const int exponent_bits = type == FloatType::kF16 ? 5 : 8;
        const int fraction_bits = 15 - exponent_bits;
        const int bias = (1 << (exponent_bits - 1)) - 1;
        const int exponent = (all[i] & 0x7FFF) >> fraction_bits;
        const int fraction = all[i] & ((1 << fraction_bits) - 1);
        if (exponent == (1 << exponent_bits) - 1) {
          ASSERT_EQ(std::isnan(got[i]), fraction != 0) << i;
          ASSERT_FALSE(std::isfinite(got[i])) << i;
          continue;
        }
        const double one = exponent == 0 ? 0.0 : 1.0;
        const double want =
            (all[i] & 0x8000 ? -1 : 1) * std::ldexp(one + std::ldexp(fraction, -fraction_bits),
                                                    (exponent == 0 ? 1 : exponent) - bias);
        ASSERT_EQ(got[i], want) << i;
      }
    });
  }
}

// Values at, just below and just above every tie between neighbours, and past the ends.
std::vector<double> HardValues(FloatType type) {
  std::vector<double> values = {0.0, -0.0, 5e-324, 1e-310, 1e300, -1e300, 3.5e38, -3.5e38};
  const double infinity = std::numeric_limits<double>::infinity();
  values.insert(values.end(), {infinity, -infinity, std::nan("")});
  const auto around = [&](double a, double b) {
    const double tie = (a + b) / 2;
    for (const double value : {a, b, tie, std::nextafter(tie, a), std::nextafter(tie, b)}) {
      values.push_back(value);
      values.push_back(-value);
    }
  };
  if (type == FloatType::kF64) return values;
  if (type == FloatType::kF32) {
    const auto random = MakeSeededRandom(5);
    for (int i = 0; i < 20000; ++i) {
      const uint32_t bits =
          static_cast<uint32_t>(random->Next()) & (i % 3 == 0 ? 0xFFFFF : 0x7F7FFFFE);
      around(std::bit_cast<float>(bits), std::bit_cast<float>(bits + 1));
    }
    const double largest = std::numeric_limits<float>::max();
    around(largest, std::ldexp(1.0, 128));
    return values;
  }
  const auto widen = type == FloatType::kF16 ? WidenF16 : WidenBF16;
  const uint16_t infinity_bits = type == FloatType::kF16 ? 0x7C00 : 0x7F80;
  for (uint16_t bits = 0; bits + 1 < infinity_bits; ++bits) {
    around(widen(bits), widen(static_cast<uint16_t>(bits + 1)));
  }
  around(widen(static_cast<uint16_t>(infinity_bits - 1)),
         std::ldexp(1.0, type == FloatType::kF16 ? 16 : 128));
  return values;
}

TEST(DivideAndNarrow, IsTheScalarTwinOnEveryTarget) {
  for (const FloatType type : kTypes) {
    const std::vector<double> sums = HardValues(type);
    Bytes want(sums.size() * WidthOf(type));
    EXPECT_FALSE(DivideAndNarrowScalar(type, sums, 1.0, want.data()));
    OnEveryTarget([&] {
      Bytes got(want.size() + 3);
      EXPECT_FALSE(DivideAndNarrow(type, sums, 1.0, got.data() + 3));
      got.erase(got.begin(), got.begin() + 3);
      for (size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], want[i]) << sums[i / WidthOf(type)];
      for (size_t count = 0; count < std::min<size_t>(40, sums.size()); ++count) {
        Bytes few(count * WidthOf(type) + 1, 0xAA);
        const std::span<const double> part(sums.data() + sums.size() - count, count);
        Bytes twin(few);
        EXPECT_EQ(DivideAndNarrow(type, part, 7.0, few.data()),
                  DivideAndNarrowScalar(type, part, 7.0, twin.data()));
        ASSERT_EQ(few, twin) << count;
      }
    });
  }
}

TEST(DivideAndNarrow, AgreesWithThePublishedRoundingOfTheFormats) {
  const struct {
    double value;
    uint32_t f32;
    uint16_t f16, bf16;
  } cases[] = {
      {0.0, 0, 0, 0},
      {-0.0, 0x80000000, 0x8000, 0x8000},
      {1.0, 0x3F800000, 0x3C00, 0x3F80},
      {65504, 0x477FE000, 0x7BFF, 0x4780},
      {65519.999, 0x477FF000, 0x7BFF, 0x4780},
      {65520, 0x477FF000, 0x7C00, 0x4780},
      {0x1p-24, 0x33800000, 0x0001, 0x3380},
      {0x1p-25, 0x33000000, 0x0000, 0x3300},
      {0x1.8p-24, 0x33C00000, 0x0002, 0x33C0},
      {0x1p-14, 0x38800000, 0x0400, 0x3880},
      {0x1.ff8p-15, 0x387FC000, 0x03FF, 0x3880},
      {0x1p-149, 0x00000001, 0, 0},
      {0x1p-150, 0x00000000, 0, 0},
      {0x1.8p-149, 0x00000002, 0, 0},
      {0x1.fffffp-127, 0x007FFFFC, 0, 0x0080},
      {0x1p-133, 0x00010000, 0, 0x0001},
      {1.00048828125, 0x3F801000, 0x3C00, 0x3F80},    // a tie of float16: to even
      {1.00390625, 0x3F808000, 0x3C04, 0x3F80},       // a tie of bfloat16: to even
      {1.01171875, 0x3F818000, 0x3C0C, 0x3F82},       // and up
      {1.0039062500001, 0x3F808000, 0x3C04, 0x3F81},  // through float32 it would become the tie
      {3.4028235677973366e38, 0x7F800000, 0x7C00, 0x7F80},
      {3.4028235677973362e38, 0x7F7FFFFF, 0x7C00, 0x7F80},
      {3.3961775292304601e38, 0x7F7F8000, 0x7C00, 0x7F80},
      {3.396177529230460e38 * (1 - 1e-15), 0x7F7F8000, 0x7C00, 0x7F7F},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(NarrowF32(c.value), c.f32) << c.value;
    EXPECT_EQ(NarrowF16(c.value), c.f16) << c.value;
    EXPECT_EQ(NarrowBF16(c.value), c.bf16) << c.value;
  }
}

TEST(NarrowF32, IsTheConversionOfTheLanguage) {
  const auto random = MakeSeededRandom(11);
  for (int i = 0; i < 200000; ++i) {
    uint64_t bits = random->Next();
    if (i % 2 == 0) bits = (bits & ~(uint64_t{0x7FF} << 52)) | ((850 + bits % 330) << 52);
    const double value = std::bit_cast<double>(bits);
    if (std::isnan(value)) continue;
    ASSERT_EQ(NarrowF32(value), std::bit_cast<uint32_t>(static_cast<float>(value))) << value;
  }
}

TEST(DivideAndNarrow, TellsOneValueThatIsNotFiniteAtAnyPlace) {
  OnEveryTarget([&] {
    for (const FloatType type : kTypes) {
      for (size_t place = 0; place < 33; ++place) {
        std::vector<double> sums(33, 1.5);
        Bytes out(sums.size() * 8);
        ASSERT_TRUE(DivideAndNarrow(type, sums, 3.0, out.data()));
        for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
          sums[place] = bad;
          ASSERT_FALSE(DivideAndNarrow(type, sums, 3.0, out.data())) << place;
        }
      }
    }
  });
}

}  // namespace
}  // namespace renkei::kernels
