// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/copy.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/ledger/ledger.h"
#include "renkei/ledger/ledger_testing.h"

namespace renkei::ledger {
namespace {

using testing::HasSubstr;

class LedgerCopy : public testing::Test {
 protected:
  std::unique_ptr<Ledger> Open(const std::string& directory) {
    auto ledger = Ledger::Open(disk_, directory, kTestOrigin, key_);
    EXPECT_THAT(ledger, IsOk());
    return ledger.ok() ? std::move(*ledger) : nullptr;
  }
  static void Grow(Ledger& ledger, uint64_t size) {
    for (uint64_t i = ledger.size(); i < size; ++i) {
      ASSERT_THAT(ledger.Append(TestEntry(i)), IsOk());
    }
    ASSERT_THAT(ledger.checkpoint(), IsOk());
  }
  void MakeLedger(const std::string& directory, uint64_t size) { Grow(*Open(directory), size); }
  StatusOr<VerifyReport> Copy(const std::string& from, const std::string& to) {
    return CopyDirectory(disk_, from, to, TestNoteKey());
  }
  void ExpectCovers(const std::string& directory, uint64_t size) {
    auto report = VerifyDirectory(disk_, directory, TestNoteKey());
    ASSERT_THAT(report, IsOk());
    EXPECT_EQ(report->size, size);
    EXPECT_EQ(report->root, TestRoot(size));
  }

  LyingDisk disk_;
  crypto::SigningKey key_ = TestKey();
};

TEST_F(LedgerCopy, GrowsWithItsLedgerAndIsDurable) {
  for (const uint64_t size : {0, 1, 255, 256, 257, 600}) {
    MakeLedger("log", size);
    auto report = Copy("log", "copy");
    ASSERT_THAT(report, IsOk()) << size;
    EXPECT_EQ(report->size, size);
    EXPECT_THAT(disk_.Exists("copy/tile/entries/001.p/1"), IsOkAndHolds(size == 257));
    disk_.Crash();
    ExpectCovers("copy", size);
    ASSERT_THAT(Copy("log", "copy"), IsOk());  // nothing new
  }
}

TEST_F(LedgerCopy, IsWholeWhateverItsOwnerDoesMeanwhile) {
  auto ledger = Open("log");
  std::atomic<bool> over = false;
  std::jthread owner([&] {
    for (uint64_t i = 0; i < 1200; ++i) {
      EXPECT_THAT(ledger->Append(TestEntry(i)), IsOk());
      EXPECT_THAT(ledger->checkpoint(), IsOk());
    }
    over = true;
  });
  uint64_t last = 0;
  for (int copies = 0; !over || copies == 0; ++copies) {
    const auto report = Copy("log", "copy");
    ASSERT_THAT(report, IsOk());
    EXPECT_GE(report->size, last);
    EXPECT_EQ(report->root, TestRoot(report->size));
    last = report->size;
  }
}

TEST_F(LedgerCopy, OfADamagedLedgerIsRefusedWithTheFileAndKeepsWhatItWas) {
  MakeLedger("log", 256);
  ASSERT_THAT(Copy("log", "copy"), IsOk());
  MakeLedger("log", 520);
  const struct {
    const char* flipped;
    const char* named;  // a bundle has its hashes in the tile above it
  } cases[] = {{"checkpoint", "checkpoint"},
               {"tile/entries/001", "tile/0/001"},
               {"tile/entries/002.p/8", "tile/0/002.p/8"},
               {"tile/0/001", "tile/0/001"},
               {"tile/0/002.p/8", "tile/0/002.p/8"},
               {"tile/1/000.p/2", "tile/1/000.p/2"}};
  for (const auto& c : cases) {
    disk_.FlipBit(std::string("log/") + c.flipped, 77);
    EXPECT_THAT(Copy("log", "copy"), StatusIs(Code::kDataLoss, HasSubstr(c.named))) << c.flipped;
    disk_.MendBits();
    ExpectCovers("copy", 256);
  }
  ASSERT_THAT(Copy("log", "mended"), IsOk());
  ASSERT_THAT(disk_.Remove("log/tile/0/001"), IsOk());
  EXPECT_THAT(Copy("log", "copy"), StatusIs(Code::kDataLoss, HasSubstr("tile/0/001")));
  ASSERT_THAT(disk_.Remove("log/tile/entries/002.p/8"), IsOk());
  EXPECT_THAT(Copy("log", "copy"), StatusIs(Code::kDataLoss, HasSubstr("tile/entries/002.p/8")));
  ASSERT_THAT(Copy("mended", "copy"), IsOk());  // Nothing damaged stayed behind.
  ExpectCovers("copy", 520);
}

TEST_F(LedgerCopy, IsNeverMixedWithAnotherHistory) {
  MakeLedger("log", 260);
  ASSERT_THAT(Copy("log", "copy"), IsOk());
  for (const uint64_t parting : {0, 258}) {
    for (const uint64_t size : {260, 300, 700}) {
      const std::string other = fmt::format("other-{}-{}", parting, size);
      {
        auto ledger = Open(other);
        Grow(*ledger, parting);
        ASSERT_THAT(ledger->Append(ToBytes("another entry")), IsOk());
        Grow(*ledger, size);
      }
      EXPECT_THAT(Copy(other, "copy"), StatusIs(Code::kDataLoss)) << parting << " " << size;
      ExpectCovers("copy", 260);
    }
  }
  MakeLedger("log", 700);
  ASSERT_THAT(Copy("log", "copy"), IsOk());
  ExpectCovers("copy", 700);
  MakeLedger("short", 259);
  EXPECT_THAT(Copy("short", "copy"), StatusIs(Code::kFailedPrecondition, HasSubstr("259")));
}

TEST_F(LedgerCopy, IsComparedWithWhatOthersHaveSeen) {
  MakeLedger("log", 300);
  ASSERT_THAT(Copy("log", "copy"), IsOk());
  const auto check = [&](std::string_view note) {
    return CheckNoteAgainst(disk_, "copy", TestNoteKey(), note);
  };
  for (const uint64_t size : {1, 256, 299, 300}) EXPECT_THAT(check(TestCheckpoint(size)), IsOk());
  EXPECT_THAT(check(TestCheckpoint(301)), StatusIs(Code::kFailedPrecondition, HasSubstr("301")));
  EXPECT_THAT(check(SignedCheckpoint(200, TestRoot(199))),
              StatusIs(Code::kDataLoss, HasSubstr("two histories")));
  EXPECT_THAT(check(SignedCheckpoint(200, TestRoot(200), 2)), StatusIs(Code::kDataLoss));
}

TEST_F(LedgerCopy, IsWrittenAgainBehindItsCheckpoint) {
  for (const uint64_t size : {0, 1, 255, 256, 257, 600}) {
    const std::string log = fmt::format("log-{}", size);
    const std::string copy = fmt::format("copy-{}", size);
    MakeLedger(log, size);
    ASSERT_THAT(Copy(log, copy), IsOk());
    ASSERT_THAT(BeginJournal(disk_, copy, TestNoteKey()), IsOk()) << size;
    EXPECT_THAT(BeginJournal(disk_, copy, TestNoteKey()), StatusIs(Code::kAlreadyExists));
    disk_.Crash();
    for (int starts = 0; starts < 2; ++starts) {
      const auto again = Open(copy);
      ASSERT_NE(again, nullptr) << size;
      EXPECT_EQ(again->size(), size);
      EXPECT_THAT(again->checkpoint(), IsOkAndHolds(TestCheckpoint(size)));
    }
    const auto again = Open(copy);
    Grow(*again, size + 300);
    ExpectCovers(copy, size + 300);
    EXPECT_THAT(Copy(copy, log), IsOk());  // It is the same history.
  }
}

}  // namespace
}  // namespace renkei::ledger
