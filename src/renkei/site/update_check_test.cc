// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/update_check.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "renkei/base/lying_disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/tensor/writer.h"

namespace renkei::site {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Bytes ModelOf(const std::vector<tensor::NewTensor>& tensors, const std::vector<float>& values,
              std::map<std::string, std::string> metadata = {}) {
  Bytes bytes =
      ToBytes(tensor::DumpHeader(tensor::MakeLayout(tensors, std::move(metadata)).value()));
  const size_t header = bytes.size();
  bytes.resize(header + values.size() * sizeof(float));
  std::memcpy(bytes.data() + header, values.data(), values.size() * sizeof(float));
  return bytes;
}

const std::vector<tensor::NewTensor> kTensors = {
    {.name = "bias", .dtype = tensor::DType::kF32, .shape = {2}},
    {.name = "weight", .dtype = tensor::DType::kF32, .shape = {2}}};

class TakeUpdateTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(WriteWhole(disk_, "base", ModelOf(kTensors, {1, 2, 3, 4})), IsOk());
    base_ = TakeBase();
  }
  BlobId TakeBase() {
    const auto draft = blobs_->Create().value();
    EXPECT_THAT(draft->Append(ModelOf(kTensors, {1, 2, 3, 4})), IsOk());
    return draft->Finish().value();
  }
  StatusOr<BlobId> Take(const Bytes& bytes) {
    EXPECT_THAT(WriteWhole(disk_, "out", bytes), IsOk());
    return TakeUpdate("out", base_, *blobs_, disk_);
  }

  LyingDisk disk_;
  std::unique_ptr<store::Blobs> blobs_ = store::MakeMemoryBlobs();
  BlobId base_;
};

TEST_F(TakeUpdateTest, TakesTheSameTensorsWithOtherNumbers) {
  const Bytes update = ModelOf(kTensors, {5, 6, 7, 8});
  const auto taken = Take(update);
  ASSERT_THAT(taken, IsOk());
  const auto file = blobs_->Open(*taken);
  ASSERT_THAT(file, IsOk());
  Bytes copy(update.size());
  ASSERT_THAT(ReadExactly(**file, 0, copy), IsOk());
  EXPECT_EQ(copy, update);
  EXPECT_THAT(Take(ModelOf(kTensors, {1, 2, 3, 4})), IsOkAndHolds(base_));
  EXPECT_THAT(Take(ModelOf({kTensors[1], kTensors[0]}, {5, 6, 7, 8})), IsOk());
  EXPECT_THAT(Take(ModelOf(kTensors, {5, 6, 7, 8}, {{"format", "pt"}})), IsOk());
}

TEST_F(TakeUpdateTest, RefusesAnythingElseAndKeepsNoCopy) {
  Bytes cut = ModelOf(kTensors, {5, 6, 7, 8});
  cut.pop_back();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const struct {
    const char* what;
    Bytes bytes;
    const char* message;
  } cases[] = {
      {"not a number", ModelOf(kTensors, {5, 6, nan, 8}), "weight"},
      {"infinite", ModelOf(kTensors, {INFINITY, 6, 7, 8}), "bias"},
      {"a tensor is missing", ModelOf({kTensors[0]}, {5, 6}), "weight"},
      {"a tensor too many",
       ModelOf(
           {kTensors[0], kTensors[1], {.name = "more", .dtype = tensor::DType::kF32, .shape = {1}}},
           {5, 6, 7, 8, 9}),
       "more"},
      {"another shape",
       ModelOf({kTensors[0], {.name = "weight", .dtype = tensor::DType::kF32, .shape = {1, 2}}},
               {5, 6, 7, 8}),
       "weight"},
      {"another type",
       ModelOf({kTensors[0], {.name = "weight", .dtype = tensor::DType::kI32, .shape = {2}}},
               {5, 6, 7, 8}),
       "weight"},
      {"cut off", cut, ""},
      {"empty", {}, ""},
      {"no model", ToBytes("hello"), ""},
      {"a long message in the header",
       ModelOf(kTensors, {5, 6, 7, 8}, {{"note", std::string(kUpdateGrowthBytesMax, 'x')}}),
       "its base"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Take(c.bytes), StatusIs(Code::kInvalidArgument, HasSubstr(c.message))) << c.what;
    EXPECT_THAT(blobs_->List(), IsOkAndHolds(ElementsAre(base_))) << c.what;
  }
  EXPECT_THAT(TakeUpdate("absent", base_, *blobs_, disk_),
              StatusIs(Code::kInvalidArgument, HasSubstr("no update")));
}

TEST_F(TakeUpdateTest, ReadsAMillionTensorsUpToALimitAndNoFurther) {
  // As long as an update that may come, so that its header is looked at.
  constexpr uint64_t kDataBytes = 30 << 20;
  const tensor::NewTensor one{.name = "w", .dtype = tensor::DType::kU8, .shape = {kDataBytes}};
  Bytes model = ToBytes(tensor::DumpHeader(tensor::MakeLayout({&one, 1}).value()));
  model.resize(model.size() + kDataBytes);
  const auto draft = blobs_->Create().value();
  ASSERT_THAT(draft->Append(model), IsOk());
  base_ = draft->Finish().value();

  std::string header = "{";
  for (int i = 0; header.size() < kDataBytes - 100; ++i) {
    header += fmt::format("\"{}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}},", i);
  }
  header.back() = '}';
  Bytes update(8);
  for (size_t i = 0; i < update.size(); ++i) {
    update[i] = static_cast<uint8_t>(header.size() >> (8 * i));
  }
  update.insert(update.end(), header.begin(), header.end());
  EXPECT_THAT(Take(update), StatusIs(Code::kInvalidArgument, HasSubstr("too-many-tensors")));
}

// A file that somebody writes while it is read: its last number is none at the n-th read alone.
class RestlessFile final : public File {
 public:
  RestlessFile(std::unique_ptr<File> file, int bad_read)
      : file_(std::move(file)), bad_read_(bad_read) {}
  StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
    constexpr uint8_t kNan[] = {0, 0, 0xc0, 0x7f};
    const auto got = file_->ReadAt(offset, into);
    if (got.ok() && ++reads_ == bad_read_) {
      std::ranges::copy(kNan, into.begin() + static_cast<ptrdiff_t>(*got - sizeof kNan));
    }
    return got;
  }
  StatusOr<uint64_t> Size() const override { return file_->Size(); }
  Status WriteAt(uint64_t, ByteSpan) override { return Ok(); }
  Status Truncate(uint64_t) override { return Ok(); }
  Status Sync() override { return Ok(); }

 private:
  std::unique_ptr<File> file_;
  const int bad_read_;
  mutable int reads_ = 0;
};

class RestlessDisk final : public Disk {
 public:
  RestlessDisk(Disk& disk, int bad_read) : disk_(disk), bad_read_(bad_read) {}
  StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    RK_ASSIGN_OR_RETURN(auto file, disk_.Open(path, mode));
    return std::make_unique<RestlessFile>(std::move(file), bad_read_);
  }
  StatusOr<bool> Exists(const std::string& path) override { return disk_.Exists(path); }
  StatusOr<std::vector<std::string>> List(const std::string& path) override {
    return disk_.List(path);
  }
  Status MakeDirs(const std::string& path) override { return disk_.MakeDirs(path); }
  Status Rename(const std::string& a, const std::string& b) override { return disk_.Rename(a, b); }
  Status Remove(const std::string& path) override { return disk_.Remove(path); }
  Status SyncDir(const std::string& path) override { return disk_.SyncDir(path); }
  StatusOr<uint64_t> FreeBytes(const std::string& path) override { return disk_.FreeBytes(path); }
  StatusOr<std::unique_ptr<File>> Lock(const std::string& path) override {
    return disk_.Lock(path);
  }

 private:
  Disk& disk_;
  const int bad_read_;
};

TEST_F(TakeUpdateTest, SendsWhatItHashedAndCheckedWhateverBecomesOfTheFile) {
  ASSERT_THAT(WriteWhole(disk_, "out", ModelOf(kTensors, {5, 6, 7, 8})), IsOk());
  RestlessDisk now(disk_, 1);
  EXPECT_THAT(TakeUpdate("out", base_, *blobs_, now),
              StatusIs(Code::kInvalidArgument, HasSubstr("weight")));
  RestlessDisk later(disk_, 2);
  const auto taken = TakeUpdate("out", base_, *blobs_, later);
  ASSERT_THAT(taken, IsOk());
  EXPECT_THAT(blobs_->Check(*taken), IsOk());
}

}  // namespace
}  // namespace renkei::site
