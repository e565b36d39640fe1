// SPDX-License-Identifier: Apache-2.0
#include "renkei/site/update_check.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

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

}  // namespace
}  // namespace renkei::site
