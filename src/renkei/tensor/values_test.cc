// SPDX-License-Identifier: Apache-2.0
#include "renkei/tensor/values.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/base/status_testing.h"
#include "renkei/tensor/memory_file.h"
#include "renkei/tensor/reader.h"
#include "renkei/tensor/writer.h"

namespace renkei::tensor {
namespace {

using testing::HasSubstr;

struct Sample {
  Layout layout;
  Bytes bytes;
};

Sample Zeros(const std::vector<NewTensor>& tensors) {
  Sample sample{*MakeLayout(tensors), {}};
  sample.bytes = ToBytes(DumpHeader(sample.layout));
  sample.bytes.resize(sample.layout.data_begin + sample.layout.data_bytes);
  return sample;
}

template <typename T>
void Put(Sample& sample, size_t tensor, size_t element, T value) {
  const uint64_t at = sample.layout.data_begin + sample.layout.tensors[tensor].begin;
  std::memcpy(sample.bytes.data() + at + element * sizeof(T), &value, sizeof(T));
}

TEST(CheckFinite, NamesTensorAndElement) {
  const std::vector<NewTensor> tensors = {
      {"one", DType::kU8, {1}},  // misaligns all that follow
      {"f32", DType::kF32, {300000}}, {"f16", DType::kF16, {3}},   {"bf16", DType::kBF16, {3}},
      {"f64", DType::kF64, {3}},      {"bool", DType::kBool, {3}}, {"i16", DType::kI16, {3}}};
  const Sample good = Zeros(tensors);
  EXPECT_THAT(CheckFinite(MemoryFile(good.bytes), good.layout), IsOk());
  const float infinity = std::numeric_limits<float>::infinity();
  const auto expect = [](const Sample& sample, const std::string& says) {
    EXPECT_THAT(CheckFinite(MemoryFile(sample.bytes), sample.layout),
                StatusIs(Code::kInvalidArgument, HasSubstr(says)));
  };
  for (const size_t element : {0, 1, 262143, 262144, 299999}) {
    Sample bad = good;
    Put(bad, 1, element, -infinity);
    expect(bad, "tensor 'f32': element " + std::to_string(element) + " is infinite");
  }
  Sample bad = good;
  Put<uint8_t>(bad, 5, 2, 2);
  expect(bad, "tensor 'bool': element 2 is 2");
  Put(bad, 4, 1, std::nan(""));
  expect(bad, "tensor 'f64': element 1 ");
  Put<uint16_t>(bad, 3, 2, 0xFF80);
  expect(bad, "tensor 'bf16': element 2 ");
  Put<uint16_t>(bad, 2, 0, 0x7E00);
  expect(bad, "tensor 'f16': element 0 ");
  Sample integers = good;
  Put<int16_t>(integers, 6, 1, 0x7F80);
  EXPECT_THAT(CheckFinite(MemoryFile(integers.bytes), integers.layout), IsOk());
}

TEST(CheckFinite, SaysWhenTheFileShrank) {
  Sample sample = Zeros({{"w", DType::kF32, {10}}});
  sample.bytes.pop_back();
  EXPECT_THAT(CheckFinite(MemoryFile(sample.bytes), sample.layout), StatusIs(Code::kDataLoss));
}

TEST(L2Norm, SumsAllFloatTensors) {
  Sample sample = Zeros({{"a", DType::kF32, {2}},
                         {"n", DType::kI32, {1}},
                         {"b", DType::kF16, {1}},
                         {"c", DType::kBF16, {1}},
                         {"d", DType::kF64, {1}}});
  Put(sample, 0, 0, 1.0f);
  Put(sample, 0, 1, -2.0f);
  Put(sample, 1, 0, 77);
  Put<uint16_t>(sample, 2, 0, 0x4000);  // 2
  Put<uint16_t>(sample, 3, 0, 0xC080);  // -4
  Put(sample, 4, 0, 0.0);
  EXPECT_THAT(L2Norm(MemoryFile(sample.bytes), sample.layout), IsOkAndHolds(5.0));
  Put(sample, 4, 0, 1e200);
  EXPECT_THAT(L2Norm(MemoryFile(sample.bytes), sample.layout),
              StatusIs(Code::kInvalidArgument, HasSubstr("tensor 'd'")));
}

uint64_t PeakMemoryKiB() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    uint64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib;
  }
  return 0;
}

// A file of more than 4 GiB whose zeros are made up as they are read.
TEST(CheckFinite, ReadsFilesLargerThanFourGigabytesInAFixedWindow) {
  const std::vector<NewTensor> tensors = {{"large", DType::kBF16, {uint64_t{1} << 31}},
                                          {"last", DType::kF32, {262144}}};
  const auto layout = MakeLayout(tensors);
  ASSERT_THAT(layout, IsOk());
  const uint64_t size = layout->data_begin + layout->data_bytes;
  ASSERT_GT(size, uint64_t{1} << 32);
  const MemoryFile file(ToBytes(DumpHeader(*layout)), size);
  const uint64_t before = PeakMemoryKiB();
  const auto read = ReadLayout(file);
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(CheckFinite(file, *read), IsOk());
  EXPECT_LT(PeakMemoryKiB() - before, 8u << 10);
}

}  // namespace
}  // namespace renkei::tensor
