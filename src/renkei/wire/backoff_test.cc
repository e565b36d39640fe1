// SPDX-License-Identifier: Apache-2.0
#include "renkei/wire/backoff.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace renkei::wire {
namespace {

TEST(Backoff, DoublesUpToTheCapAndEachWaitIsBetweenHalfAndWhole) {
  const auto random = MakeSeededRandom(1);
  Backoff backoff({.first = Milliseconds(100), .cap = Milliseconds(10'000)});
  for (int i = 0; i < 200; ++i) {
    const Milliseconds whole =
        std::min(Milliseconds(10'000), Milliseconds(100 * (int64_t{1} << std::min(i, 20))));
    const Milliseconds wait = backoff.Next(*random);
    EXPECT_LE(wait, whole) << i;
    EXPECT_GE(wait, whole / 2) << i;
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(*random), Milliseconds(100));
}

TEST(Backoff, TwoSitesDoNotComeBackTogether) {
  const auto random = MakeSeededRandom(2);
  std::set<Milliseconds> waits;
  for (int site = 0; site < 50; ++site) {
    Backoff backoff({.first = Milliseconds(10'000), .cap = Milliseconds(10'000)});
    waits.insert(backoff.Next(*random));
  }
  EXPECT_GT(waits.size(), 40u);
}

}  // namespace
}  // namespace renkei::wire
