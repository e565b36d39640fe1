// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/journal.h"

#include <map>

#include <gmock/gmock.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/ledger_testing.h"

namespace renkei::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kFirst[] = "j/00000000000000000000";
constexpr size_t kHeaderBytes = 32;

Journal::Replay CountInto(uint64_t& count) {
  return {.entry =
              [&count](uint64_t, ByteSpan, const Digest&) {
                ++count;
                return Ok();
              },
          .note = [](ByteSpan) { return Ok(); }};
}

class JournalOnDisk : public testing::Test {
 protected:
  Status Open() {
    journal_.reset();
    entries_.clear();
    notes_.clear();
    const Journal::Replay replay = {
        .entry =
            [this](uint64_t index, ByteSpan entry, const Digest& leaf_hash) {
              EXPECT_EQ(leaf_hash, crypto::LeafHash(entry));
              EXPECT_TRUE(entries_.emplace(index, Bytes(entry.begin(), entry.end())).second);
              return Ok();
            },
        .note =
            [this](ByteSpan note) {
              notes_.push_back(ToText(note));
              return Ok();
            }};
    auto opened = Journal::Open(disk_, "j", replay);
    if (opened.ok()) RK_RETURN_IF_ERROR((*opened)->CutTail());
    RK_RETURN_IF_ERROR(opened.status());
    journal_ = std::move(*opened);
    return Ok();
  }
  Status Append(const std::vector<Bytes>& entries) {
    JournalBatch batch;
    for (const Bytes& entry : entries) batch.Add(entry, crypto::LeafHash(entry));
    return journal_->Append(batch);
  }
  // The entries from `first` on are those of the test, up to `end`.
  void ExpectEntries(uint64_t first, uint64_t end) {
    ASSERT_EQ(entries_.size(), end - first);
    for (const auto& [index, entry] : entries_) EXPECT_EQ(entry, TestEntry(index));
    EXPECT_EQ(journal_->next(), end);
  }

  LyingDisk disk_;
  std::unique_ptr<Journal> journal_;
  std::map<uint64_t, Bytes> entries_;
  std::vector<std::string> notes_;
};

TEST_F(JournalOnDisk, ReturnsItsEntriesInOrder) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(Append(TestEntries(0, 5)), IsOk());
  ASSERT_THAT(Append(TestEntries(5, 6)), IsOk());
  disk_.Crash();  // Both were synced.
  ASSERT_THAT(Open(), IsOk());
  ExpectEntries(0, 6);
  ASSERT_THAT(Append(TestEntries(6, 9)), IsOk());
  ASSERT_THAT(Open(), IsOk());
  ExpectEntries(0, 9);
}

TEST_F(JournalOnDisk, HasTheBytesOfItsFormat) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(Append({{}, ToBytes("two")}), IsOk());
  const Bytes bytes = *ReadWhole(disk_, kFirst, 1 << 20);
  const std::string two = crypto::LeafHash(AsBytes("two")).hex().substr(0, 40);
  EXPECT_EQ(ToHex(ByteSpan(bytes).subspan(kHeaderBytes, kHeaderBytes + 3)),
            "0000000000000001"
            "00000003" +
                two + "74776f");
  EXPECT_THAT(ByteSpan(bytes).subspan(2 * kHeaderBytes + 3), testing::Each(0));
}

TEST_F(JournalOnDisk, DropsATailThatIsDamagedInAnyBit) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(Append(TestEntries(0, 3)), IsOk());
  const uint64_t begin = 2 * kHeaderBytes + TestEntry(0).size() + TestEntry(1).size();
  const uint64_t end = begin + kHeaderBytes + TestEntry(2).size();
  for (uint64_t bit = 8 * begin; bit < 8 * end; ++bit) {
    LyingDisk copy;
    ASSERT_THAT(copy.MakeDirs("j"), IsOk());
    ASSERT_THAT(WriteWhole(copy, kFirst, *ReadWhole(disk_, kFirst, 1 << 20)), IsOk());
    copy.FlipBit(kFirst, bit);
    uint64_t count = 0;
    auto opened = Journal::Open(copy, "j", CountInto(count));
    ASSERT_THAT(opened, IsOk());
    EXPECT_EQ(count, 2u) << bit;
  }
}

TEST_F(JournalOnDisk, KeepsADamagedRecordThatANoteCovers) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(Append(TestEntries(0, 3)), IsOk());
  ASSERT_THAT(journal_->AppendNote(3, "covers three"), IsOk());
  disk_.FlipBit(kFirst, 8 * (kHeaderBytes + TestEntry(0).size() + kHeaderBytes));
  const Bytes damaged = *ReadWhole(disk_, kFirst, 1 << 20);
  EXPECT_THAT(Open(), StatusIs(Code::kDataLoss, HasSubstr("entry 1 at byte")));
  EXPECT_EQ(*ReadWhole(disk_, kFirst, 1 << 20), damaged);
  disk_.MendBits();
  ASSERT_THAT(Open(), IsOk());
  ExpectEntries(0, 3);
  EXPECT_EQ(notes_.back(), "covers three");
}

TEST_F(JournalOnDisk, ATornTailNeverComesBack) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(Append(TestEntries(0, 1)), IsOk());
  // Record 2 of a batch survives without record 1 before it.
  JournalBatch batch;
  for (const Bytes& entry : TestEntries(1, 3)) batch.Add(entry, crypto::LeafHash(entry));
  const ByteSpan bytes = batch.Number(1);
  const uint64_t record = kHeaderBytes + TestEntry(1).size();
  auto file = disk_.Open(kFirst, OpenMode::kWrite);
  ASSERT_THAT((*file)->WriteAt(kHeaderBytes + record, bytes.subspan(record)), IsOk());
  ASSERT_THAT((*file)->Sync(), IsOk());
  ASSERT_THAT(Open(), IsOk());
  ExpectEntries(0, 1);
  EXPECT_EQ(ReadWhole(disk_, kFirst, 1 << 20)->size(), kHeaderBytes);  // cut off
  // Another entry of the same length takes the place of record 1.
  ASSERT_THAT(Append({Bytes(TestEntry(1).size(), 'x')}), IsOk());
  ASSERT_THAT(Open(), IsOk());
  EXPECT_EQ(entries_.size(), 2u);
}

TEST_F(JournalOnDisk, GrowsBySegmentsAndForgetsTheOld) {
  ASSERT_THAT(Open(), IsOk());
  const std::vector<Bytes> large(64, Bytes(60000, 1));  // 3.8 MB
  for (int i = 0; i < 5; ++i) ASSERT_THAT(Append(large), IsOk());
  EXPECT_THAT(disk_.List("j"),
              IsOkAndHolds(ElementsAre("00000000000000000000", "00000000000000000128",
                                       "00000000000000000256")));
  EXPECT_THAT(journal_->TrimBefore(255), IsOk());
  EXPECT_EQ(journal_->first(), 128u);
  EXPECT_THAT(journal_->TrimBefore(100000), IsOk());
  EXPECT_EQ(journal_->first(), 256u);
  disk_.Crash();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_EQ(journal_->first(), 256u);
  EXPECT_EQ(journal_->next(), 320u);
}

TEST_F(JournalOnDisk, KeepsNotesBetweenTheEntries) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(journal_->AppendNote(0, "nothing"), IsOk());
  ASSERT_THAT(Append(TestEntries(0, 3)), IsOk());
  ASSERT_THAT(journal_->AppendNote(2, "two"), IsOk());
  ASSERT_THAT(Append(TestEntries(3, 4)), IsOk());
  ASSERT_THAT(journal_->AppendNote(4, "four"), IsOk());
  disk_.Crash();
  ASSERT_THAT(Open(), IsOk());
  ExpectEntries(0, 4);
  EXPECT_THAT(notes_, ElementsAre("nothing", "two", "four"));
}

TEST_F(JournalOnDisk, GoesOnInASegmentThatWasPreparedWhenTheFirstIsFull) {
  ASSERT_THAT(Open(), IsOk());
  const std::vector<Bytes> large(20, Bytes(60000, 1));
  EXPECT_FALSE(journal_->wants_segment());
  ASSERT_THAT(Append(large), IsOk());
  EXPECT_TRUE(journal_->wants_segment());
  auto prepared = Journal::PrepareSegment(disk_, "j");
  ASSERT_THAT(prepared, IsOk());
  journal_->Adopt(std::move(*prepared));
  EXPECT_FALSE(journal_->wants_segment());
  disk_.Crash();  // One that is not used yet does not matter.
  ASSERT_THAT(Open(), IsOk());
  EXPECT_EQ(journal_->next(), 20u);
  prepared = Journal::PrepareSegment(disk_, "j");
  ASSERT_THAT(prepared, IsOk());
  journal_->Adopt(std::move(*prepared));
  const uint64_t steps = disk_.steps();
  for (int i = 0; i < 12; ++i) ASSERT_THAT(Append(large), IsOk());
  EXPECT_EQ(disk_.steps() - steps, 2u + 2u * 12);  // No growing: a write and a sync each.
  EXPECT_THAT(disk_.List("j"),
              IsOkAndHolds(ElementsAre("00000000000000000000", "00000000000000000020")));
  disk_.Crash();
  ASSERT_THAT(Open(), IsOk());
  EXPECT_EQ(journal_->next(), 260u);
}

TEST_F(JournalOnDisk, RefusesAGapAndAForeignFile) {
  ASSERT_THAT(Open(), IsOk());
  const std::vector<Bytes> large(75, Bytes(60000, 1));
  for (int i = 0; i < 3; ++i) ASSERT_THAT(Append(large), IsOk());
  ASSERT_THAT(disk_.Remove("j/00000000000000000075"), IsOk());
  EXPECT_THAT(Open(), StatusIs(Code::kDataLoss, HasSubstr("entries 75 to 150 are missing")));
  ASSERT_THAT(WriteWhole(disk_, "j/notes", AsBytes("hello")), IsOk());
  EXPECT_THAT(Open(), StatusIs(Code::kDataLoss));
}

TEST_F(JournalOnDisk, AFullDiskLosesNothingAndLaterAppendsSucceed) {
  ASSERT_THAT(Open(), IsOk());
  ASSERT_THAT(Append(TestEntries(0, 2)), IsOk());
  disk_.SetCapacity(100 << 10);
  EXPECT_THAT(Append({Bytes(60000), Bytes(60000)}), StatusIs(Code::kResourceExhausted));
  disk_.ClearFaults();
  ASSERT_THAT(Append(TestEntries(2, 4)), IsOk());
  disk_.Crash();
  ASSERT_THAT(Open(), IsOk());
  ExpectEntries(0, 4);
}

TEST_F(JournalOnDisk, AFailedDeviceStopsItUntilOpenedAgain) {
  ASSERT_THAT(Open(), IsOk());
  disk_.FailAfter(1);
  EXPECT_THAT(Append(TestEntries(0, 1)), StatusIs(Code::kDataLoss));
  disk_.ClearFaults();
  EXPECT_THAT(Append(TestEntries(0, 1)),
              StatusIs(Code::kFailedPrecondition, HasSubstr("open the ledger again")));
  ASSERT_THAT(Open(), IsOk());
  EXPECT_THAT(Append(TestEntries(0, 1)), IsOk());
}

// What was acknowledged is there after a crash at any step of appending over a segment's end.
TEST_F(JournalOnDisk, KeepsWhatWasAcknowledgedAfterACrashAtAnyStep) {
  for (uint64_t step = 1; step < 26; ++step) {
    for (uint64_t seed = 0; seed < 2; ++seed) {
      LyingDisk disk;
      uint64_t acknowledged = 0;
      uint64_t count = 0;
      {
        auto journal = Journal::Open(disk, "j", CountInto(count));
        ASSERT_THAT(journal, IsOk());
        disk.FailAfter(step);
        const Bytes entry(65000, 7);
        while (acknowledged < 100) {
          JournalBatch batch;
          for (int i = 0; i < 20; ++i) batch.Add(entry, crypto::LeafHash(entry));
          if (!(*journal)->Append(batch).ok()) break;
          acknowledged += 20;
          if (!(*journal)->TrimBefore(acknowledged).ok()) break;
        }
      }
      disk.ClearFaults();
      auto random = MakeSeededRandom(seed);
      disk.Crash(seed == 0 ? nullptr : random.get());
      auto journal = Journal::Open(disk, "j", CountInto(count));
      ASSERT_THAT(journal, IsOk()) << step;
      EXPECT_GE((*journal)->next(), acknowledged) << step;
    }
  }
}

}  // namespace
}  // namespace renkei::ledger
