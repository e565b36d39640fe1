// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/mirror.h"

#include <gmock/gmock.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/bundle.h"
#include "renkei/ledger/ledger_testing.h"
#include "renkei/ledger/merkle_proof.h"
#include "renkei/ledger/verify_directory.h"

namespace renkei::ledger {
namespace {

using testing::HasSubstr;

class MirrorOnDisk : public testing::Test {
 protected:
  void Open() {
    mirror_.reset();
    auto opened = Mirror::Open(disk_, "mirror", TestNoteKey());
    ASSERT_THAT(opened, IsOk());
    mirror_ = std::move(*opened);
  }
  Status ExtendTo(uint64_t size) {
    return mirror_->Extend(TestEntries(mirror_->size(), size), TestCheckpoint(size));
  }
  void ExpectHolds(uint64_t size) {
    EXPECT_EQ(mirror_->size(), size);
    EXPECT_EQ(mirror_->checkpoint(), size == 0 ? "" : TestCheckpoint(size));
    EXPECT_THAT(mirror_->RootAt(size), IsOkAndHolds(TestRoot(size)));
    for (uint64_t i = 0; i < size; i += 37) {
      EXPECT_THAT(mirror_->Entry(i), IsOkAndHolds(TestEntry(i)));
    }
    EXPECT_THAT(mirror_->Entry(size), StatusIs(Code::kOutOfRange));
    if (size == 0) return;
    auto report = VerifyDirectory(disk_, "mirror", TestNoteKey());
    ASSERT_THAT(report, IsOk());
    EXPECT_EQ(report->size, size);
  }

  LyingDisk disk_;
  std::unique_ptr<Mirror> mirror_;
};

TEST_F(MirrorOnDisk, GrowsInAnyStepsAndStaysVerified) {
  Open();
  ExpectHolds(0);
  for (const uint64_t size : {1, 2, 3, 200, 256, 257, 700, 1024}) {
    ASSERT_THAT(ExtendTo(size), IsOk());
    ExpectHolds(size);
    disk_.Crash();  // Extend was durable.
    Open();
    ExpectHolds(size);
  }
  auto proof = mirror_->ProveInclusion(300, 1024);
  ASSERT_THAT(proof, IsOk());
  EXPECT_THAT(VerifyInclusion(TestLeaves(301).back(), 300, 1024, *proof, TestRoot(1024)), IsOk());
  auto consistency = mirror_->ProveConsistency(200, 1024);
  ASSERT_THAT(consistency, IsOk());
  EXPECT_THAT(VerifyConsistency(200, 1024, *consistency, TestRoot(200), TestRoot(1024)), IsOk());
}

TEST_F(MirrorOnDisk, RefusesWhatTheCheckpointDoesNotSignAndStaysUnchanged) {
  Open();
  ASSERT_THAT(ExtendTo(5), IsOk());
  std::vector<Bytes> altered = TestEntries(5, 8);
  altered[1].push_back('!');
  std::vector<Bytes> too_long = TestEntries(5, 8);
  too_long[0] = Bytes(kEntryBytesMax + 1);
  const Digest other_root = TestRoot(7);
  const struct {
    const char* why;
    std::vector<Bytes> entries;
    std::string checkpoint;
    Code code;
  } cases[] = {
      {"an entry differs", altered, TestCheckpoint(8), Code::kDataLoss},
      {"an entry is too long", too_long, TestCheckpoint(8), Code::kInvalidArgument},
      {"one entry short", TestEntries(5, 7), TestCheckpoint(8), Code::kInvalidArgument},
      {"one entry more", TestEntries(5, 9), TestCheckpoint(8), Code::kInvalidArgument},
      {"entries of another place", TestEntries(4, 7), TestCheckpoint(8), Code::kDataLoss},
      {"older", {}, TestCheckpoint(4), Code::kFailedPrecondition},
      {"same size, other root", {}, SignedCheckpoint(5, other_root), Code::kDataLoss},
      {"other key", TestEntries(5, 8), SignedCheckpoint(8, TestRoot(8), 2), Code::kDataLoss},
      {"no note", TestEntries(5, 8), "hello", Code::kDataLoss},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(mirror_->Extend(c.entries, c.checkpoint), StatusIs(c.code)) << c.why;
    ExpectHolds(5);
  }
  EXPECT_THAT(mirror_->Extend({}, TestCheckpoint(5)), IsOk());
  EXPECT_THAT(ExtendTo(8), IsOk());
  ExpectHolds(8);
}

TEST_F(MirrorOnDisk, KeepsAnEmptyLedgersCheckpoint) {
  Open();
  EXPECT_THAT(mirror_->Extend({}, SignedCheckpoint(0, TestRoot(0))), IsOk());
  EXPECT_EQ(mirror_->size(), 0u);
  EXPECT_FALSE(mirror_->checkpoint().empty());
  ASSERT_THAT(ExtendTo(3), IsOk());
}

TEST_F(MirrorOnDisk, OpensOnce) {
  Open();
  EXPECT_THAT(Mirror::Open(disk_, "mirror", TestNoteKey()), StatusIs(Code::kUnavailable));
}

TEST_F(MirrorOnDisk, RefusesToOpenOnDecayedEvidence) {
  Open();
  ASSERT_THAT(ExtendTo(300), IsOk());
  mirror_.reset();
  disk_.FlipBit("mirror/tile/entries/001.p/44", 99);
  EXPECT_THAT(Mirror::Open(disk_, "mirror", TestNoteKey()),
              StatusIs(Code::kDataLoss, HasSubstr("mirror")));
}

TEST_F(MirrorOnDisk, ExtendsWhollyOrNotAtAllWhenTheDiskFailsAtAnyStep) {
  for (const auto& [from, to] : {std::pair<uint64_t, uint64_t>{3, 5}, {250, 300}}) {
    bool done = false;
    for (uint64_t step = 1; !done; ++step) {
      for (uint64_t seed = 0; seed < 4; ++seed) {
        mirror_.reset();
        disk_.Crash();
        ASSERT_THAT(RemoveTree(disk_, "mirror"), IsOk());
        Open();
        ASSERT_THAT(ExtendTo(from), IsOk());
        disk_.FailAfter(step);
        const Status extended = ExtendTo(to);
        done = extended.ok();
        disk_.ClearFaults();
        if (seed == 0 && !done) {
          // The same process goes on: nothing has changed, and it can try again.
          EXPECT_THAT(extended, StatusIs(Code::kDataLoss));
          EXPECT_TRUE(mirror_->disk_failed());
          EXPECT_LE(mirror_->size(), to);
          EXPECT_THAT(ExtendTo(to), IsOk());
          ExpectHolds(to);
          continue;
        }
        mirror_.reset();
        auto random = MakeSeededRandom(seed);
        disk_.Crash(seed == 1 ? nullptr : random.get());
        Open();
        EXPECT_TRUE(mirror_->size() == to || (!done && mirror_->size() == from)) << step;
        ExpectHolds(mirror_->size());
        ASSERT_THAT(ExtendTo(to), IsOk());
        ExpectHolds(to);
      }
    }
  }
}

}  // namespace
}  // namespace renkei::ledger
