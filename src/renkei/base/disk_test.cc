// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/disk.h"

#include <cstdlib>
#include <memory>
#include <set>
#include <unistd.h>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "renkei/base/check.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"

namespace renkei {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string TemporaryDirectory() {
  std::string name = testing::TempDir() + "/renkei-disk-XXXXXX";
  RK_CHECK(mkdtemp(name.data()) != nullptr);
  return name;
}

enum class Which { kReal, kLying };

// One contract, both disks.
class DiskContract : public testing::TestWithParam<Which> {
 protected:
  DiskContract() {
    if (GetParam() == Which::kReal) {
      disk_ = MakeRealDisk();
      root_ = TemporaryDirectory();
    } else {
      disk_ = std::make_unique<LyingDisk>();
      root_ = "/root";
      EXPECT_THAT(disk_->MakeDirs(root_), IsOk());
    }
  }
  ~DiskContract() override { EXPECT_THAT(RemoveTree(*disk_, root_), IsOk()); }

  std::string At(std::string_view name) const { return JoinPath(root_, name); }
  void Put(std::string_view name, std::string_view text) {
    auto file = disk_->Open(At(name), OpenMode::kCreate);
    ASSERT_THAT(file, IsOk());
    ASSERT_THAT((*file)->WriteAt(0, AsBytes(text)), IsOk());
  }
  std::string Get(std::string_view name) {
    auto bytes = ReadWhole(*disk_, At(name), 1 << 20);
    return bytes.ok() ? ToText(*bytes) : Text(bytes.status());
  }

  std::unique_ptr<Disk> disk_;
  std::string root_;
};

INSTANTIATE_TEST_SUITE_P(Disks, DiskContract, testing::Values(Which::kReal, Which::kLying),
                         [](const auto& instance) {
                           return instance.param == Which::kReal ? "Real" : "Lying";
                         });

TEST_P(DiskContract, KeepsWhatIsWrittenAtItsOffset) {
  auto file = disk_->Open(At("a"), OpenMode::kCreateNew);
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT((*file)->WriteAt(3, AsBytes("def")), IsOk());
  EXPECT_THAT((*file)->WriteAt(0, AsBytes("abc")), IsOk());
  EXPECT_THAT((*file)->Sync(), IsOk());
  EXPECT_THAT((*file)->Size(), IsOkAndHolds(6u));
  Bytes window(4);
  EXPECT_THAT((*file)->ReadAt(1, window), IsOkAndHolds(4u));
  EXPECT_EQ(AsText(window), "bcde");
  EXPECT_THAT((*file)->ReadAt(4, window), IsOkAndHolds(2u));
  EXPECT_THAT((*file)->ReadAt(60, window), IsOkAndHolds(0u));
  EXPECT_THAT(ReadExactly(**file, 4, window), StatusIs(Code::kDataLoss));
  EXPECT_THAT((*file)->Truncate(2), IsOk());
  EXPECT_THAT((*file)->Truncate(4), IsOk());
  EXPECT_EQ(Get("a"), std::string("ab\0\0", 4));
}

TEST_P(DiskContract, OpensAsTheModeSays) {
  EXPECT_THAT(disk_->Open(At("a"), OpenMode::kRead), StatusIs(Code::kNotFound, HasSubstr(root_)));
  EXPECT_THAT(disk_->Open(At("a"), OpenMode::kWrite), StatusIs(Code::kNotFound));
  EXPECT_THAT(disk_->Open(At("no/a"), OpenMode::kCreate), StatusIs(Code::kNotFound));
  Put("a", "text");
  EXPECT_THAT(disk_->Open(At("a"), OpenMode::kCreateNew), StatusIs(Code::kAlreadyExists));
  auto reader = disk_->Open(At("a"), OpenMode::kRead);
  ASSERT_THAT(reader, IsOk());
  EXPECT_FALSE((*reader)->WriteAt(0, AsBytes("x")).ok());
  EXPECT_FALSE((*reader)->Truncate(0).ok());
  EXPECT_EQ(Get("a"), "text");
}

TEST_P(DiskContract, ListsNamesSorted) {
  EXPECT_THAT(disk_->MakeDirs(At("d/e/f")), IsOk());
  EXPECT_THAT(disk_->MakeDirs(At("d/e/f")), IsOk());
  Put("d/b", "");
  Put("d/a", "");
  EXPECT_THAT(disk_->List(At("d")), IsOkAndHolds(ElementsAre("a", "b", "e")));
  EXPECT_THAT(disk_->List(At("d/e/f")), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(disk_->List(At("no")), StatusIs(Code::kNotFound));
  EXPECT_THAT(disk_->MakeDirs(At("d/a")), StatusIs(Code::kAlreadyExists));
  EXPECT_THAT(disk_->Exists(At("d/a")), IsOkAndHolds(true));
  EXPECT_THAT(disk_->Exists(At("d/e")), IsOkAndHolds(true));
  EXPECT_THAT(disk_->Exists(At("d/c")), IsOkAndHolds(false));
}

TEST_P(DiskContract, RenameReplacesAndOpenFilesStayReadable) {
  Put("old", "old");
  Put("new", "new");
  auto reader = disk_->Open(At("old"), OpenMode::kRead);
  ASSERT_THAT(reader, IsOk());
  EXPECT_THAT(disk_->Rename(At("new"), At("old")), IsOk());
  EXPECT_EQ(Get("old"), "new");
  EXPECT_THAT(disk_->Exists(At("new")), IsOkAndHolds(false));
  Bytes window(3);
  EXPECT_THAT((*reader)->ReadAt(0, window), IsOkAndHolds(3u));
  EXPECT_EQ(AsText(window), "old");
  EXPECT_THAT(disk_->Rename(At("no"), At("old")), StatusIs(Code::kNotFound));
}

TEST_P(DiskContract, RenamesADirectoryWithWhatItHolds) {
  EXPECT_THAT(disk_->MakeDirs(At("d/e")), IsOk());
  Put("d/e/a", "text");
  EXPECT_THAT(disk_->Rename(At("d"), At("f")), IsOk());
  EXPECT_EQ(Get("f/e/a"), "text");
  EXPECT_THAT(disk_->Exists(At("d")), IsOkAndHolds(false));
}

TEST_P(DiskContract, RemovesFilesAndEmptyDirectoriesOnly) {
  EXPECT_THAT(disk_->MakeDirs(At("d")), IsOk());
  Put("d/a", "text");
  EXPECT_THAT(disk_->Remove(At("d")), StatusIs(Code::kAlreadyExists));
  EXPECT_THAT(disk_->Remove(At("d/a")), IsOk());
  EXPECT_THAT(disk_->Remove(At("d/a")), StatusIs(Code::kNotFound));
  EXPECT_THAT(disk_->Remove(At("d")), IsOk());
  EXPECT_THAT(RemoveTree(*disk_, At("d")), IsOk());
}

TEST_P(DiskContract, LocksOnceUntilReleased) {
  auto first = disk_->Lock(At("lock"));
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(disk_->Lock(At("lock")), StatusIs(Code::kUnavailable, HasSubstr("stop it first")));
  first->reset();
  EXPECT_THAT(disk_->Lock(At("lock")), IsOk());
}

TEST_P(DiskContract, WritesAndReadsWholeFilesUpToALimit) {
  EXPECT_THAT(WriteWhole(*disk_, At("a"), AsBytes("a longer text")), IsOk());
  EXPECT_THAT(WriteWhole(*disk_, At("a"), AsBytes("text")), IsOk());
  EXPECT_EQ(Get("a"), "text");
  EXPECT_THAT(disk_->List(root_), IsOkAndHolds(ElementsAre("a")));
  EXPECT_THAT(ReadWhole(*disk_, At("a"), 3), StatusIs(Code::kResourceExhausted));
}

TEST_P(DiskContract, ReadsWhatAnAlienLeftOnlyWhenItIsAFile) {
  Put("a", "text");
  const auto alien = OpenMode::kReadAlien;
  EXPECT_THAT(ReadWhole(*disk_, At("a"), 10, alien), IsOkAndHolds(ToBytes("text")));
  EXPECT_THAT(ReadWhole(*disk_, At("a"), 3, alien), StatusIs(Code::kResourceExhausted));
  EXPECT_THAT(disk_->Open(At("b"), alien), StatusIs(Code::kNotFound));
  EXPECT_THAT(disk_->MakeDirs(At("d")), IsOk());
  EXPECT_THAT(disk_->Open(At("d"), alien), StatusIs(Code::kInvalidArgument));
  EXPECT_THAT((*disk_->Open(At("a"), alien))->WriteAt(0, AsBytes("x")), Not(IsOk()));
  if (GetParam() == Which::kLying) return;
  ASSERT_EQ(mkfifo(At("pipe").c_str(), 0600), 0);
  ASSERT_EQ(symlink("a", At("link").c_str()), 0);
  ASSERT_EQ(symlink("nowhere", At("dangling").c_str()), 0);
  for (const std::string& path :
       {At("pipe"), At("link"), At("dangling"), std::string("/dev/zero")}) {
    EXPECT_THAT(disk_->Open(path, alien),
                StatusIs(Code::kInvalidArgument, HasSubstr(path + ": a regular file is needed")));
  }
}

TEST_P(DiskContract, RemovesATreeWithoutFollowingItsLinks) {
  ASSERT_THAT(disk_->MakeDirs(At("d/deep/er")), IsOk());
  ASSERT_THAT(disk_->MakeDirs(At("kept")), IsOk());
  Put("d/a", "text");
  Put("d/deep/b", "text");
  Put("kept/c", "text");
  if (GetParam() == Which::kReal) {
    ASSERT_EQ(symlink(At("kept").c_str(), At("d/deep/link").c_str()), 0);
    ASSERT_EQ(symlink("nowhere", At("d/dangling").c_str()), 0);
    ASSERT_EQ(mkfifo(At("d/pipe").c_str(), 0600), 0);
  }
  EXPECT_THAT(RemoveTree(*disk_, At("d")), IsOk());
  EXPECT_THAT(disk_->List(root_), IsOkAndHolds(ElementsAre("kept")));
  EXPECT_EQ(Get("kept/c"), "text");
  EXPECT_THAT(RemoveTree(*disk_, At("kept/c")), IsOk());
  EXPECT_THAT(disk_->List(At("kept")), IsOkAndHolds(IsEmpty()));
}

TEST_P(DiskContract, KnowsItsRoom) {
  auto room = disk_->FreeBytes(root_);
  ASSERT_THAT(room, IsOk());
  EXPECT_GT(*room, 0u);
  EXPECT_THAT(disk_->FreeBytes(At("no")), StatusIs(Code::kNotFound));
}

TEST(Paths, SplitAndJoin) {
  EXPECT_EQ(ParentOf("a/b/c"), "a/b");
  EXPECT_EQ(ParentOf("/a"), "/");
  EXPECT_EQ(ParentOf("a"), ".");
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
}

// The lies.

class Lies : public testing::Test {
 protected:
  std::unique_ptr<File> Make(const std::string& path, std::string_view text) {
    auto file = disk_.Open(path, OpenMode::kCreate);
    EXPECT_THAT(file, IsOk());
    EXPECT_THAT((*file)->WriteAt(0, AsBytes(text)), IsOk());
    return std::move(*file);
  }
  std::string Get(const std::string& path) {
    auto bytes = ReadWhole(disk_, path, 1 << 20);
    return bytes.ok() ? ToText(*bytes) : std::string("absent");
  }

  LyingDisk disk_;
};

TEST_F(Lies, ACrashLosesWhatWasNotSynced) {
  auto file = Make("a", "old");
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_THAT(disk_.SyncDir("."), IsOk());
  EXPECT_THAT(file->WriteAt(0, AsBytes("newer")), IsOk());
  disk_.Crash();
  EXPECT_EQ(Get("a"), "old");
}

TEST_F(Lies, ACrashLosesANameWhoseDirectoryWasNotSynced) {
  EXPECT_THAT(Make("a", "text")->Sync(), IsOk());
  Make("b", "text");
  EXPECT_THAT(disk_.MakeDirs("d/e"), IsOk());
  disk_.Crash();
  EXPECT_EQ(Get("a"), "absent");
  EXPECT_THAT(disk_.List("."), IsOkAndHolds(ElementsAre("d")));
  EXPECT_THAT(disk_.List("d"), IsOkAndHolds(ElementsAre("e")));
}

TEST_F(Lies, ANameMayOutliveItsContent) {
  Make("a", "text");
  EXPECT_THAT(disk_.SyncDir("."), IsOk());
  disk_.Crash();
  EXPECT_EQ(Get("a"), "");
}

TEST_F(Lies, ACrashUndoesARenameAndARemovalThatWereNotSynced) {
  EXPECT_THAT(Make("a", "a")->Sync(), IsOk());
  EXPECT_THAT(Make("b", "b")->Sync(), IsOk());
  EXPECT_THAT(Make("c", "c")->Sync(), IsOk());
  EXPECT_THAT(disk_.SyncDir("."), IsOk());
  EXPECT_THAT(disk_.Rename("a", "b"), IsOk());
  EXPECT_THAT(disk_.Remove("c"), IsOk());
  EXPECT_EQ(Get("b"), "a");
  EXPECT_EQ(Get("c"), "absent");
  disk_.Crash();
  EXPECT_EQ(Get("a"), "a");
  EXPECT_EQ(Get("b"), "b");
  EXPECT_EQ(Get("c"), "c");
}

TEST_F(Lies, NothingOfARemovedDirectoryIsInANewOneOfItsName) {
  EXPECT_THAT(disk_.MakeDirs("d"), IsOk());
  EXPECT_THAT(WriteWhole(disk_, "d/a", AsBytes("old")), IsOk());
  EXPECT_THAT(RemoveTree(disk_, "d"), IsOk());
  EXPECT_THAT(disk_.MakeDirs("d"), IsOk());
  disk_.Crash();
  EXPECT_THAT(disk_.List("d"), IsOkAndHolds(IsEmpty()));
}

TEST_F(Lies, OpenFilesDieWithThePowerAndLocksAreFree) {
  auto file = Make("a", "text");
  auto lock = disk_.Lock("lock");
  ASSERT_THAT(lock, IsOk());
  disk_.Crash();
  Bytes window(1);
  EXPECT_THAT(file->ReadAt(0, window), StatusIs(Code::kUnavailable));
  EXPECT_THAT(file->WriteAt(0, window), StatusIs(Code::kUnavailable));
  auto again = disk_.Lock("lock");
  EXPECT_THAT(again, IsOk());
  lock->reset();  // The dead lock must not free the living one.
  EXPECT_THAT(disk_.Lock("lock"), StatusIs(Code::kUnavailable));
}

TEST_F(Lies, AKilledProcessLeavesWhatItWrote) {
  auto file = Make("a", "old");
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_THAT(file->WriteAt(0, AsBytes("new")), IsOk());
  auto lock = disk_.Lock("lock");
  disk_.Kill();
  EXPECT_EQ(Get("a"), "new");
  EXPECT_THAT(file->Sync(), StatusIs(Code::kUnavailable));
  EXPECT_THAT(disk_.Lock("lock"), IsOk());
  disk_.Crash();  // Not synced before: the machine could still lose it.
  EXPECT_EQ(Get("a"), "absent");
}
TEST_F(Lies, AFlippedBitIsMendedWhereItIsUnlessWrittenOver) {
  Make("a", "aa");
  Make("b", "bb");
  disk_.FlipBit("a", 1);
  disk_.FlipBit("b", 1);
  EXPECT_EQ(Get("a"), "ca");
  EXPECT_THAT(disk_.Rename("a", "c"), IsOk());
  Make("b", "xx");
  disk_.MendBits();
  EXPECT_EQ(Get("c"), "aa");
  EXPECT_EQ(Get("b"), "xx");
  EXPECT_THAT(disk_.Files(), ElementsAre("b", "c"));
}
TEST_F(Lies, ARandomCrashKeepsAnyPartOfAnUnsyncedWrite) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    LyingDisk disk;
    auto file = disk.Open("a", OpenMode::kCreate);
    ASSERT_THAT(file, IsOk());
    EXPECT_THAT((*file)->WriteAt(0, AsBytes("..")), IsOk());
    EXPECT_THAT((*file)->Sync(), IsOk());
    EXPECT_THAT(disk.SyncDir("."), IsOk());
    EXPECT_THAT((*file)->WriteAt(0, AsBytes("ab")), IsOk());
    auto random = MakeSeededRandom(seed);
    disk.Crash(random.get());
    seen.insert(ToText(*ReadWhole(disk, "a", 10)));
  }
  EXPECT_THAT(seen, testing::UnorderedElementsAre("..", "ab", "a.", ".b"));
}

TEST_F(Lies, FailsFromAChosenStepOnAndTearsTheWrite) {
  auto file = Make("a", "....");
  disk_.FailAfter(2);
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_THAT(file->WriteAt(0, AsBytes("abcd")), StatusIs(Code::kDataLoss, HasSubstr("a: ")));
  EXPECT_THAT(file->Sync(), StatusIs(Code::kDataLoss));
  EXPECT_THAT(disk_.SyncDir("."), StatusIs(Code::kDataLoss));
  EXPECT_THAT(disk_.Open("new", OpenMode::kCreate), StatusIs(Code::kDataLoss));
  EXPECT_EQ(Get("a"), "ab..");
  disk_.ClearFaults();
  EXPECT_THAT(disk_.SyncDir("."), IsOk());
  disk_.Crash();
  EXPECT_EQ(Get("a"), "....");
}

TEST_F(Lies, FillsUp) {
  auto file = Make("a", "1234");
  disk_.SetCapacity(6);
  EXPECT_THAT(disk_.FreeBytes("."), IsOkAndHolds(2u));
  EXPECT_THAT(file->WriteAt(4, AsBytes("567")), StatusIs(Code::kResourceExhausted));
  EXPECT_EQ(Get("a"), "1234");
  EXPECT_THAT(file->WriteAt(2, AsBytes("....")), IsOk());
  EXPECT_THAT(file->Truncate(7), StatusIs(Code::kResourceExhausted));
  disk_.ClearFaults();
  EXPECT_THAT(file->Truncate(7), IsOk());
}

TEST_F(Lies, FlipsABitForGood) {
  EXPECT_THAT(WriteWhole(disk_, "a", AsBytes("aa")), IsOk());
  disk_.FlipBit("a", 9);
  EXPECT_EQ(Get("a"), "ac");
  disk_.Crash();
  EXPECT_EQ(Get("a"), "ac");
}

// The house's way to replace a file survives a crash after any step: old text or new, never
// neither.
TEST_F(Lies, WriteWholeIsAllOrNothingAtEveryStep) {
  for (uint64_t step = 1;; ++step) {
    for (uint64_t seed = 0; seed < 8; ++seed) {
      LyingDisk disk;
      ASSERT_THAT(WriteWhole(disk, "a", AsBytes("old text")), IsOk());
      disk.FailAfter(step);
      const bool done = WriteWhole(disk, "a", AsBytes("new")).ok();
      disk.ClearFaults();
      auto random = MakeSeededRandom(seed);
      disk.Crash(seed == 0 ? nullptr : random.get());
      const std::string text = ToText(*ReadWhole(disk, "a", 100));
      EXPECT_TRUE(text == "new" || (!done && text == "old text")) << step << ": " << text;
      if (done && seed == 7) return;
    }
  }
}

}  // namespace
}  // namespace renkei
