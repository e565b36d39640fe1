// SPDX-License-Identifier: Apache-2.0
#include "examples.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "synthetic_fab.h"
#include "test_folder.h"

namespace wafer {
namespace {

TEST(Resample, SpreadsEveryDieByArea) {
  // Four dies: one absent, one passing, two failing; every cell lies inside one die.
  const Cells quarters = Resample({.rows = 2, .cols = 2, .dies = {kNoDie, kPass, kFail, kFail}});
  const auto at = [&](size_t row, size_t col) { return &quarters[(row * kSide + col) * 2]; };
  EXPECT_EQ(at(0, 0)[0], 0);
  EXPECT_EQ(at(0, 0)[1], 0);
  EXPECT_EQ(at(0, 31)[0], 0);
  EXPECT_EQ(at(0, 31)[1], 13);  // the coarsest fineness, 0.05
  EXPECT_EQ(at(31, 0)[0], 255);
  EXPECT_EQ(at(16, 16)[0], 255);
  // 64 columns of which every other one fails: half of each cell.
  WaferMap stripes{.rows = 1, .cols = 64, .dies = {}};
  for (int col = 0; col < 64; ++col) {
    stripes.dies.push_back(col % 2 == 0 ? kFail : kPass);
  }
  for (size_t i = 0; i < kCellBytes; i += 2) {
    ASSERT_EQ(Resample(stripes)[i], 128);
  }
}

TEST(Resample, CountsOnlyDiesThatAreThere) {
  // Three columns over 32 cells: cell 10 has two thirds of column 0 and a third of column 1.
  const Cells cells = Resample({.rows = 1, .cols = 3, .dies = {kNoDie, kFail, kPass}});
  EXPECT_EQ(cells[20], 255);     // all dies of the cell fail
  EXPECT_EQ(cells[21], 13 / 3);  // a third of the cell has dies
  EXPECT_NEAR(Fineness({.rows = 26, .cols = 26, .dies = {}}), 10.0 / 48, 1e-12);
  EXPECT_EQ(Fineness({.rows = 100, .cols = 80, .dies = {}}), 1);
}

TEST(Parts, FollowTheDigestOfTheDecimalId) {
  // Remainders of hashlib.sha256(str(id).encode()) as a big-endian integer.
  const struct {
    uint64_t id;
    uint32_t mod5;
    uint32_t mod16;
  } cases[] = {{0, 0, 9},  {1, 0, 11},   {2, 1, 5},      {5, 3, 13},
               {17, 1, 3}, {1000, 3, 8}, {62247, 3, 12}, {18446744073709551615u, 2, 3}};
  for (const auto& c : cases) {
    EXPECT_EQ(IdRemainder(c.id, 5), c.mod5) << c.id;
    EXPECT_EQ(IdRemainder(c.id, 16), c.mod16) << c.id;
    EXPECT_EQ(InTestPart(c.id), c.mod5 == 0) << c.id;
  }
}

TEST(LoadExamples, CutsTheFolderIntoPartsAndKeepsACache) {
  TestFolder folder;
  ASSERT_TRUE(GenerateWafers({.out = folder.path(), .wafers = 60, .seed = 3}).ok());
  const auto all = LoadExamples(folder.path());
  const auto test = LoadExamples(folder.path(), Part::kTest);
  const auto train = LoadExamples(folder.path(), Part::kTrain);
  ASSERT_TRUE(all.ok() && test.ok() && train.ok());
  EXPECT_EQ(all->size(), 60u);
  EXPECT_EQ(test->size() + train->size(), 60u);
  EXPECT_GT(test->size(), 0u);

  const std::vector<std::string> caches = {folder / "missing", folder.path()};
  const auto key = ContentKey(folder.path());
  ASSERT_TRUE(LoadExamplesCached(folder.path(), caches).ok());
  const std::string cache = ".wafer-cells-" + key->substr(0, 16);
  ASSERT_TRUE(std::filesystem::exists(folder / cache));
  std::string bytes = folder.Get(cache);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);  // to see that the cache is what is read
  folder.Put(cache, bytes);
  const auto cached = LoadExamplesCached(folder.path(), caches);
  ASSERT_TRUE(cached.ok());
  EXPECT_EQ(cached->ids, all->ids);
  EXPECT_EQ(cached->labels, all->labels);
  EXPECT_EQ(cached->cells.front(), all->cells.front());
  EXPECT_NE(cached->cells.back(), all->cells.back());
  folder.Put(cache, bytes.substr(0, bytes.size() - 1));  // a damaged one is made again
  EXPECT_EQ(LoadExamplesCached(folder.path(), caches)->cells, all->cells);

  ASSERT_TRUE(GenerateWafers({.out = folder.path(), .wafers = 61, .seed = 3}).ok());
  EXPECT_EQ(LoadExamplesCached(folder.path(), caches)->size(), 61u);
}

TEST(HoldOut, KeepsTheSidesApartAndNeverEmpty) {
  Examples all;
  for (uint64_t id = 0; id < 400; ++id) {
    all.ids.push_back(id);
    all.labels.push_back(0);
    all.cells.push_back({});
  }
  const TrainAndHeldOut sides = HoldOut(all, 16);
  EXPECT_EQ(sides.train.size() + sides.held_out.size(), 400u);
  EXPECT_NEAR(static_cast<double>(sides.held_out.size()), 25, 15);
  EXPECT_EQ(HoldOut(all, 0).train.size(), 400u);
  EXPECT_EQ(HoldOut(all, 0).held_out.size(), 400u);
  Examples one;
  one.Add(all, 0);
  EXPECT_EQ(HoldOut(one, 16).train.size(), 1u);
  EXPECT_EQ(HoldOut(one, 16).held_out.size(), 1u);
}

}  // namespace
}  // namespace wafer
