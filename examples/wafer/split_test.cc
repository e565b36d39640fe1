// SPDX-License-Identifier: Apache-2.0
#include "split.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "examples.h"
#include "synthetic_fab.h"
#include "test_folder.h"
#include "wafer_map.h"

namespace wafer {
namespace {

std::vector<Wafer> Load(const std::string& directory) {
  std::vector<Wafer> wafers;
  EXPECT_TRUE(ReadWafers(directory, [&](Wafer wafer) {
                wafers.push_back(std::move(wafer));
                return Success();
              }).ok());
  return wafers;
}

TEST(DealProducts, GivesTheLargestAwayFirstAndSharesTheRest) {
  const std::map<DieGrid, uint64_t> wafers = {{{25, 27}, 100}, {{27, 25}, 70}, {{26, 26}, 50},
                                              {{30, 30}, 20},  {{31, 30}, 15}, {{32, 30}, 9},
                                              {{33, 30}, 2}};
  EXPECT_EQ(DealProducts(wafers, 4), (std::map<DieGrid, int>{{{25, 27}, 0},
                                                             {{27, 25}, 1},
                                                             {{26, 26}, 1},
                                                             {{30, 30}, 2},
                                                             {{31, 30}, 3},
                                                             {{32, 30}, 3},
                                                             {{33, 30}, 2}}));
  EXPECT_EQ(DealProducts(wafers, 2), (std::map<DieGrid, int>{{{25, 27}, 0},
                                                             {{27, 25}, 1},
                                                             {{26, 26}, 1},
                                                             {{30, 30}, 0},
                                                             {{31, 30}, 0},
                                                             {{32, 30}, 1},
                                                             {{33, 30}, 1}}));
}

TEST(SplitWafers, KeepsEveryRuleThatItStates) {
  TestFolder folder;
  ASSERT_TRUE(GenerateWafers({.out = folder / "all", .wafers = 800, .seed = 9}).ok());
  const SplitOptions options = {
      .data = folder / "all", .out = folder / "split", .without = DefaultLacks(4)};
  const auto told = SplitWafers(options);
  ASSERT_TRUE(told.ok()) << told.message();

  std::map<uint64_t, Wafer> all;
  for (Wafer& wafer : Load(options.data)) {
    all.emplace(wafer.id, std::move(wafer));
  }
  std::map<DieGrid, int> site_of;
  uint64_t dealt = 0;
  for (int site = 1; site <= 4; ++site) {
    for (const Wafer& wafer : Load(options.out + "/site" + std::to_string(site))) {
      EXPECT_FALSE(InTestPart(wafer.id));
      EXPECT_EQ(wafer.map, all.at(wafer.id).map);
      const auto [at, fresh] = site_of.emplace(DieGrid(wafer.map.rows, wafer.map.cols), site);
      EXPECT_EQ(at->second, site) << "one product at two sites";
      const auto lacks = options.without.find(site);
      EXPECT_FALSE(lacks != options.without.end() && lacks->second.contains(wafer.label));
      ++dealt;
    }
  }
  uint64_t test = 0;
  for (const Wafer& wafer : Load(options.out + "/test")) {
    EXPECT_TRUE(InTestPart(wafer.id));
    ++test;
  }
  uint64_t expected_test = 0;
  for (const auto& [id, wafer] : all) {
    expected_test += InTestPart(id) ? 1 : 0;
  }
  EXPECT_EQ(test, expected_test);
  EXPECT_EQ(dealt + test + static_cast<uint64_t>(*told->Find("left_out_lacking_class")->integer()) +
                static_cast<uint64_t>(*told->Find("left_out_equal_to_test")->integer()),
            800u);
  EXPECT_EQ(told->Find("sites")->array()->size(), 4u);
}

TEST(SplitWafers, LeavesOutATrainingWaferThatEqualsATestWafer) {
  TestFolder folder;
  // 0 and 1 are of the test part, 2 and 5 are not (see examples_test.cc). 2 equals 0; 5 differs.
  auto writer = WaferWriter::Open(folder / "all");
  ASSERT_TRUE(writer.ok());
  const WaferMap same = {.rows = 1, .cols = 2, .dies = {1, 2}};
  const WaferMap other = {.rows = 1, .cols = 2, .dies = {2, 1}};
  const WaferMap tall = {.rows = 2, .cols = 1, .dies = {1, 2}};
  for (const Wafer& wafer :
       {Wafer{0, 0, same}, Wafer{1, 0, other}, Wafer{2, 5, same}, Wafer{5, 0, tall},
        Wafer{17, 0, {.rows = 1, .cols = 2, .dies = {2, 2}}}}) {
    ASSERT_TRUE(writer->Add(wafer).ok());
  }
  ASSERT_TRUE(writer->Close().ok());
  const auto told =
      SplitWafers({.data = folder / "all", .out = folder / "out", .sites = 2, .without = {}});
  ASSERT_TRUE(told.ok()) << told.message();
  EXPECT_EQ(*told->Find("left_out_equal_to_test")->integer(), 1);
  EXPECT_EQ(Load(folder / "out/test").size(), 2u);
  ASSERT_EQ(Load(folder / "out/site1").size(), 1u);
  EXPECT_EQ(Load(folder / "out/site1")[0].id, 17u);
  EXPECT_EQ(Load(folder / "out/site2")[0].id, 5u);
}

TEST(SplitWafers, SaysWhenThereAreTooFewProducts) {
  TestFolder folder;
  auto writer = WaferWriter::Open(folder / "all");
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->Add({.id = 2, .label = 0, .map = {.rows = 1, .cols = 1, .dies = {1}}}).ok());
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_THAT(SplitWafers({.data = folder / "all", .out = folder / "out", .without = {}}).message(),
              testing::HasSubstr("no wafers for site 2; too few die grids"));
}

}  // namespace
}  // namespace wafer
