// SPDX-License-Identifier: Apache-2.0
#include "synthetic_fab.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include <gmock/gmock.h>

#include "random.h"
#include "test_folder.h"

namespace wafer {
namespace {

// Mean share of failing dies by place, over many wafers of one class.
struct Profile {
  double all = 0;
  double middle = 0;  // radius below 0.25
  double half = 0;    // 0.4 to 0.6
  double edge = 0;    // above 0.92
};

Profile ProfileOf(std::string_view name) {
  const int label = *ClassNamed(name);
  Random random(11);
  std::array<double, 4> failing{};
  std::array<double, 4> there{};
  for (int i = 0; i < 300; ++i) {
    const WaferMap map = MakeMap(Products()[static_cast<size_t>(i) % 3], label, random);
    for (int row = 0; row < map.rows; ++row) {
      for (int col = 0; col < map.cols; ++col) {
        if (map.At(row, col) == kNoDie) {
          continue;
        }
        const double radius =
            std::hypot((2 * col + 1.0) / map.cols - 1, (2 * row + 1.0) / map.rows - 1);
        const std::array<bool, 4> in = {true, radius<0.25, radius> 0.4 && radius<0.6, radius> 0.92};
        for (size_t k = 0; k < 4; ++k) {
          there[k] += in[k] ? 1 : 0;
          failing[k] += in[k] && map.At(row, col) == kFail ? 1 : 0;
        }
      }
    }
  }
  return {failing[0] / there[0], failing[1] / there[1], failing[2] / there[2],
          failing[3] / there[3]};
}

TEST(SyntheticFab, GivesEachClassItsShape) {
  const Profile none = ProfileOf("none");
  EXPECT_GT(none.all, 0.02);
  EXPECT_LT(none.all, 0.15);
  const Profile center = ProfileOf("Center");
  EXPECT_GT(center.middle, 4 * center.edge);
  const Profile donut = ProfileOf("Donut");
  EXPECT_GT(donut.half, 2 * donut.middle);
  EXPECT_GT(donut.half, 2 * donut.edge);
  const Profile ring = ProfileOf("Edge-Ring");
  const Profile part = ProfileOf("Edge-Loc");
  EXPECT_GT(ring.edge, 4 * ring.half);
  EXPECT_GT(part.edge, 1.5 * part.half);
  EXPECT_LT(part.edge, 0.6 * ring.edge);
  EXPECT_GT(ProfileOf("Loc").all, 1.2 * none.all);
  EXPECT_GT(ProfileOf("Scratch").all, 1.1 * none.all);
  EXPECT_GT(ProfileOf("Random").all, 3 * none.all);
  EXPECT_GT(ProfileOf("Near-full").all, 0.85);
}

TEST(SyntheticFab, IsTheSameForTheSameSeedAndSaysWhatItIs) {
  TestFolder folder;
  ASSERT_TRUE(GenerateWafers({.out = folder / "a", .wafers = 30, .seed = 4}).ok());
  ASSERT_TRUE(GenerateWafers({.out = folder / "b", .wafers = 30, .seed = 4}).ok());
  ASSERT_TRUE(GenerateWafers({.out = folder / "c", .wafers = 30, .seed = 5}).ok());
  EXPECT_EQ(folder.Get("a/wafers.pgm.gz"), folder.Get("b/wafers.pgm.gz"));
  EXPECT_NE(folder.Get("a/wafers.pgm.gz"), folder.Get("c/wafers.pgm.gz"));
  EXPECT_THAT(folder.Get("a/SYNTHETIC.txt"), testing::HasSubstr("SYNTHETIC"));
}

TEST(SyntheticFab, SharesSumToOne) {
  double sum = 0;
  for (const Product& product : Products()) {
    sum += product.share;
  }
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(Random, DrawsWhatTheDistributionsSay) {
  Random random(1);
  constexpr int kDraws = 20000;
  double normal = 0;
  double square = 0;
  double poisson = 0;
  double gamma = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Normal();
    normal += x / kDraws;
    square += x * x / kDraws;
    poisson += random.Poisson(40.5) / double{kDraws};
    gamma += random.Gamma(0.5) / kDraws;
    ASSERT_LT(random.Below(7), 7u);
  }
  EXPECT_NEAR(normal, 0, 0.03);
  EXPECT_NEAR(square, 1, 0.05);
  EXPECT_NEAR(poisson, 40.5, 0.3);
  EXPECT_NEAR(gamma, 0.5, 0.03);
}

}  // namespace
}  // namespace wafer
