// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/verify_directory.h"

#include <gmock/gmock.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/ledger/ledger.h"
#include "renkei/ledger/ledger_testing.h"

namespace renkei::ledger {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr uint64_t kSize = 260;  // a full bundle and tile, and partial ones on two levels

class DirectoryOnDisk : public testing::Test {
 protected:
  DirectoryOnDisk() { Make("log", kSize); }

  void Make(const std::string& directory, uint64_t size) {
    auto ledger = Ledger::Open(disk_, directory, kTestOrigin, key_);
    ASSERT_THAT(ledger, IsOk());
    for (uint64_t i = 0; i < size; ++i) ASSERT_THAT((*ledger)->Append(TestEntry(i)), IsOk());
    ASSERT_THAT((*ledger)->checkpoint(), IsOk());
  }
  StatusOr<VerifyReport> Verify() { return VerifyDirectory(disk_, "log", TestNoteKey()); }
  Bytes Read(const std::string& path) { return *ReadWhole(disk_, "log/" + path, 1 << 24); }
  void Write(const std::string& path, ByteSpan bytes) {
    ASSERT_THAT(WriteWhole(disk_, "log/" + path, bytes), IsOk());
  }

  LyingDisk disk_;
  crypto::SigningKey key_ = TestKey();
};

TEST_F(DirectoryOnDisk, ReportsWhatItVerified) {
  auto report = Verify();
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->origin, kTestOrigin);
  EXPECT_EQ(report->size, kSize);
  EXPECT_EQ(report->root, TestRoot(kSize));
  EXPECT_THAT(report->evidence, testing::UnorderedElementsAre("checkpoint", "tile/entries/000",
                                                              "tile/entries/001.p/4", "tile/0/000",
                                                              "tile/0/001.p/4", "tile/1/000.p/1"));
  uint64_t total = 0;
  for (const std::string& path : report->evidence) total += Read(path).size();
  EXPECT_EQ(report->evidence_bytes, total);
}

TEST_F(DirectoryOnDisk, AnEmptyLedgerIsItsCheckpoint) {
  Make("empty", 0);
  auto report = VerifyDirectory(disk_, "empty", TestNoteKey());
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->size, 0u);
  EXPECT_THAT(report->evidence, ElementsAre("checkpoint"));
}

TEST_F(DirectoryOnDisk, FindsAFlippedBitInEveryByteOfASmallLedger) {
  Make("small", 12);
  const auto report = VerifyDirectory(disk_, "small", TestNoteKey());
  ASSERT_THAT(report, IsOk());
  for (const std::string& name : report->evidence) {
    const std::string path = "small/" + name;
    const uint64_t bits = 8 * ReadWhole(disk_, path, 1 << 20)->size();
    for (uint64_t bit = 0; bit < bits; bit += 3) {
      disk_.FlipBit(path, bit);
      EXPECT_THAT(VerifyDirectory(disk_, "small", TestNoteKey()), StatusIs(Code::kDataLoss))
          << path << " " << bit;
      disk_.FlipBit(path, bit);
    }
  }
  EXPECT_THAT(VerifyDirectory(disk_, "small", TestNoteKey()), IsOk());
}

TEST_F(DirectoryOnDisk, FindsAFlippedBitInAnyFileOfALargerOne) {
  const auto report = Verify();
  ASSERT_THAT(report, IsOk());
  for (const std::string& path : report->evidence) {
    const uint64_t bits = 8 * Read(path).size();
    for (uint64_t bit = 0; bit<bits; bit += bits> 4096 ? 101 : 1) {
      disk_.FlipBit("log/" + path, bit);
      EXPECT_THAT(Verify(), StatusIs(Code::kDataLoss)) << path << " " << bit;
      disk_.FlipBit("log/" + path, bit);
    }
  }
  EXPECT_THAT(Verify(), IsOk());
}

TEST_F(DirectoryOnDisk, FindsATruncationAndGrowth) {
  const auto report = Verify();
  ASSERT_THAT(report, IsOk());
  for (const std::string& path : report->evidence) {
    Bytes bytes = Read(path);
    const size_t step = bytes.size() > 4096 ? 53 : 1;
    for (size_t size = 0; size < bytes.size(); size += step) {
      Write(path, ByteSpan(bytes).first(size));
      EXPECT_THAT(Verify(), StatusIs(Code::kDataLoss)) << path << " " << size;
    }
    Bytes longer = bytes;
    longer.push_back(0);
    Write(path, longer);
    EXPECT_THAT(Verify(), StatusIs(Code::kDataLoss)) << path;
    Write(path, bytes);
  }
  EXPECT_THAT(Verify(), IsOk());
}

TEST_F(DirectoryOnDisk, FindsADeletionAndASwapOfEveryFile) {
  const auto report = Verify();
  ASSERT_THAT(report, IsOk());
  for (const std::string& path : report->evidence) {
    const Bytes bytes = Read(path);
    ASSERT_THAT(disk_.Remove("log/" + path), IsOk());
    const Code code = path == "checkpoint" ? Code::kNotFound : Code::kDataLoss;
    EXPECT_THAT(Verify(), StatusIs(code, HasSubstr(path))) << path;
    for (const std::string& other : report->evidence) {
      if (other == path) continue;
      Write(path, Read(other));
      EXPECT_THAT(Verify(), StatusIs(Code::kDataLoss)) << path << " " << other;
    }
    Write(path, bytes);
  }
  EXPECT_THAT(Verify(), IsOk());
}

TEST_F(DirectoryOnDisk, FindsTwoEntriesThatWereSwapped) {
  std::vector<Bytes> entries = TestEntries(0, 256);
  std::swap(entries[3], entries[4]);
  Write("tile/entries/000", TestBundle(entries));
  EXPECT_THAT(Verify(), StatusIs(Code::kDataLoss, HasSubstr("tile/0/000: hash 3")));
}

TEST_F(DirectoryOnDisk, ARewrittenTreeDoesNotMatchTheSignedRoot) {
  // Every file is consistent with every other, only the checkpoint is not theirs.
  Make("other", kSize + 1);
  const Bytes note = Read("checkpoint");
  ASSERT_THAT(RemoveTree(disk_, "log"), IsOk());
  auto ledger = Ledger::Open(disk_, "log", kTestOrigin, key_);
  ASSERT_THAT(ledger, IsOk());
  for (uint64_t i = 0; i < kSize; ++i) {
    ASSERT_THAT((*ledger)->Append(TestEntry(i == 200 ? 999 : i)), IsOk());
  }
  ledger->reset();
  EXPECT_THAT(Verify(), IsOk());
  Write("checkpoint", note);
  EXPECT_THAT(Verify(), StatusIs(Code::kDataLoss, HasSubstr("root in the checkpoint")));
}

TEST_F(DirectoryOnDisk, WantsTheRightKeyAndOrigin) {
  const auto other_key = seal::NoteKey::Of(kTestOrigin, TestKey(2).public_key());
  EXPECT_THAT(VerifyDirectory(disk_, "log", other_key), StatusIs(Code::kDataLoss));
  const auto other_name = seal::NoteKey::Of("renkei/other", key_.public_key());
  EXPECT_THAT(VerifyDirectory(disk_, "log", other_name), StatusIs(Code::kDataLoss));
  EXPECT_THAT(VerifyDirectory(disk_, "no", TestNoteKey()), StatusIs(Code::kNotFound));
}

TEST_F(DirectoryOnDisk, FilesThatAreNoEvidenceDoNotMatter) {
  Write("tile/0/notes", AsBytes("hello"));
  auto report = Verify();
  ASSERT_THAT(report, IsOk());
  EXPECT_THAT(report->evidence, testing::Not(Contains(HasSubstr("notes"))));
}

}  // namespace
}  // namespace renkei::ledger
