// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/snapshot.h"

#include <gmock/gmock.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/ledger/ledger_testing.h"

namespace renkei::ledger {
namespace {

using testing::HasSubstr;

StatusOr<Digest> RootAt(uint64_t size) {
  if (size > 9) return Error(Code::kOutOfRange, "the ledger has 9 entries");
  return TestRoot(size);
}

TEST(Snapshot, IsReadBackWhileItsLedgerHasTheSameRoot) {
  LyingDisk disk;
  EXPECT_THAT(ReadSnapshot(disk, "s", RootAt), StatusIs(Code::kNotFound));
  const Snapshot snapshot = {.size = 7, .root = TestRoot(7), .payload = ToBytes("state")};
  ASSERT_THAT(WriteSnapshot(disk, "s", snapshot), IsOk());
  disk.Crash();
  auto read = ReadSnapshot(disk, "s", RootAt);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->size, 7u);
  EXPECT_EQ(read->root, TestRoot(7));
  EXPECT_EQ(AsText(read->payload), "state");
}

TEST(Snapshot, OfAnotherTreeIsRefused) {
  LyingDisk disk;
  for (const uint64_t size : {uint64_t{6}, uint64_t{8}, uint64_t{1000}}) {
    ASSERT_THAT(WriteSnapshot(disk, "s", {.size = size, .root = TestRoot(7), .payload = {}}),
                IsOk());
    EXPECT_THAT(ReadSnapshot(disk, "s", RootAt),
                StatusIs(Code::kDataLoss, HasSubstr("another ledger")));
  }
}

TEST(Snapshot, DamagedInAnyBitOrCutAnywhereIsRefused) {
  LyingDisk disk;
  ASSERT_THAT(
      WriteSnapshot(disk, "s", {.size = 7, .root = TestRoot(7), .payload = ToBytes("state")}),
      IsOk());
  const Bytes bytes = *ReadWhole(disk, "s", 1 << 20);
  for (uint64_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    disk.FlipBit("s", bit);
    EXPECT_THAT(ReadSnapshot(disk, "s", RootAt), StatusIs(Code::kDataLoss)) << bit;
    disk.FlipBit("s", bit);
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_THAT(WriteWhole(disk, "s", ByteSpan(bytes).first(size)), IsOk());
    EXPECT_THAT(ReadSnapshot(disk, "s", RootAt), StatusIs(Code::kDataLoss)) << size;
  }
}

}  // namespace
}  // namespace renkei::ledger
