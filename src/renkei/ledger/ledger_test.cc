// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/ledger.h"

#include <cstdlib>
#include <map>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

#include "renkei/base/check.h"
#include "renkei/base/log.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/crypto/merkle.h"
#include "renkei/ledger/ledger_testing.h"
#include "renkei/ledger/merkle_proof.h"
#include "renkei/ledger/verify_directory.h"

namespace renkei::ledger {
namespace {

using testing::HasSubstr;

constexpr char kJournalFile[] = "log/journal/00000000000000000000";

class LedgerOnDisk : public testing::Test {
 protected:
  // Ledgers that cannot close are the purpose here.
  static void SetUpTestSuite() { log::SetLevel(log::Level::kOff); }

  Status TryOpen(Disk& disk, uint64_t key_seed = 1) {
    ledger_.reset();
    key_.emplace(TestKey(key_seed));
    auto opened = Ledger::Open(disk, "log", kTestOrigin, *key_);
    RK_RETURN_IF_ERROR(opened.status());
    ledger_ = std::move(*opened);
    return Ok();
  }
  void Open() { ASSERT_THAT(TryOpen(disk_), IsOk()); }
  // Power is gone at once: nothing that closing would write arrives.
  void Kill() {
    disk_.FailAfter(1);
    ledger_.reset();
    disk_.ClearFaults();
  }
  void AppendTo(uint64_t end) {
    for (uint64_t i = ledger_->size(); i < end; ++i) {
      ASSERT_THAT(ledger_->Append(TestEntry(i)), IsOkAndHolds(i));
    }
  }
  seal::Checkpoint Checkpoint() {
    auto note = ledger_->checkpoint();
    EXPECT_THAT(note, IsOk());
    auto checkpoint = seal::OpenCheckpoint(*note, TestNoteKey());
    EXPECT_THAT(checkpoint, IsOk());
    return *checkpoint;
  }
  void ExpectVerifiesWith(uint64_t size) {
    auto report = VerifyDirectory(disk_, "log", TestNoteKey());
    ASSERT_THAT(report, IsOk());
    EXPECT_EQ(report->size, size);
    EXPECT_EQ(report->root, TestRoot(size));
  }

  LyingDisk disk_;
  std::optional<crypto::SigningKey> key_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerOnDisk, BeginsWithTheCheckpointOfNothing) {
  Open();
  EXPECT_EQ(ledger_->size(), 0u);
  EXPECT_EQ(Checkpoint(), (seal::Checkpoint{kTestOrigin, 0, crypto::EmptyRoot()}));
  EXPECT_THAT(ledger_->Entry(0), StatusIs(Code::kOutOfRange));
}

TEST_F(LedgerOnDisk, EveryCheckpointCoversWhatWasAppended) {
  Open();
  for (uint64_t size = 1; size <= 300; ++size) {
    AppendTo(size);
    EXPECT_EQ(Checkpoint(), (seal::Checkpoint{kTestOrigin, size, TestRoot(size)}));
    if (size % 50 < 8) ExpectVerifiesWith(size);
  }
  for (uint64_t i = 0; i < 300; ++i) {
    EXPECT_THAT(ledger_->Entry(i), IsOkAndHolds(TestEntry(i)));
  }
  EXPECT_THAT(ledger_->checkpoint(), IsOkAndHolds(TestCheckpoint(300)));
}

TEST_F(LedgerOnDisk, AnyBatchingOfAppendsAndCheckpointsGivesTheSameRootAndFiles) {
  for (const uint64_t step : {1, 2, 50, 255, 256, 257, 600}) {
    ledger_.reset();
    ASSERT_THAT(RemoveTree(disk_, "log"), IsOk());
    Open();
    for (uint64_t size = step; size < 600; size += step) {
      AppendTo(size);
      ASSERT_THAT(ledger_->checkpoint(), IsOk());
    }
    AppendTo(600);
    EXPECT_THAT(ledger_->checkpoint(), IsOkAndHolds(TestCheckpoint(600)));
    ExpectVerifiesWith(600);
  }
}

TEST_F(LedgerOnDisk, ProvesWhatItHolds) {
  Open();
  AppendTo(700);
  const auto leaves = TestLeaves(700);
  auto inclusion = ledger_->ProveInclusion(3, 700);
  ASSERT_THAT(inclusion, IsOk());
  EXPECT_THAT(VerifyInclusion(leaves[3], 3, 700, *inclusion, TestRoot(700)), IsOk());
  auto consistency = ledger_->ProveConsistency(100, 699);
  ASSERT_THAT(consistency, IsOk());
  EXPECT_THAT(VerifyConsistency(100, 699, *consistency, TestRoot(100), TestRoot(699)), IsOk());
  EXPECT_THAT(ledger_->RootAt(123), IsOkAndHolds(TestRoot(123)));
  EXPECT_THAT(ledger_->ProveConsistency(0, 5), StatusIs(Code::kOutOfRange));
}

TEST_F(LedgerOnDisk, TakesEntriesUpToItsLimit) {
  Open();
  EXPECT_THAT(ledger_->Append({}), IsOkAndHolds(0u));
  EXPECT_THAT(ledger_->Append(Bytes(kEntryBytesMax, 1)), IsOkAndHolds(1u));
  EXPECT_THAT(ledger_->Append(Bytes(kEntryBytesMax + 1)),
              StatusIs(Code::kInvalidArgument, HasSubstr("65535")));
  EXPECT_EQ(ledger_->size(), 2u);
}

TEST_F(LedgerOnDisk, HasOneWriter) {
  Open();
  EXPECT_THAT(Ledger::Open(disk_, "log", kTestOrigin, *key_), StatusIs(Code::kUnavailable));
}

TEST_F(LedgerOnDisk, AnEntryIsDurableWhenAppendReturns) {
  Open();
  for (uint64_t size = 1; size < 20; ++size) {
    AppendTo(size);
    Kill();
    disk_.Crash();
    Open();
    EXPECT_EQ(ledger_->size(), size);
    EXPECT_THAT(ledger_->Entry(size - 1), IsOkAndHolds(TestEntry(size - 1)));
  }
}

// The heart of it. Whatever step the disk fails at, whatever part of the unsynced bytes survives:
// nothing acknowledged is lost, no checkpoint is ahead of the data, none contradicts another.
TEST_F(LedgerOnDisk, SurvivesACrashAtEveryStep) {
  constexpr uint64_t kBefore = 253;
  constexpr uint64_t kAfter = 260;
  bool done = false;
  for (uint64_t step = 1; !done; ++step) {
    for (uint64_t seed = 0; seed < 3; ++seed) {
      ledger_.reset();
      disk_.Crash();
      ASSERT_THAT(RemoveTree(disk_, "log"), IsOk());
      Open();
      AppendTo(kBefore);
      std::map<uint64_t, std::string> notes;
      uint64_t acknowledged = kBefore;
      disk_.FailAfter(step);
      for (done = true; acknowledged < kAfter && done;) {
        done = ledger_->Append(TestEntry(acknowledged)).ok();
        if (!done) break;
        ++acknowledged;
        if (acknowledged % 2 == 0) {
          const auto note = ledger_->checkpoint();
          done = note.ok();
          if (done) notes[acknowledged] = *note;
        }
      }
      Kill();
      auto random = MakeSeededRandom(step * 10 + seed);
      if (seed != 2) disk_.Crash(seed == 0 ? nullptr : random.get());

      ASSERT_THAT(TryOpen(disk_), IsOk()) << step << " " << seed;
      const uint64_t size = ledger_->size();
      EXPECT_GE(size, acknowledged);
      EXPECT_LE(size, acknowledged + 1);
      for (uint64_t i = kBefore - 2; i < size; ++i) {
        EXPECT_THAT(ledger_->Entry(i), IsOkAndHolds(TestEntry(i)));
      }
      for (const auto& [covered, note] : notes) {
        EXPECT_EQ(note, TestCheckpoint(covered));
        EXPECT_LE(covered, size);
      }
      EXPECT_THAT(ledger_->checkpoint(), IsOkAndHolds(TestCheckpoint(size)));
      ExpectVerifiesWith(size);
      AppendTo(size + 1);
      EXPECT_THAT(ledger_->checkpoint(), IsOkAndHolds(TestCheckpoint(size + 1)));
      ExpectVerifiesWith(size + 1);
    }
  }
}

TEST_F(LedgerOnDisk, SurvivesACrashAtEveryStepOfRecovery) {
  for (uint64_t step = 1;; ++step) {
    ledger_.reset();
    ASSERT_THAT(RemoveTree(disk_, "log"), IsOk());
    Open();
    AppendTo(258);
    ASSERT_THAT(ledger_->checkpoint(), IsOk());
    AppendTo(300);
    Kill();
    disk_.Crash();  // All tiles are gone: none was synced.
    disk_.FailAfter(step);
    const bool done = TryOpen(disk_).ok();
    Kill();
    auto random = MakeSeededRandom(step);
    disk_.Crash(random.get());
    Open();
    EXPECT_THAT(ledger_->checkpoint(), IsOkAndHolds(TestCheckpoint(300)));
    ExpectVerifiesWith(300);
    if (done) break;
  }
}

TEST_F(LedgerOnDisk, AClosedLedgerIsWholeWithoutItsJournal) {
  Open();
  AppendTo(300);
  ledger_.reset();
  disk_.Crash();
  ExpectVerifiesWith(300);
}

TEST_F(LedgerOnDisk, RepairsTilesFromItsJournal) {
  Open();
  AppendTo(300);
  ledger_.reset();
  disk_.FlipBit("log/tile/entries/000", 77);
  disk_.FlipBit("log/tile/0/001.p/44", 77);
  ASSERT_THAT(disk_.Remove("log/tile/1/000.p/1"), IsOk());
  Open();
  ExpectVerifiesWith(300);
}

TEST_F(LedgerOnDisk, RefusesToGoOnWithoutWhatItSigned) {
  const auto prepare = [this] {
    ledger_.reset();
    ASSERT_THAT(RemoveTree(disk_, "log"), IsOk());
    Open();
    AppendTo(10);
    ledger_.reset();
  };
  prepare();
  disk_.FlipBit(kJournalFile, 8 * 400);  // what is behind the damage cannot be trusted
  EXPECT_THAT(TryOpen(disk_), StatusIs(Code::kDataLoss, HasSubstr("acknowledged entries")));
  prepare();
  ASSERT_THAT(RemoveTree(disk_, "log/journal"), IsOk());
  EXPECT_THAT(TryOpen(disk_), StatusIs(Code::kDataLoss, HasSubstr("acknowledged entries")));
  prepare();
  ASSERT_THAT(WriteWhole(disk_, "log/checkpoint", AsBytes(SignedCheckpoint(9, TestRoot(8)))),
              IsOk());
  EXPECT_THAT(TryOpen(disk_), StatusIs(Code::kDataLoss, HasSubstr("signed for 9 entries")));
  prepare();
  EXPECT_THAT(TryOpen(disk_, /*key_seed=*/2), StatusIs(Code::kDataLoss));
}

TEST_F(LedgerOnDisk, AFullDiskFailsCleanlyAndHeals) {
  Open();
  AppendTo(100);
  ASSERT_THAT(ledger_->checkpoint(), IsOk());
  disk_.SetCapacity(1);
  EXPECT_THAT(ledger_->Append(Bytes(65000)), StatusIs(Code::kResourceExhausted));
  EXPECT_EQ(ledger_->size(), 100u);
  EXPECT_THAT(ledger_->checkpoint(), IsOkAndHolds(TestCheckpoint(100)));
  disk_.ClearFaults();
  AppendTo(101);
  disk_.SetCapacity(1);
  EXPECT_THAT(ledger_->checkpoint(), StatusIs(Code::kResourceExhausted));
  disk_.ClearFaults();
  EXPECT_THAT(ledger_->checkpoint(), IsOkAndHolds(TestCheckpoint(101)));
  ExpectVerifiesWith(101);
}

TEST_F(LedgerOnDisk, ManyWritersGetEachTheirOwnIndex) {
  constexpr int kThreads = 16;
  constexpr int kEach = 40;
  const auto disk = MakeRealDisk();
  std::string directory = testing::TempDir() + "/renkei-ledger-XXXXXX";
  RK_CHECK(mkdtemp(directory.data()) != nullptr);
  key_.emplace(TestKey());
  auto ledger = Ledger::Open(*disk, directory + "/log", kTestOrigin, *key_);
  ASSERT_THAT(ledger, IsOk());
  std::vector<std::map<uint64_t, Bytes>> written(kThreads);
  std::vector<std::map<uint64_t, std::string>> notes(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kEach; ++i) {
          const Bytes entry = ToBytes(fmt::format("{} {}", thread, i));
          auto index = (*ledger)->Append(entry);
          ASSERT_THAT(index, IsOk());
          written[static_cast<size_t>(thread)][*index] = entry;
          if (i % 8 != 0) continue;
          auto note = (*ledger)->checkpoint();
          ASSERT_THAT(note, IsOk());
          auto checkpoint = seal::OpenCheckpoint(*note, TestNoteKey());
          ASSERT_THAT(checkpoint, IsOk());
          EXPECT_GT(checkpoint->size, *index);
          notes[static_cast<size_t>(thread)][checkpoint->size] = *note;
        }
      });
    }
  }
  std::map<uint64_t, Bytes> all;
  std::map<uint64_t, std::string> all_notes;
  for (auto& part : written) all.merge(part);
  ASSERT_EQ(all.size(), size_t{kThreads} * kEach);
  for (const auto& [index, entry] : all) {
    EXPECT_THAT((*ledger)->Entry(index), IsOkAndHolds(entry));
  }
  for (const auto& part : notes) {
    for (const auto& [size, note] : part) {
      EXPECT_EQ(all_notes.emplace(size, note).first->second, note) << size;
      EXPECT_THAT((*ledger)->RootAt(size),
                  IsOkAndHolds(seal::OpenCheckpoint(note, TestNoteKey())->root));
    }
  }
  ledger->reset();
  EXPECT_THAT(VerifyDirectory(*disk, directory + "/log", TestNoteKey()), IsOk());
  EXPECT_THAT(RemoveTree(*disk, directory), IsOk());
}

TEST_F(LedgerOnDisk, BulkAppendsKeepTheJournalAndMemoryBounded) {
  constexpr uint64_t kCount = 1000;  // 60 MB
  const auto entry = [](uint64_t index) {
    return Bytes(60000 + index % 100, static_cast<uint8_t>(index));
  };
  Open();
  for (uint64_t i = 0; i < kCount; ++i) ASSERT_THAT(ledger_->Append(entry(i)), IsOk());
  ledger_.reset();
  EXPECT_THAT(disk_.Exists(kJournalFile), IsOkAndHolds(false));
  disk_.Crash();
  EXPECT_THAT(VerifyDirectory(disk_, "log", TestNoteKey()), IsOk());
  Open();
  EXPECT_EQ(ledger_->size(), kCount);
  for (uint64_t i = 0; i < kCount; i += 77) {
    EXPECT_THAT(ledger_->Entry(i), IsOkAndHolds(entry(i)));
  }
  auto proof = ledger_->ProveInclusion(5, kCount);
  ASSERT_THAT(proof, IsOk());
  EXPECT_THAT(
      VerifyInclusion(crypto::LeafHash(entry(5)), 5, kCount, *proof, *ledger_->RootAt(kCount)),
      IsOk());
}

// A disk that returns OK and stores another bit in files below `tile/`.
class SilentlyWrongDisk final : public Disk {
 public:
  explicit SilentlyWrongDisk(Disk& disk) : disk_(disk) {}

  StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    RK_ASSIGN_OR_RETURN(auto file, disk_.Open(path, mode));
    if (!path.starts_with("log/tile/")) return file;
    return std::make_unique<WrongFile>(std::move(file));
  }
  StatusOr<bool> Exists(const std::string& path) override { return disk_.Exists(path); }
  StatusOr<std::vector<std::string>> List(const std::string& path) override {
    return disk_.List(path);
  }
  Status MakeDirs(const std::string& path) override { return disk_.MakeDirs(path); }
  Status Rename(const std::string& from, const std::string& to) override {
    return disk_.Rename(from, to);
  }
  Status Remove(const std::string& path) override { return disk_.Remove(path); }
  Status SyncDir(const std::string& path) override { return disk_.SyncDir(path); }
  StatusOr<uint64_t> FreeBytes(const std::string& path) override { return disk_.FreeBytes(path); }
  StatusOr<std::unique_ptr<File>> Lock(const std::string& path) override {
    return disk_.Lock(path);
  }

 private:
  class WrongFile final : public File {
   public:
    explicit WrongFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
    StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
      return file_->ReadAt(offset, into);
    }
    StatusOr<uint64_t> Size() const override { return file_->Size(); }
    Status WriteAt(uint64_t offset, ByteSpan bytes) override {
      Bytes wrong(bytes.begin(), bytes.end());
      wrong.back() ^= 1;
      return file_->WriteAt(offset, wrong);
    }
    Status Truncate(uint64_t size_bytes) override { return file_->Truncate(size_bytes); }
    Status Sync() override { return file_->Sync(); }

   private:
    std::unique_ptr<File> file_;
  };

  Disk& disk_;
};

TEST_F(LedgerOnDisk, SignsNothingThatDoesNotReadBack) {
  SilentlyWrongDisk wrong(disk_);
  ASSERT_THAT(TryOpen(wrong), IsOk());
  AppendTo(5);
  EXPECT_THAT(ledger_->checkpoint(), StatusIs(Code::kDataLoss, HasSubstr("read back")));
  ledger_.reset();
  ExpectVerifiesWith(0);  // The checkpoint of the empty ledger is the last that was signed.
  Open();
  ExpectVerifiesWith(5);
}

}  // namespace
}  // namespace renkei::ledger
