// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/upload_pace.h"

#include <gtest/gtest.h>

namespace renkei::site {
namespace {

constexpr uint64_t kMib = 1 << 20;

TEST(UploadPace, SpacesPiecesByWhatTheyTakeAtTheRate) {
  UploadPace pace(8.388608);  // one MiB a second
  const Milliseconds now{5'000};
  EXPECT_EQ(pace.Next(kMib, now), now) << "the first goes at once";
  EXPECT_EQ(pace.Next(kMib, now), now + Milliseconds(1'000));
  EXPECT_EQ(pace.Next(kMib / 2, now), now + Milliseconds(2'000));
  EXPECT_EQ(pace.Next(kMib, now + Milliseconds(100)), now + Milliseconds(2'500));
}

TEST(UploadPace, SavesNoCreditOverAPause) {
  UploadPace pace(8.388608);
  EXPECT_EQ(pace.Next(kMib, Milliseconds(0)), Milliseconds(0));
  const Milliseconds later{3'600'000};
  EXPECT_EQ(pace.Next(kMib, later), later);
  EXPECT_EQ(pace.Next(kMib, later), later + Milliseconds(1'000));
}

TEST(UploadPace, LosesNothingToRoundingInSmallPieces) {
  UploadPace pace(1'000);  // 125 bytes a microsecond: a piece takes less than a millisecond
  Milliseconds due{0};
  for (int i = 0; i < 12'500; ++i) due = pace.Next(10'000, Milliseconds(0));
  EXPECT_EQ(due, Milliseconds(1'000));
}

TEST(UploadPace, IsNoneWithoutALimit) {
  UploadPace pace(0);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pace.Next(kMib, Milliseconds(7)), Milliseconds(7));
}

}  // namespace
}  // namespace renkei::site
