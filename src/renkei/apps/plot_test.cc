// SPDX-License-Identifier: Apache-2.0
#include "renkei/apps/plot.h"

#include <cmath>

#include <gmock/gmock.h>

namespace renkei::apps {
namespace {

using testing::ElementsAre;

TEST(Bar, FillsByEighthsAndClampsWhatIsOutside) {
  EXPECT_EQ(Bar(0, 3), "   ");
  EXPECT_EQ(Bar(1, 3), "███");
  EXPECT_EQ(Bar(0.5, 3), "█▌ ");
  EXPECT_EQ(Bar(7, 2), "██");
  EXPECT_EQ(Bar(-1, 2), "  ");
  EXPECT_EQ(Bar(NAN, 2), "  ");
}

TEST(Curve, RisesFromTheBottomLeftToTheTopRight) {
  const double values[] = {0, 1};
  EXPECT_THAT(Curve(values, 2, 0, 1, {.columns = 2, .rows = 1}), ElementsAre("⡠⠊"));
}

TEST(Curve, LeavesRoomForThePointsToCome) {
  const double values[] = {1, 1};
  EXPECT_THAT(Curve(values, 3, 0, 1, {.columns = 2, .rows = 1}), ElementsAre("⠉⠁"));
}

TEST(Curve, LeavesOutWhatIsNotFinite) {
  const double values[] = {NAN, INFINITY};
  EXPECT_THAT(Curve(values, 2, 0, 1, {.columns = 1, .rows = 1}), ElementsAre("⠀"));
}

}  // namespace
}  // namespace renkei::apps
