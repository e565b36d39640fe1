// SPDX-License-Identifier: Apache-2.0
#include "renkei/coordinator/meter.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "renkei/base/status_testing.h"
#include "renkei/coordinator/house_testing.h"

namespace renkei::coordinator {
namespace {

using testing::ElementsAre;

TEST(Meter, CountsWhatARunDoesAndWhatIsLeftOut) {
  House house;
  ASSERT_THAT(house.Open(), IsOk());
  ASSERT_THAT(house.LiveToTheEnd(house.federation.Spec(house.model, 2, 4, "")), IsOk());
  const Figures figures = house.hub->FiguresNow();
  EXPECT_EQ(figures.counts.rounds_opened, 2u);
  EXPECT_EQ(figures.counts.rounds_closed, 2u);
  EXPECT_EQ(figures.counts.rounds_reduced, 2u);
  EXPECT_EQ(figures.counts.counted, 2 * house.federation.sites.size());
  EXPECT_EQ(figures.entries, house.hub->BookNow().size());
  uint64_t appends = 0;
  for (const uint64_t count : figures.counts.appends) appends += count;
  EXPECT_EQ(appends, figures.entries);
}

TEST(Meter, KeepsABoundedNumberOfCodes) {
  Meter meter;
  record::RoundClosed closed;
  for (size_t i = 0; i < kCodesMax + 5; ++i) {
    closed.not_counted.push_back({.site = {}, .code = fmt::format("code-{:02}", i)});
  }
  meter.Count(closed);
  meter.Count(closed);
  const Counts counts = meter.counts();
  EXPECT_EQ(counts.not_counted.size(), kCodesMax + 1);
  EXPECT_EQ(counts.not_counted.at("code-00"), 2u);
  EXPECT_EQ(counts.not_counted.at("other"), 10u);
}

TEST(Meter, PutsEachAppendIntoItsClassOfTime) {
  Meter meter;
  for (const int ms : {0, 1, 3, 5, 6000}) meter.CountAppend(Milliseconds(ms));
  const Counts counts = meter.counts();
  EXPECT_THAT(counts.appends, ElementsAre(2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1));
  EXPECT_EQ(counts.append_time, Milliseconds(6009));
}

}  // namespace
}  // namespace renkei::coordinator
