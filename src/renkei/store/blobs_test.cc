// SPDX-License-Identifier: Apache-2.0
#include "renkei/store/blobs.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <thread>

#include <gmock/gmock.h>

#include "renkei/base/check.h"
#include "renkei/base/lying_disk.h"
#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/store/blob_tree.h"

namespace renkei::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kDirectory[] = "/blobs";

Bytes SomeBytes(uint64_t size, uint64_t seed = 1) { return MakeSeededRandom(seed)->Take(size); }

ByteSpan ChunkOf(const Bytes& bytes, uint64_t chunk) {
  const uint64_t begin = chunk * kChunkBytes;
  return ByteSpan(bytes).subspan(begin, std::min<uint64_t>(kChunkBytes, bytes.size() - begin));
}

// What the sender of a blob knows.
struct Sample {
  Bytes bytes;
  std::vector<Digest> leaves;
  BlobId id;
};

Sample MakeSample(uint64_t size, uint64_t seed = 1) {
  auto memory = MakeMemoryBlobs();
  Sample sample{.bytes = SomeBytes(size, seed), .leaves = {}, .id = {}};
  auto draft = memory->Create();
  EXPECT_THAT((*draft)->Append(sample.bytes), IsOk());
  sample.id = *(*draft)->Finish();
  sample.leaves = *memory->Leaves(sample.id);
  return sample;
}

StatusOr<BlobId> Put(Blobs& blobs, ByteSpan bytes) {
  RK_ASSIGN_OR_RETURN(const auto draft, blobs.Create());
  RK_RETURN_IF_ERROR(draft->Append(bytes));
  return draft->Finish();
}

StatusOr<Bytes> Get(Blobs& blobs, const BlobId& id) {
  RK_ASSIGN_OR_RETURN(const auto file, blobs.Open(id));
  Bytes bytes(id.size_bytes);
  RK_RETURN_IF_ERROR(ReadExactly(*file, 0, bytes));
  return bytes;
}

enum class Which { kMemory, kRealDirectory, kLyingDirectory };

// One contract, every kind.
class BlobsContract : public testing::TestWithParam<Which> {
 protected:
  BlobsContract() {
    if (GetParam() == Which::kMemory) {
      blobs_ = MakeMemoryBlobs();
      return;
    }
    std::string directory = kDirectory;
    if (GetParam() == Which::kRealDirectory) {
      disk_ = MakeRealDisk();
      root_ = testing::TempDir() + "/renkei-blobs-XXXXXX";
      RK_CHECK(mkdtemp(root_.data()) != nullptr);
      directory = root_ + "/blobs";
    } else {
      disk_ = std::make_unique<LyingDisk>();
    }
    auto made = MakeDirectoryBlobs(*disk_, directory);
    EXPECT_THAT(made, IsOk());
    blobs_ = std::move(*made);
  }
  ~BlobsContract() override {
    blobs_.reset();
    if (root_.empty()) return;
    EXPECT_THAT(RemoveTree(*disk_, root_), IsOk());
  }

  std::unique_ptr<Disk> disk_;
  std::string root_;
  std::unique_ptr<Blobs> blobs_;
};

std::string KindName(const testing::TestParamInfo<Which>& instance) {
  switch (instance.param) {
    case Which::kMemory:
      return "Memory";
    case Which::kRealDirectory:
      return "RealDirectory";
    case Which::kLyingDirectory:
      return "LyingDirectory";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Kinds, BlobsContract,
                         testing::Values(Which::kMemory, Which::kRealDirectory,
                                         Which::kLyingDirectory),
                         KindName);

TEST_P(BlobsContract, KeepsBytesUnderTheirName) {
  for (const uint64_t size :
       {uint64_t{0}, uint64_t{1}, kChunkBytes - 1, kChunkBytes, kChunkBytes + 1, 2 * kChunkBytes}) {
    const Bytes bytes = SomeBytes(size);
    auto id = Put(*blobs_, bytes);
    ASSERT_THAT(id, IsOk());
    EXPECT_EQ(id->size_bytes, size);
    EXPECT_THAT(blobs_->Has(*id), IsOkAndHolds(true));
    EXPECT_THAT(Get(*blobs_, *id), IsOkAndHolds(bytes));
    EXPECT_THAT(blobs_->Check(*id), IsOk());
    auto leaves = blobs_->Leaves(*id);
    ASSERT_THAT(leaves, IsOk());
    EXPECT_THAT(CheckLeaves(*id, *leaves), IsOk());
    auto file = blobs_->Open(*id);
    ASSERT_THAT(file, IsOk());
    EXPECT_THAT(HashFile(**file), IsOkAndHolds(*id));
    EXPECT_FALSE((*file)->WriteAt(0, bytes.empty() ? Bytes{1} : bytes).ok());
  }
}

TEST_P(BlobsContract, TheNameDoesNotDependOnThePiecesWritten) {
  const Sample sample = MakeSample(2 * kChunkBytes + 77);
  for (const size_t piece : {size_t{1000003}, size_t{kChunkBytes}, size_t{kChunkBytes + 1}}) {
    auto draft = blobs_->Create();
    ASSERT_THAT(draft, IsOk());
    for (size_t at = 0; at < sample.bytes.size(); at += piece) {
      const size_t count = std::min(piece, sample.bytes.size() - at);
      ASSERT_THAT((*draft)->Append(ByteSpan(sample.bytes).subspan(at, count)), IsOk());
    }
    EXPECT_THAT((*draft)->Finish(), IsOkAndHolds(sample.id)) << piece;
    EXPECT_THAT((*draft)->Append(Bytes{1}), StatusIs(Code::kFailedPrecondition));
    EXPECT_THAT((*draft)->Finish(), StatusIs(Code::kFailedPrecondition));
  }
}

TEST_P(BlobsContract, ImportsAFile) {
  LyingDisk source;
  const Sample sample = MakeSample(kChunkBytes + 5);
  ASSERT_THAT(WriteWhole(source, "file", sample.bytes), IsOk());
  auto file = source.Open("file", OpenMode::kRead);
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(Import(*blobs_, **file), IsOkAndHolds(sample.id));
  EXPECT_THAT(Get(*blobs_, sample.id), IsOkAndHolds(sample.bytes));
}

TEST_P(BlobsContract, KnowsOnlyWhatIsThere) {
  const BlobId absent = MakeSample(3).id;
  EXPECT_THAT(blobs_->Has(absent), IsOkAndHolds(false));
  EXPECT_THAT(blobs_->Open(absent), StatusIs(Code::kNotFound));
  EXPECT_THAT(blobs_->Leaves(absent), StatusIs(Code::kNotFound));
  EXPECT_THAT(blobs_->Check(absent), StatusIs(Code::kNotFound));
  EXPECT_THAT(blobs_->Remove(absent), StatusIs(Code::kNotFound));
  EXPECT_THAT(blobs_->List(), IsOkAndHolds(IsEmpty()));
}

TEST_P(BlobsContract, ListsAscendingAndRemoves) {
  auto one = Put(*blobs_, SomeBytes(10, 1));
  auto two = Put(*blobs_, SomeBytes(10, 2));
  ASSERT_THAT(one, IsOk());
  ASSERT_THAT(two, IsOk());
  EXPECT_THAT(blobs_->List(),
              IsOkAndHolds(ElementsAre(std::min(*one, *two), std::max(*one, *two))));
  auto open = blobs_->Open(*one);
  EXPECT_THAT(blobs_->Remove(*one), IsOk());
  EXPECT_THAT(blobs_->List(), IsOkAndHolds(ElementsAre(*two)));
  Bytes window(10);
  EXPECT_THAT(ReadExactly(**open, 0, window), IsOk());  // Readers finish.
  EXPECT_EQ(window, SomeBytes(10, 1));
}

TEST_P(BlobsContract, ADraftDestroyedUnfinishedLeavesNothing) {
  {
    auto draft = blobs_->Create();
    ASSERT_THAT(draft, IsOk());
    EXPECT_THAT((*draft)->Append(SomeBytes(kChunkBytes + 1)), IsOk());
  }
  EXPECT_THAT(blobs_->List(), IsOkAndHolds(IsEmpty()));
}

TEST_P(BlobsContract, DraftsDoNotDisturbEachOther) {
  auto one = blobs_->Create();
  auto two = blobs_->Create();
  ASSERT_THAT(one, IsOk());
  ASSERT_THAT(two, IsOk());
  EXPECT_THAT((*one)->Append(AsBytes("one")), IsOk());
  EXPECT_THAT((*two)->Append(AsBytes("two")), IsOk());
  auto id_two = (*two)->Finish();
  auto id_one = (*one)->Finish();
  ASSERT_THAT(id_one, IsOk());
  ASSERT_THAT(id_two, IsOk());
  EXPECT_THAT(Get(*blobs_, *id_one), IsOkAndHolds(ToBytes("one")));
  EXPECT_THAT(Get(*blobs_, *id_two), IsOkAndHolds(ToBytes("two")));
}

TEST_P(BlobsContract, ThreadsMayStoreTheSameBlobAtOnce) {
  const Sample sample = MakeSample(1000);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_THAT(Put(*blobs_, sample.bytes), IsOkAndHolds(sample.id)); });
  }
  threads.clear();
  EXPECT_THAT(Get(*blobs_, sample.id), IsOkAndHolds(sample.bytes));
}

TEST_P(BlobsContract, ReceivesAKnownBlobChunkByChunk) {
  const Sample sample = MakeSample(2 * kChunkBytes + 9);
  auto sink = blobs_->Receive(sample.id, sample.leaves);
  ASSERT_THAT(sink, IsOk());
  for (uint64_t chunk = 0; chunk < 3; ++chunk) {
    EXPECT_EQ((*sink)->verified_chunks(), chunk);
    EXPECT_THAT((*sink)->Commit(), StatusIs(Code::kFailedPrecondition));
    EXPECT_THAT((*sink)->Write(chunk, ChunkOf(sample.bytes, chunk)), IsOk());
  }
  EXPECT_THAT(blobs_->Has(sample.id), IsOkAndHolds(false));  // Not before Commit.
  EXPECT_THAT((*sink)->Commit(), IsOk());
  EXPECT_THAT((*sink)->Commit(), IsOk());
  EXPECT_THAT(Get(*blobs_, sample.id), IsOkAndHolds(sample.bytes));
  EXPECT_THAT(blobs_->Check(sample.id), IsOk());

  auto again = blobs_->Receive(sample.id, sample.leaves);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ((*again)->verified_chunks(), 3u);
  EXPECT_THAT((*again)->Commit(), IsOk());
}

TEST_P(BlobsContract, ReceivesAnEmptyBlob) {
  const Sample sample = MakeSample(0);
  auto sink = blobs_->Receive(sample.id, {});
  ASSERT_THAT(sink, IsOk());
  EXPECT_THAT((*sink)->Write(0, {}), StatusIs(Code::kFailedPrecondition));
  EXPECT_THAT((*sink)->Commit(), IsOk());
  EXPECT_THAT(Get(*blobs_, sample.id), IsOkAndHolds(Bytes{}));
}

TEST_P(BlobsContract, RefusesAWrongChunkAndStaysUnchanged) {
  const Sample sample = MakeSample(2 * kChunkBytes + 9);
  auto sink = blobs_->Receive(sample.id, sample.leaves);
  ASSERT_THAT(sink, IsOk());
  Bytes flipped(ChunkOf(sample.bytes, 0).begin(), ChunkOf(sample.bytes, 0).end());
  flipped[kChunkBytes / 2] ^= 1;
  const struct {
    const char* why;
    uint64_t chunk;
    ByteSpan bytes;
    Code code;
  } cases[] = {{"flipped bit", 0, flipped, Code::kDataLoss},
               {"another chunk", 0, ChunkOf(sample.bytes, 1), Code::kDataLoss},
               {"too short", 0, ChunkOf(sample.bytes, 2), Code::kInvalidArgument},
               {"too long", 0, sample.bytes, Code::kInvalidArgument},
               {"out of order", 1, ChunkOf(sample.bytes, 1), Code::kFailedPrecondition},
               {"beyond the end", 3, ChunkOf(sample.bytes, 0), Code::kFailedPrecondition}};
  for (const auto& c : cases) {
    EXPECT_THAT((*sink)->Write(c.chunk, c.bytes), StatusIs(c.code)) << c.why;
    EXPECT_EQ((*sink)->verified_chunks(), 0u) << c.why;
  }
  EXPECT_THAT((*sink)->Write(0, ChunkOf(sample.bytes, 0)), IsOk());
}

TEST_P(BlobsContract, RefusesLeavesThatAreNotTheBlobs) {
  const Sample sample = MakeSample(kChunkBytes + 9);
  std::vector<Digest> leaves = sample.leaves;
  leaves[1].bytes[0] ^= 1;
  EXPECT_THAT(blobs_->Receive(sample.id, leaves), StatusIs(Code::kDataLoss));
  leaves.pop_back();
  EXPECT_THAT(blobs_->Receive(sample.id, leaves), StatusIs(Code::kDataLoss));
  BlobId longer = sample.id;
  longer.size_bytes = 2 * kChunkBytes + 1;
  EXPECT_THAT(blobs_->Receive(longer, sample.leaves), StatusIs(Code::kDataLoss));
  longer.size_bytes = kBlobBytesMax + 1;
  EXPECT_THAT(blobs_->Receive(longer, sample.leaves), StatusIs(Code::kResourceExhausted));
}

TEST_P(BlobsContract, GoesOnBehindTheLastGoodChunk) {
  const Sample sample = MakeSample(3 * kChunkBytes);
  {
    auto sink = blobs_->Receive(sample.id, sample.leaves);
    ASSERT_THAT(sink, IsOk());
    EXPECT_THAT(blobs_->Receive(sample.id, sample.leaves), StatusIs(Code::kUnavailable));
    EXPECT_THAT((*sink)->Write(0, ChunkOf(sample.bytes, 0)), IsOk());
    EXPECT_THAT((*sink)->Write(1, ChunkOf(sample.bytes, 1)), IsOk());
  }
  auto sink = blobs_->Receive(sample.id, sample.leaves);
  ASSERT_THAT(sink, IsOk());
  EXPECT_EQ((*sink)->verified_chunks(), 2u);
  EXPECT_THAT((*sink)->Write(2, ChunkOf(sample.bytes, 2)), IsOk());
  EXPECT_THAT((*sink)->Commit(), IsOk());
  EXPECT_THAT(Get(*blobs_, sample.id), IsOkAndHolds(sample.bytes));
}

TEST_P(BlobsContract, RemoveForgetsAPart) {
  const Sample sample = MakeSample(2 * kChunkBytes);
  {
    auto sink = blobs_->Receive(sample.id, sample.leaves);
    ASSERT_THAT(sink, IsOk());
    EXPECT_THAT((*sink)->Write(0, ChunkOf(sample.bytes, 0)), IsOk());
  }
  EXPECT_THAT(blobs_->ListParts(), IsOkAndHolds(ElementsAre(sample.id)));
  EXPECT_THAT(blobs_->List(), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(blobs_->Remove(sample.id), IsOk());
  EXPECT_THAT(blobs_->ListParts(), IsOkAndHolds(IsEmpty()));
  auto sink = blobs_->Receive(sample.id, sample.leaves);
  ASSERT_THAT(sink, IsOk());
  EXPECT_EQ((*sink)->verified_chunks(), 0u);
  for (uint64_t chunk = 0; chunk < 2; ++chunk) {
    EXPECT_THAT((*sink)->Write(chunk, ChunkOf(sample.bytes, chunk)), IsOk());
  }
  EXPECT_THAT((*sink)->Commit(), IsOk());
  EXPECT_THAT(blobs_->ListParts(), IsOkAndHolds(IsEmpty())) << "it is whole";
}

// The directory on a disk that fails.

class DirectoryBlobsOnALyingDisk : public testing::Test {
 protected:
  void Open() {
    auto made = MakeDirectoryBlobs(disk_, kDirectory);
    ASSERT_THAT(made, IsOk());
    blobs_ = std::move(*made);
  }
  void Reboot(Random* random = nullptr) {
    blobs_.reset();
    disk_.ClearFaults();
    disk_.Crash(random);
    Open();
  }
  std::string ContentPath(const BlobId& id) const {
    return fmt::format("{}/{}/{}", kDirectory, id.root.hex().substr(0, 2), id.Text());
  }
  // All or nothing: a blob that is there is whole.
  void ExpectEveryBlobWhole() {
    const auto ids = blobs_->List();
    ASSERT_THAT(ids, IsOk());
    for (const BlobId& id : *ids) {
      EXPECT_THAT(blobs_->Check(id), IsOk());
      EXPECT_THAT(blobs_->Leaves(id), IsOk());
    }
  }

  LyingDisk disk_;
  std::unique_ptr<Blobs> blobs_;
};

TEST_F(DirectoryBlobsOnALyingDisk, ADraftIsWholeOrAbsentAfterACrashAtAnyStep) {
  const Sample sample = MakeSample(kChunkBytes + 3);
  for (uint64_t step = 1;; ++step) {
    bool done = false;
    for (uint64_t seed = 0; seed < 3; ++seed) {
      disk_.Crash();
      ASSERT_THAT(RemoveTree(disk_, kDirectory), IsOk());
      Open();
      disk_.FailAfter(step);
      const auto id = Put(*blobs_, sample.bytes);
      done = id.ok();
      auto random = MakeSeededRandom(seed);
      Reboot(seed == 0 ? nullptr : random.get());
      if (done) {
        EXPECT_THAT(Get(*blobs_, sample.id), IsOkAndHolds(sample.bytes));
      }
      ExpectEveryBlobWhole();
      EXPECT_THAT(disk_.List("/blobs/draft"), IsOkAndHolds(IsEmpty()));
    }
    if (done) break;
  }
}

TEST_F(DirectoryBlobsOnALyingDisk, AReceivedBlobIsResumedAfterACrashAtAnyStep) {
  const Sample sample = MakeSample(2 * kChunkBytes + 3);
  const auto receive = [&](Blobs& blobs) -> Status {
    RK_ASSIGN_OR_RETURN(const auto sink, blobs.Receive(sample.id, sample.leaves));
    for (uint64_t chunk = sink->verified_chunks(); chunk < 3; ++chunk) {
      RK_RETURN_IF_ERROR(sink->Write(chunk, ChunkOf(sample.bytes, chunk)));
    }
    return sink->Commit();
  };
  for (uint64_t step = 1;; ++step) {
    bool done = false;
    for (uint64_t seed = 0; seed < 3; ++seed) {
      disk_.Crash();
      ASSERT_THAT(RemoveTree(disk_, kDirectory), IsOk());
      Open();
      disk_.FailAfter(step);
      done = receive(*blobs_).ok();
      auto random = MakeSeededRandom(seed);
      Reboot(seed == 0 ? nullptr : random.get());
      if (done) {
        EXPECT_THAT(blobs_->Has(sample.id), IsOkAndHolds(true));
      }
      ExpectEveryBlobWhole();
      EXPECT_THAT(receive(*blobs_), IsOk());
      EXPECT_THAT(Get(*blobs_, sample.id), IsOkAndHolds(sample.bytes));
    }
    if (done) break;
  }
}

TEST_F(DirectoryBlobsOnALyingDisk, KilledWithoutPowerLossKeepsWhatWasReceived) {
  Open();
  const Sample sample = MakeSample(2 * kChunkBytes);
  {
    auto sink = blobs_->Receive(sample.id, sample.leaves);
    ASSERT_THAT(sink, IsOk());
    EXPECT_THAT((*sink)->Write(0, ChunkOf(sample.bytes, 0)), IsOk());
  }
  Open();  // A new process on the same directory.
  auto sink = blobs_->Receive(sample.id, sample.leaves);
  ASSERT_THAT(sink, IsOk());
  EXPECT_EQ((*sink)->verified_chunks(), 1u);
}

TEST_F(DirectoryBlobsOnALyingDisk, APartThatDecayedIsFetchedAgain) {
  Open();
  const Sample sample = MakeSample(3 * kChunkBytes);
  {
    auto sink = blobs_->Receive(sample.id, sample.leaves);
    ASSERT_THAT(sink, IsOk());
    EXPECT_THAT((*sink)->Write(0, ChunkOf(sample.bytes, 0)), IsOk());
    EXPECT_THAT((*sink)->Write(1, ChunkOf(sample.bytes, 1)), IsOk());
  }
  disk_.FlipBit("/blobs/partial/" + sample.id.Text(), 8 * kChunkBytes + 5);
  auto sink = blobs_->Receive(sample.id, sample.leaves);
  ASSERT_THAT(sink, IsOk());
  EXPECT_EQ((*sink)->verified_chunks(), 1u);
}

TEST_F(DirectoryBlobsOnALyingDisk, CheckNamesTheChunkThatDecayed) {
  Open();
  const Sample sample = MakeSample(2 * kChunkBytes + 3);
  ASSERT_THAT(Put(*blobs_, sample.bytes), IsOk());
  disk_.FlipBit(ContentPath(sample.id), 8 * kChunkBytes);
  EXPECT_THAT(blobs_->Check(sample.id), StatusIs(Code::kDataLoss, HasSubstr("chunk 1")));
}

TEST_F(DirectoryBlobsOnALyingDisk, ALeafListThatDecayedIsMadeAgain) {
  Open();
  const Sample sample = MakeSample(2 * kChunkBytes + 3);
  ASSERT_THAT(Put(*blobs_, sample.bytes), IsOk());
  disk_.FlipBit(ContentPath(sample.id) + ".leaves", 3);
  EXPECT_THAT(blobs_->Check(sample.id), IsOk());
  EXPECT_THAT(blobs_->Leaves(sample.id), IsOkAndHolds(sample.leaves));
  disk_.FlipBit(ContentPath(sample.id), 3);
  EXPECT_THAT(blobs_->Leaves(sample.id), IsOkAndHolds(sample.leaves));  // Written back above.
}

TEST_F(DirectoryBlobsOnALyingDisk, AFileOfAnotherLengthIsNotOpened) {
  Open();
  const Sample sample = MakeSample(100);
  ASSERT_THAT(Put(*blobs_, sample.bytes), IsOk());
  auto file = disk_.Open(ContentPath(sample.id), OpenMode::kWrite);
  ASSERT_THAT((*file)->Truncate(99), IsOk());
  EXPECT_THAT(blobs_->Open(sample.id), StatusIs(Code::kDataLoss, HasSubstr("99 bytes")));
}

TEST_F(DirectoryBlobsOnALyingDisk, AFullDiskFailsTheDraftAndLeavesTheRest) {
  Open();
  const Sample kept = MakeSample(100, 7);
  ASSERT_THAT(Put(*blobs_, kept.bytes), IsOk());
  disk_.SetCapacity(kChunkBytes);
  EXPECT_THAT(Put(*blobs_, SomeBytes(kChunkBytes)), StatusIs(Code::kResourceExhausted));
  disk_.ClearFaults();
  EXPECT_THAT(blobs_->List(), IsOkAndHolds(ElementsAre(kept.id)));
  EXPECT_THAT(blobs_->Check(kept.id), IsOk());
}

}  // namespace
}  // namespace renkei::store
