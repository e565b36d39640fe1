// SPDX-License-Identifier: Apache-2.0
#include "renkei/reduce/weighted_mean.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "renkei/base/random.h"
#include "renkei/base/status_testing.h"
#include "renkei/kernels/every_target.h"
#include "renkei/kernels/float_type.h"
#include "renkei/reduce/sources.h"
#include "renkei/tensor/memory_file.h"
#include "renkei/tensor/reader.h"
#include "renkei/tensor/writer.h"

namespace renkei::reduce {
namespace {

using tensor::DType;
using tensor::Layout;
using tensor::MakeLayout;
using tensor::MemoryFile;
using tensor::MemorySink;
using tensor::NewTensor;
using testing::HasSubstr;

// Odd sizes, so that most tensors begin off their alignment; more than one tile of 1 KiB.
const std::vector<NewTensor> kTensors = {
    {"flag", DType::kBool, {3}},    {"f32", DType::kF32, {7, 101}}, {"f16", DType::kF16, {333}},
    {"bf16", DType::kBF16, {5, 5}}, {"empty", DType::kF32, {0}},    {"scalar", DType::kF64, {}},
    {"i64", DType::kI64, {9}},      {"f64", DType::kF64, {129}},    {"more", DType::kF32, {600}}};

template <typename T>
T At(const Bytes& file, const Layout& layout, size_t tensor, size_t element) {
  T value;
  const uint64_t at = layout.data_begin + layout.tensors[tensor].begin + element * sizeof(T);
  std::memcpy(&value, file.data() + at, sizeof(T));
  return value;
}

template <typename T>
void Put(Bytes& file, const Layout& layout, size_t tensor, size_t element, T value) {
  const uint64_t at = layout.data_begin + layout.tensors[tensor].begin + element * sizeof(T);
  std::memcpy(file.data() + at, &value, sizeof(T));
}

void PutFloat(Bytes& file, const Layout& layout, size_t tensor, size_t element, double value) {
  switch (layout.tensors[tensor].dtype) {
    case DType::kF64:
      return Put(file, layout, tensor, element, value);
    case DType::kF32:
      return Put(file, layout, tensor, element, static_cast<float>(value));
    case DType::kF16:
      return Put(file, layout, tensor, element, kernels::NarrowF16(value));
    case DType::kBF16:
      return Put(file, layout, tensor, element, kernels::NarrowBF16(value));
    default:
      return;
  }
}

double FloatAt(const Bytes& file, const Layout& layout, size_t tensor, size_t element) {
  switch (layout.tensors[tensor].dtype) {
    case DType::kF64:
      return At<double>(file, layout, tensor, element);
    case DType::kF32:
      return At<float>(file, layout, tensor, element);
    case DType::kF16:
      return kernels::WidenF16(At<uint16_t>(file, layout, tensor, element));
    default:
      return kernels::WidenBF16(At<uint16_t>(file, layout, tensor, element));
  }
}

Bytes Zeros(const Layout& layout) {
  Bytes file = ToBytes(DumpHeader(layout));
  file.resize(layout.data_begin + layout.data_bytes);
  return file;
}

struct Updates {
  Layout layout;
  std::vector<Bytes> files;
  std::vector<uint64_t> weights;
};

// Values of all magnitudes, many of them subnormal in their type; equal integers.
Updates SomeUpdates(size_t count, uint64_t seed) {
  Updates updates{*MakeLayout(kTensors), {}, {}};
  const auto random = MakeSeededRandom(seed);
  for (size_t i = 0; i < count; ++i) {
    Bytes file = Zeros(updates.layout);
    for (size_t t = 0; t < updates.layout.tensors.size(); ++t) {
      const auto& spec = updates.layout.tensors[t];
      for (size_t e = 0; e < spec.elements(); ++e) {
        if (spec.dtype == DType::kI64) {
          Put<int64_t>(file, updates.layout, t, e, static_cast<int64_t>(e) - 4);
        }
        const int smallest = spec.dtype == DType::kF16   ? -26
                             : spec.dtype == DType::kF64 ? -1080
                                                         : -151;
        const int exponent =
            smallest + static_cast<int>(random->Below(static_cast<uint64_t>(14 - smallest)));
        const double fraction = static_cast<double>(random->Below(uint64_t{1} << 53)) * 0x1p-52 - 1;
        PutFloat(file, updates.layout, t, e, std::ldexp(fraction, exponent));
      }
    }
    updates.files.push_back(std::move(file));
    updates.weights.push_back(i % 3 == 0 ? kWeightMax - i : 1 + random->Below(100000));
  }
  return updates;
}

StatusOr<Bytes> Reduce(const std::vector<Bytes>& files, const std::vector<uint64_t>& weights,
                       const Options& options = {}) {
  std::deque<MemoryFile> opened;
  std::vector<Input> inputs;
  for (size_t i = 0; i < files.size(); ++i) {
    inputs.push_back({.file = &opened.emplace_back(files[i]), .weight = weights[i]});
  }
  MemorySink sink;
  RK_RETURN_IF_ERROR(WeightedMean(inputs, sink, options));
  return sink.bytes();
}

// The slow reference: the design's sentence, one element after the other.
Bytes Reference(const Updates& updates) {
  Bytes mean = updates.files[0];
  uint64_t total = 0;
  for (const uint64_t weight : updates.weights) total += weight;
  for (size_t t = 0; t < updates.layout.tensors.size(); ++t) {
    if (!tensor::FloatTypeOf(updates.layout.tensors[t].dtype)) continue;
    for (size_t e = 0; e < updates.layout.tensors[t].elements(); ++e) {
      double sum = +0.0;
      for (size_t i = 0; i < updates.files.size(); ++i) {
        const volatile double product = static_cast<double>(updates.weights[i]) *
                                        FloatAt(updates.files[i], updates.layout, t, e);
        sum = sum + product;
      }
      PutFloat(mean, updates.layout, t, e, sum / static_cast<double>(total));
    }
  }
  return mean;
}

TEST(WeightedMean, GivesTheReferencesBitsForAnyTileThreadsAndInstructionSet) {
  for (const size_t sites : {1, 2, 7, 8, 9, 25}) {
    const Updates updates = SomeUpdates(sites, sites);
    const Bytes want = Reference(updates);
    kernels::OnEveryTarget([&] {
      for (const size_t tile_bytes : {0, 65, 100, 1 << 10, 4096, 1 << 20}) {
        for (const int threads : {0, 1, 2, 3, 16}) {
          const auto got = Reduce(updates.files, updates.weights,
                                  {.tile_bytes = tile_bytes, .threads = threads});
          ASSERT_THAT(got, IsOk());
          ASSERT_EQ(*got == want, true) << sites << " sites, " << tile_bytes << ", " << threads;
        }
      }
    });
  }
}

// Weights that are powers of two add up without rounding.
TEST(WeightedMean, OfEqualFilesIsThatFileButForNegativeZeros) {
  const Updates updates = SomeUpdates(1, 77);
  Bytes want = updates.files[0];
  for (size_t t = 0; t < updates.layout.tensors.size(); ++t) {
    for (size_t e = 0; e < updates.layout.tensors[t].elements(); ++e) {
      if (!tensor::FloatTypeOf(updates.layout.tensors[t].dtype)) continue;
      PutFloat(want, updates.layout, t, e, FloatAt(want, updates.layout, t, e) + 0.0);
    }
  }
  const auto got = Reduce({want, updates.files[0], want}, {1, 1, 2});
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(*got == want, true);
}

// A hand example: (1*1 + 3*2) / 4 and so on.
TEST(WeightedMean, WeighsByExamples) {
  const Layout layout = *MakeLayout(std::vector<NewTensor>{{"w", DType::kF32, {3}}});
  Bytes a = Zeros(layout), b = Zeros(layout);
  for (size_t e = 0; e < 3; ++e) {
    Put(a, layout, 0, e, std::vector{1.0f, -0.0f, 0.5f}[e]);
    Put(b, layout, 0, e, std::vector{2.0f, -0.0f, -1.0f}[e]);
  }
  const auto got = Reduce({a, b}, {1, 3});
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(At<float>(*got, layout, 0, 0), 1.75f);
  EXPECT_EQ(At<uint32_t>(*got, layout, 0, 1), 0u);  // +0.0: the sum begins at +0.0
  EXPECT_EQ(At<float>(*got, layout, 0, 2), -0.625f);
}

TEST(WeightedMean, ReadsTensorsInAnyOrderAndWritesThatOfTheFirst) {
  const Updates updates = SomeUpdates(3, 5);
  const Bytes want = Reference(updates);
  std::vector<Bytes> files = updates.files;
  for (size_t i = 1; i < files.size(); ++i) {
    std::vector<NewTensor> turned(kTensors.rbegin(), kTensors.rend());
    if (i == 2) std::swap(turned[0], turned[4]);
    const Layout layout = *MakeLayout(turned);
    files[i] = Zeros(layout);
    for (const auto& to : layout.tensors) {
      for (const auto& from : updates.layout.tensors) {
        if (from.name != to.name || to.begin == to.end) continue;
        std::memcpy(files[i].data() + layout.data_begin + to.begin,
                    updates.files[i].data() + updates.layout.data_begin + from.begin,
                    to.end - to.begin);
      }
    }
  }
  for (const size_t tile_bytes : {64, 4096}) {
    const auto got = Reduce(files, updates.weights, {.tile_bytes = tile_bytes, .threads = 2});
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(*got == want, true);
  }
}

TEST(WeightedMean, KeepsOnlyTheMetadataThatAllShare) {
  const std::vector<NewTensor> tensors = {{"w", DType::kF32, {1}}};
  const auto file = [&](std::map<std::string, std::string> metadata) {
    return Zeros(*MakeLayout(tensors, std::move(metadata)));
  };
  const auto got = Reduce({file({{"format", "pt"}, {"site", "a"}, {"only", "here"}}),
                           file({{"format", "pt"}, {"site", "b"}})},
                          {1, 1});
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(*got == file({{"format", "pt"}}), true);
}

TEST(WeightedMean, MergesIntegersByTheRule) {
  const std::vector<NewTensor> tensors = {
      {"i8", DType::kI8, {9}},   {"i16", DType::kI16, {9}}, {"i32", DType::kI32, {9}},
      {"i64", DType::kI64, {9}}, {"u8", DType::kU8, {9}},   {"u16", DType::kU16, {9}},
      {"u32", DType::kU32, {9}}, {"u64", DType::kU64, {9}}, {"bool", DType::kBool, {9}}};
  const Layout layout = *MakeLayout(tensors);
  std::vector<Bytes> files(3, Zeros(layout));
  const auto put_all = [&](Bytes& file, size_t element, int8_t value) {
    for (size_t t = 0; t < 9; ++t) {
      const size_t width = tensor::SizeOf(layout.tensors[t].dtype);
      for (size_t b = 0; b < width; ++b) {  // sign-extended: -2 is the largest but one unsigned
        const uint8_t byte = b == 0 ? static_cast<uint8_t>(value) : value < 0 ? 0xFF : 0;
        file[layout.data_begin + layout.tensors[t].begin + element * width + b] = byte;
      }
    }
  };
  put_all(files[1], 8, -2);
  const std::vector<uint64_t> weights = {1, 1, 1};
  EXPECT_THAT(Reduce(files, weights),
              StatusIs(Code::kInvalidArgument,
                       HasSubstr("input 1: tensor 'i8': element 8 is not that of input 0")));
  EXPECT_THAT(Reduce(files, weights, {.integers = IntegerRule::kFirst}), IsOkAndHolds(files[0]));
  put_all(files[0], 8, -3);
  put_all(files[2], 8, 1);
  const auto largest = Reduce(files, weights, {.integers = IntegerRule::kMax});
  ASSERT_THAT(largest, IsOk());
  EXPECT_EQ(At<int8_t>(*largest, layout, 0, 8), 1);
  EXPECT_EQ(At<int16_t>(*largest, layout, 1, 8), 1);
  EXPECT_EQ(At<int32_t>(*largest, layout, 2, 8), 1);
  EXPECT_EQ(At<int64_t>(*largest, layout, 3, 8), 1);
  EXPECT_EQ(At<uint8_t>(*largest, layout, 4, 8), 0xFE);
  EXPECT_EQ(At<uint16_t>(*largest, layout, 5, 8), 0xFFFE);
  EXPECT_EQ(At<uint32_t>(*largest, layout, 6, 8), 0xFFFFFFFE);
  EXPECT_EQ(At<uint64_t>(*largest, layout, 7, 8), ~uint64_t{1});
}

TEST(WeightedMean, RefusesWhatHasNoMeanAndNamesWhere) {
  const Layout layout = *MakeLayout(std::vector<NewTensor>{
      {"a", DType::kF32, {100}}, {"b", DType::kF16, {100}}, {"c", DType::kF64, {100}}});
  const Bytes good = Zeros(layout);
  const Layout other = *MakeLayout(std::vector<NewTensor>{{"a", DType::kF32, {300}}});
  Bytes infinite = good, missing = good, huge = good, cut = good;
  Put(infinite, layout, 1, 99, uint16_t{0x7C00});
  Put(missing, layout, 0, 7, std::numeric_limits<float>::quiet_NaN());
  Put(huge, layout, 2, 3, 1e308);
  cut.resize(20);
  const struct {
    std::vector<Bytes> files;
    std::vector<uint64_t> weights;
    Code code;
    std::string says;
  } cases[] = {
      {{}, {}, Code::kInvalidArgument, "no update"},
      {{good, good}, {1, 0}, Code::kInvalidArgument, "input 1: weight 0 is not in 1 to 536870911"},
      {{good}, {kWeightMax + 1}, Code::kInvalidArgument, "input 0: weight 536870912"},
      {{good, cut}, {1, 1}, Code::kInvalidArgument, "input 1: header-length"},
      {{good, Zeros(other)}, {1, 1}, Code::kInvalidArgument, "input 1: tensor 'a': shape"},
      {{good, good, infinite},
       {1, 1, 1},
       Code::kInvalidArgument,
       "input 2: tensor 'b': element 99 is infinite"},
      {{good, missing, infinite},
       {1, 1, 1},
       Code::kInvalidArgument,
       "input 1: tensor 'a': element 7 is infinite or not"},
      {{good, huge},
       {1, 9},
       Code::kInvalidArgument,
       "tensor 'c': element 3: the sum of all inputs is not finite"},
  };
  for (const auto& c : cases) {
    for (const int threads : {1, 3}) {
      EXPECT_THAT(Reduce(c.files, c.weights, {.tile_bytes = 64, .threads = threads}),
                  StatusIs(c.code, HasSubstr(c.says)));
    }
  }
}

TEST(WeightedMean, BoundsTheSumOfTheWeights) {
  const MemoryFile file(Zeros(*MakeLayout(std::vector<NewTensor>{})));
  EXPECT_EQ(kTotalWeightMax / kWeightMax, uint64_t{1} << 24);  // sites, far beyond any run
  EXPECT_EQ(static_cast<uint64_t>(static_cast<double>(kTotalWeightMax)), kTotalWeightMax);
  MemorySink sink;
  const Input input = {.file = &file, .weight = kWeightMax};
  EXPECT_THAT(WeightedMean({&input, 1}, sink, {}), IsOk());
}

TEST(WeightedMean, RefusesMoreOrdersThanItKeeps) {
  std::vector<Bytes> files;
  std::vector<NewTensor> tensors(kOrdersMax + 2, NewTensor{"", DType::kF32, {1}});
  for (size_t t = 0; t < tensors.size(); ++t) tensors[t].name = fmt::format("t{:02}", t);
  for (size_t i = 0; i < kOrdersMax + 2; ++i) {
    files.push_back(Zeros(*MakeLayout(tensors)));
    std::rotate(tensors.begin(), tensors.begin() + 1, tensors.end());
  }
  const std::vector<uint64_t> weights(files.size(), 1);
  EXPECT_THAT(Reduce(files, weights), StatusIs(Code::kResourceExhausted, HasSubstr("input 17: ")));
  files.pop_back();
  EXPECT_THAT(Reduce(files, weights), IsOk());
}

class FullSink final : public ByteSink {
 public:
  explicit FullSink(size_t room) : room_(room) {}
  Status Append(ByteSpan bytes) override {
    if (bytes.size() > room_) return Error(Code::kResourceExhausted, "disk full");
    room_ -= bytes.size();
    return Ok();
  }

 private:
  size_t room_;
};

TEST(WeightedMean, EndsWithTheErrorOfTheSinkAtAnyByte) {
  const Updates updates = SomeUpdates(2, 9);
  const MemoryFile a(updates.files[0]), b(updates.files[1]);
  const Input inputs[] = {{.file = &a, .weight = 1}, {.file = &b, .weight = 1}};
  for (size_t room = 0; room < updates.files[0].size(); room += 64) {
    for (const int threads : {1, 2}) {
      FullSink sink(room);
      ASSERT_THAT(WeightedMean(inputs, sink, {.tile_bytes = 64, .threads = threads}),
                  StatusIs(Code::kResourceExhausted, "disk full"))
          << room;
    }
  }
}

// A file that shrinks between the header and the tensors.
class ShrinkingFile final : public File {
 public:
  explicit ShrinkingFile(Bytes bytes, uint64_t end) : whole_(std::move(bytes)), end_(end) {}
  StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
    RK_ASSIGN_OR_RETURN(const size_t count, whole_.ReadAt(offset, into));
    return offset + count <= end_ ? count : offset < end_ ? end_ - offset : 0;
  }
  StatusOr<uint64_t> Size() const override { return whole_.Size(); }
  Status WriteAt(uint64_t, ByteSpan) override { return Ok(); }
  Status Truncate(uint64_t) override { return Ok(); }
  Status Sync() override { return Ok(); }

 private:
  MemoryFile whole_;
  uint64_t end_;
};

TEST(WeightedMean, NamesTheInputThatCannotBeRead) {
  const Updates updates = SomeUpdates(2, 3);
  const MemoryFile a(updates.files[0]);
  const ShrinkingFile b(updates.files[1], updates.files[1].size() - 1);
  const Input inputs[] = {{.file = &a, .weight = 1}, {.file = &b, .weight = 1}};
  for (const int threads : {1, 4}) {
    MemorySink sink;
    EXPECT_THAT(WeightedMean(inputs, sink, {.tile_bytes = 64, .threads = threads}),
                StatusIs(Code::kDataLoss, HasSubstr("input 1: ")));
  }
}

uint64_t PeakMemoryKiB() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    uint64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib;
  }
  return 0;
}

class CountingSink final : public ByteSink {
 public:
  Status Append(ByteSpan bytes) override {
    count += bytes.size();
    return Ok();
  }
  uint64_t count = 0;
};

TEST(WeightedMean, UsesTheSameMemoryForAnyNumberOfSitesAndAnySize) {
  const auto reduce = [](size_t sites, uint64_t elements) {
    const Layout layout = *MakeLayout(std::vector<NewTensor>{{"w", DType::kBF16, {elements}}});
    const MemoryFile file(ToBytes(DumpHeader(layout)), layout.data_begin + layout.data_bytes);
    const std::vector<Input> inputs(sites, Input{.file = &file, .weight = 1});
    CountingSink sink;
    EXPECT_THAT(WeightedMean(inputs, sink, {.threads = 4}), IsOk());
    EXPECT_EQ(sink.count, layout.data_begin + layout.data_bytes);
  };
  const uint64_t before = PeakMemoryKiB();
  reduce(1024, 200'000);
  reduce(8, 30'000'000);
  EXPECT_LT((PeakMemoryKiB() - before) << 10, kBufferBytesMax + (4u << 20));
}

}  // namespace
}  // namespace renkei::reduce
