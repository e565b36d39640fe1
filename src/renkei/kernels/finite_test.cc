// SPDX-License-Identifier: Apache-2.0
#include "renkei/kernels/finite.h"

#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "renkei/base/bytes.h"
#include "renkei/base/status_testing.h"
#include "renkei/kernels/environment.h"
#include "renkei/kernels/every_target.h"

namespace renkei::kernels {
namespace {

struct Sample {
  FloatType type;
  uint64_t infinity;
  uint64_t largest;
  uint64_t one;
};
constexpr Sample kSamples[] = {
    {FloatType::kF64, 0x7FF0000000000000, 0x7FEFFFFFFFFFFFFF, 0x3FF0000000000000},
    {FloatType::kF32, 0x7F800000, 0x7F7FFFFF, 0x3F800000},
    {FloatType::kF16, 0x7C00, 0x7BFF, 0x3C00},
    {FloatType::kBF16, 0x7F80, 0x7F7F, 0x3F80},
};

void PutAt(Bytes& values, FloatType type, size_t index, uint64_t bits) {
  std::memcpy(values.data() + index * WidthOf(type), &bits, WidthOf(type));
}

TEST(FirstNotFinite, FindsTheFirstAtEveryPlaceOnEveryTarget) {
  OnEveryTarget([] {
    for (const Sample& s : kSamples) {
      constexpr size_t kCount = 77;
      const uint64_t sign = uint64_t{1} << (8 * WidthOf(s.type) - 1);
      Bytes values(kCount * WidthOf(s.type));
      for (size_t i = 0; i < kCount; ++i) PutAt(values, s.type, i, s.largest | (i % 2 ? sign : 0));
      ASSERT_EQ(FirstNotFinite(s.type, values.data(), kCount), kCount);
      for (size_t i = kCount; i-- > 0;) {
        const uint64_t bad[] = {s.infinity, s.infinity | sign, s.infinity | 1,
                                s.infinity | sign | 5};
        PutAt(values, s.type, i, bad[i % 4]);
        ASSERT_EQ(FirstNotFinite(s.type, values.data(), kCount), i);
        ASSERT_EQ(FirstNotFiniteScalar(s.type, values.data(), kCount), i);
        ASSERT_EQ(FirstNotFinite(s.type, values.data(), i), i);
      }
    }
  });
}

TEST(AddSquares, AddsInEightLanesWhateverThePieces) {
  std::vector<double> values;
  for (int i = 0; i < 1500; ++i) values.push_back(std::sin(i) * std::pow(10, i % 7));
  double lane[8] = {};
  for (size_t i = 0; i < values.size(); ++i) {
    volatile const double square = values[i] * values[i];
    lane[i % 8] += square;
  }
  double want = 0;
  for (const double part : lane) want += part;

  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  for (const size_t piece : {8, 504, 512, 1024, 1496}) {
    SquareLanes lanes;
    for (size_t first = 0; first < values.size(); first += piece) {
      AddSquares(FloatType::kF64, bytes + first * 8, std::min(piece, values.size() - first), lanes);
    }
    EXPECT_EQ(lanes.Sum(), want) << piece;
  }
}

TEST(CheckFloatEnvironment, AcceptsThisMachineAsItIs) {
  EXPECT_THAT(CheckFloatEnvironment(), IsOk());
}

#if defined(__SSE2__)
TEST(CheckFloatEnvironment, RefusesFlushedSubnormalsAndOtherRounding) {
  constexpr unsigned kFlushToZero = 0x8000, kSubnormalsAreZero = 0x0040, kRoundDown = 0x2000;
  for (const unsigned flag : {kFlushToZero, kSubnormalsAreZero, kRoundDown}) {
    std::thread([flag] {
      _mm_setcsr(_mm_getcsr() | flag);
      EXPECT_THAT(CheckFloatEnvironment(), StatusIs(Code::kFailedPrecondition)) << flag;
    }).join();
  }
}
#endif

}  // namespace
}  // namespace renkei::kernels
