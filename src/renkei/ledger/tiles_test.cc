// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/tiles.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "renkei/base/disk.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/bundle.h"
#include "renkei/ledger/ledger_testing.h"
#include "renkei/ledger/merkle_proof.h"
#include "renkei/syntax/json.h"

namespace renkei::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kSample[] = RENKEI_SOURCE_DIR "/../shared/data/crypto/tile-log-sample.json";
constexpr uint64_t kManyLeaves = 66000;  // two levels of full tiles and a third that begins

TEST(TilePath, IsThatOfTlogTiles) {
  const struct {
    TileName name;
    const char* path;
  } cases[] = {
      {{.level = 0, .index = 0}, "tile/0/000"},
      {{.level = 1, .index = 999}, "tile/1/999"},
      {{.level = 0, .index = 1000}, "tile/0/x001/000"},
      {{.level = 0, .index = 1234067}, "tile/0/x001/x234/067"},
      {{.level = 2, .index = 0, .width = 1}, "tile/2/000.p/1"},
      {{.level = kBundleLevel, .index = 5}, "tile/entries/005"},
      {{.level = kBundleLevel, .index = 1234067, .width = 255}, "tile/entries/x001/x234/067.p/255"},
  };
  for (const auto& c : cases) EXPECT_EQ(TilePath(c.name), c.path);
}

std::vector<Bytes> EntriesOf(const Bundle& bundle) {
  std::vector<Bytes> entries;
  for (size_t i = 0; i < bundle.count(); ++i) {
    entries.emplace_back(bundle.entry(i).begin(), bundle.entry(i).end());
  }
  return entries;
}

TEST(Bundle, IsEachEntryBehindItsLength) {
  const std::vector<Bytes> entries = {ToBytes("one"), {}, Bytes(300, 0x61)};
  const Bytes bytes = TestBundle(entries);
  EXPECT_EQ(ToHex(ByteSpan(bytes).first(9)), "00036f6e650000012c");
  const auto bundle = Bundle::Parse(bytes, 3);
  ASSERT_THAT(bundle, IsOk());
  EXPECT_EQ(EntriesOf(*bundle), entries);
  EXPECT_EQ(bundle->Prefix(0).size(), 0u);
  EXPECT_EQ(ToHex(bundle->Prefix(2)), "00036f6e650000");
  EXPECT_THAT(Bundle::Parse(bytes, 2), StatusIs(Code::kDataLoss, HasSubstr("302 bytes follow")));
  EXPECT_THAT(Bundle::Parse(bytes, 4), StatusIs(Code::kDataLoss, HasSubstr("after 3 of 4")));
  EXPECT_THAT(Bundle::Parse(Bytes(bytes.begin(), bytes.begin() + 100), 3),
              StatusIs(Code::kDataLoss, HasSubstr("inside entry 2")));
  EXPECT_THAT(Bundle::Parse(Bytes(1), 3), StatusIs(Code::kDataLoss));
  const std::vector<Bytes> longest = {Bytes(kEntryBytesMax)};
  const auto long_one = Bundle::Parse(TestBundle(longest), 1);
  ASSERT_THAT(long_one, IsOk());
  EXPECT_EQ(EntriesOf(*long_one), longest);
}

TEST(Tile, IsItsHashes) {
  const std::vector<Digest> hashes = TestLeaves(3);
  EXPECT_THAT(DecodeTile(EncodeTile(hashes), 3), IsOkAndHolds(hashes));
  EXPECT_THAT(DecodeTile(EncodeTile(hashes), 2), StatusIs(Code::kDataLoss));
}

class TilesOnDisk : public testing::Test {
 protected:
  TilesOnDisk() { EXPECT_THAT(disk_.MakeDirs("log"), IsOk()); }

  static void Append(Tiles& tiles, uint64_t begin, uint64_t end) {
    const std::vector<Bytes> entries = TestEntries(begin, end);
    std::vector<NewEntry> added;
    for (const Bytes& entry : entries) {
      added.push_back({.bytes = entry, .leaf_hash = crypto::LeafHash(entry)});
    }
    tiles.Append(added);
  }

  LyingDisk disk_;
};

TEST_F(TilesOnDisk, AnyBatchesGiveTheSameFilesAndRoot) {
  constexpr uint64_t kSize = 1000;
  for (const uint64_t step : {uint64_t{1}, uint64_t{7}, uint64_t{256}, uint64_t{300}, kSize}) {
    LyingDisk disk;
    ASSERT_THAT(disk.MakeDirs("log"), IsOk());
    Tiles tiles(disk, "log");
    ASSERT_THAT(tiles.Load(0), IsOk());
    for (uint64_t at = 0; at < kSize; at += step) {
      const uint64_t end = std::min(at + step, kSize);
      Append(tiles, at, end);
      EXPECT_THAT(tiles.RootAt(end), IsOkAndHolds(TestRoot(end)));
      if (step == 1) continue;
      EXPECT_THAT(tiles.Write(end, at % 2 == 0), IsOk());
    }
    EXPECT_THAT(tiles.Write(kSize, true), IsOk());
    tiles.Tidy(kSize);
    EXPECT_THAT(disk.List("log/tile/entries"),
                IsOkAndHolds(ElementsAre("000", "001", "002", "003.p")));
    EXPECT_THAT(disk.List("log/tile/entries/003.p"), IsOkAndHolds(ElementsAre("232")));
    EXPECT_THAT(disk.List("log/tile/0"), IsOkAndHolds(ElementsAre("000", "001", "002", "003.p")));
    EXPECT_THAT(disk.List("log/tile/1/000.p"), IsOkAndHolds(ElementsAre("3")));
    EXPECT_THAT(ReadWhole(disk, "log/tile/entries/003.p/232", 1 << 20),
                IsOkAndHolds(TestBundle(TestEntries(768, kSize))));
    for (uint64_t index = 0; index < kSize; index += 99) {
      EXPECT_THAT(tiles.Entry(index), IsOkAndHolds(TestEntry(index)));
    }
  }
}

TEST_F(TilesOnDisk, ProofsAreTheSameFromMemoryAndFromDisk) {
  const std::vector<Digest> leaves = TestLeaves(kManyLeaves);
  const Digest root = crypto::TreeRoot(leaves);
  Tiles tiles(disk_, "log");
  ASSERT_THAT(tiles.Load(0), IsOk());
  Append(tiles, 0, kManyLeaves);
  for (const char* where : {"memory", "disk", "loaded"}) {
    EXPECT_THAT(tiles.RootAt(kManyLeaves), IsOkAndHolds(root)) << where;
    for (const uint64_t size : {uint64_t{1}, uint64_t{256}, uint64_t{257}, uint64_t{65535},
                                uint64_t{65536}, uint64_t{65900}, kManyLeaves}) {
      const Digest root_then = crypto::TreeRoot(std::span(leaves).first(size));
      EXPECT_THAT(tiles.RootAt(size), IsOkAndHolds(root_then)) << where << " " << size;
      auto consistency = tiles.ProveConsistency(size, kManyLeaves);
      ASSERT_THAT(consistency, IsOk());
      EXPECT_THAT(VerifyConsistency(size, kManyLeaves, *consistency, root_then, root), IsOk());
      auto inclusion = tiles.ProveInclusion(size / 2, size);
      ASSERT_THAT(inclusion, IsOk());
      EXPECT_THAT(VerifyInclusion(leaves[size / 2], size / 2, size, *inclusion, root_then), IsOk());
    }
    EXPECT_THAT(tiles.Entry(300), IsOkAndHolds(TestEntry(300)));
    EXPECT_THAT(tiles.Entry(kManyLeaves - 1), IsOkAndHolds(TestEntry(kManyLeaves - 1)));
    EXPECT_THAT(tiles.Entry(kManyLeaves), StatusIs(Code::kOutOfRange));
    EXPECT_THAT(tiles.RootAt(kManyLeaves + 1), StatusIs(Code::kOutOfRange));
    EXPECT_THAT(tiles.ProveInclusion(5, 5), StatusIs(Code::kOutOfRange));
    EXPECT_THAT(tiles.ProveConsistency(6, 5), StatusIs(Code::kOutOfRange));
    if (std::string_view(where) == "memory") {
      EXPECT_GT(tiles.unwritten_bytes(), 0u);
      EXPECT_THAT(tiles.Write(kManyLeaves, true), IsOk());
      EXPECT_EQ(tiles.unwritten_bytes(), 0u);
    } else {
      EXPECT_THAT(tiles.Load(kManyLeaves), IsOk());
    }
  }
}

TEST_F(TilesOnDisk, ADecayedFileIsNeverServed) {
  Tiles tiles(disk_, "log");
  ASSERT_THAT(tiles.Load(0), IsOk());
  Append(tiles, 0, 600);
  ASSERT_THAT(tiles.Write(600, true), IsOk());
  disk_.FlipBit("log/tile/entries/000", 900);
  EXPECT_THAT(tiles.Entry(77), StatusIs(Code::kDataLoss, HasSubstr("tile/entries/000")));
  disk_.FlipBit("log/tile/0/001", 5000);
  EXPECT_THAT(tiles.ProveInclusion(300, 600), StatusIs(Code::kDataLoss, HasSubstr("tile/0/001")));
  ASSERT_THAT(disk_.Remove("log/tile/0/001"), IsOk());
  EXPECT_THAT(tiles.ProveInclusion(300, 600), StatusIs(Code::kDataLoss, HasSubstr("tile/0/001")));
  EXPECT_THAT(tiles.Entry(500), StatusIs(Code::kDataLoss));
}

TEST_F(TilesOnDisk, LoadNamesWhatIsMissing) {
  Tiles tiles(disk_, "log");
  ASSERT_THAT(tiles.Load(0), IsOk());
  Append(tiles, 0, 600);
  ASSERT_THAT(tiles.Write(600, true), IsOk());
  ASSERT_THAT(disk_.Remove("log/tile/0/001"), IsOk());
  EXPECT_THAT(tiles.Load(600), StatusIs(Code::kDataLoss, HasSubstr("log/tile/0/001")));
}

// The published log of 15 entries: bytes of its bundle and tile, and every root.
TEST(TileVectors, TheSampleLogHasTheSameBytes) {
  const auto real = MakeRealDisk();
  auto text = ReadWhole(*real, kSample, 1 << 20);
  if (!text.ok()) GTEST_SKIP() << "reason: no shared data";
  auto sample = syntax::ParseJson(AsText(*text));
  ASSERT_THAT(sample, IsOk());
  auto key = seal::NoteKey::Parse(sample->Find("verifier_key")->text());
  ASSERT_THAT(key, IsOk());

  LyingDisk disk;
  ASSERT_THAT(disk.MakeDirs("log"), IsOk());
  Tiles tiles(disk, "log");
  ASSERT_THAT(tiles.Load(0), IsOk());
  const auto& checkpoints = sample->Find("checkpoints")->items();
  const auto& entries = sample->Find("entries")->items();
  ASSERT_EQ(checkpoints.size(), entries.size() + 1);
  for (size_t size = 0; size <= entries.size(); ++size) {
    auto checkpoint = seal::OpenCheckpoint(checkpoints[size].Find("text")->text(), *key);
    ASSERT_THAT(checkpoint, IsOk());
    EXPECT_EQ(checkpoint->size, size);
    EXPECT_THAT(tiles.RootAt(size), IsOkAndHolds(checkpoint->root));
    if (size == entries.size()) break;
    const ByteSpan bytes = AsBytes(entries[size].text());
    const NewEntry added = {.bytes = bytes, .leaf_hash = crypto::LeafHash(bytes)};
    tiles.Append({&added, 1});
  }
  ASSERT_THAT(tiles.Write(entries.size(), true), IsOk());
  EXPECT_EQ(ToHex(*ReadWhole(disk, "log/tile/entries/000.p/15", 1 << 20)),
            sample->Find("entries_tile_hex")->text());
  EXPECT_EQ(ToHex(*ReadWhole(disk, "log/tile/0/000.p/15", 1 << 20)),
            sample->Find("hash_tile_level0_hex")->text());
}

}  // namespace
}  // namespace renkei::ledger
