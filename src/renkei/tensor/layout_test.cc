// SPDX-License-Identifier: Apache-2.0
#include "renkei/tensor/layout.h"

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status_testing.h"
#include "renkei/tensor/memory_file.h"
#include "renkei/tensor/reader.h"
#include "renkei/tensor/writer.h"

namespace renkei::tensor {
namespace {

using testing::HasSubstr;

const std::vector<NewTensor> kTensors = {{"layer.weight", DType::kF32, {2, 3}},
                                         {"layer.bias", DType::kBF16, {3}},
                                         {"steps \"\u9023\"", DType::kI64, {}},
                                         {"mask", DType::kBool, {5, 1}},
                                         {"empty", DType::kF64, {0}}};

TEST(DType, KnowsItsNamesAndSizes) {
  const struct {
    std::string_view name;
    size_t size_bytes;
    bool is_float;
  } cases[] = {{"F64", 8, true},  {"F32", 4, true},  {"F16", 2, true},  {"BF16", 2, true},
               {"I64", 8, false}, {"I32", 4, false}, {"I16", 2, false}, {"I8", 1, false},
               {"U64", 8, false}, {"U32", 4, false}, {"U16", 2, false}, {"U8", 1, false},
               {"BOOL", 1, false}};
  for (const auto& c : cases) {
    const auto dtype = FindDType(c.name);
    ASSERT_TRUE(dtype) << c.name;
    EXPECT_EQ(NameOf(*dtype), c.name);
    EXPECT_EQ(SizeOf(*dtype), c.size_bytes);
    EXPECT_EQ(FloatTypeOf(*dtype).has_value(), c.is_float);
  }
  EXPECT_FALSE(FindDType("F8_E4M3"));
}

// The bytes after "0x..  " of every line of the page's dump.
Bytes DumpInPage(std::string_view page) {
  std::string hex;
  std::istringstream lines{std::string(page)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("0x")) continue;
    const std::string bytes = line.substr(6, 47);
    for (const char c : bytes) {
      if (c != ' ') hex += c;
    }
  }
  return *FromHex(hex);
}

TEST(Writer, WritesTheExampleOfTheFormatPage) {
  const auto page =
      ReadWhole(*MakeRealDisk(), RENKEI_SOURCE_DIR "/docs/formats/tensors.md", 1 << 20);
  ASSERT_THAT(page, IsOk());
  const std::vector<NewTensor> tensors = {{"bias", DType::kF32, {2}}, {"n", DType::kU8, {}}};
  const auto layout = MakeLayout(tensors, {{"format", "pt"}});
  ASSERT_THAT(layout, IsOk());
  MemorySink sink;
  auto writer = Writer::Begin(sink, *layout);
  ASSERT_THAT(writer, IsOk());
  EXPECT_EQ(sink.bytes().size() % 8, 0u);
  EXPECT_EQ(layout->data_begin, sink.bytes().size());
  const uint8_t values[] = {0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0, 7};
  ASSERT_THAT(writer->Append(values), IsOk());
  ASSERT_THAT(writer->Finish(), IsOk());
  EXPECT_EQ(ToHex(sink.bytes()), ToHex(DumpInPage(AsText(*page))));
}

TEST(Writer, WritesWhatTheReaderReads) {
  const auto layout = MakeLayout(kTensors, {{"k", "v\n"}, {"a", ""}});
  ASSERT_THAT(layout, IsOk());
  MemorySink sink;
  auto writer = Writer::Begin(sink, *layout);
  ASSERT_THAT(writer, IsOk());
  for (uint64_t i = 0; i < layout->data_bytes; ++i) {
    EXPECT_THAT(writer->Finish(), StatusIs(Code::kFailedPrecondition));
    const uint8_t byte = static_cast<uint8_t>(i);
    ASSERT_THAT(writer->Append({&byte, 1}), IsOk());
  }
  EXPECT_THAT(writer->Finish(), IsOk());
  const uint8_t one_more = 0;
  EXPECT_THAT(writer->Append({&one_more, 1}), StatusIs(Code::kFailedPrecondition));
  const auto read = ReadLayout(MemoryFile(sink.bytes()));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->tensors, layout->tensors);
  EXPECT_EQ(read->metadata, layout->metadata);
  EXPECT_EQ(read->data_begin, layout->data_begin);
  EXPECT_EQ(sink.bytes().back(), layout->data_bytes - 1);
}

TEST(MakeLayout, RefusesWhatTheReaderWouldRefuse) {
  const uint64_t half = uint64_t{1} << 63;
  const struct {
    std::vector<NewTensor> tensors;
    std::string says;
  } cases[] = {
      {{{"", DType::kU8, {}}}, "empty name"},
      {{{"__metadata__", DType::kU8, {}}}, "keeps this name"},
      {{{"\xFF", DType::kU8, {}}}, "not UTF-8"},
      {{{"a\n", DType::kU8, {}}}, "control character"},
      {{{"a", DType::kU8, {}}, {"a", DType::kU8, {}}}, "tensor 'a': the name is given twice"},
      {{{"a", DType::kU16, {half}}}, "tensor 'a': shape [9223372036854775808] of U16 overflows"},
      {{{"a", DType::kU8, {half}}, {"b", DType::kU8, {half}}}, "tensor 'b': the file would pass"},
      {{{"a", DType::kU8, std::vector<uint64_t>(65, 1)}}, "65 dimensions"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(MakeLayout(c.tensors), StatusIs(Code::kInvalidArgument, HasSubstr(c.says)));
  }
}

TEST(CheckSameLayout, NamesTheTensorThatDiffers) {
  const std::vector<NewTensor> model = {{"a", DType::kF32, {2, 3}}, {"c", DType::kI64, {1}}};
  const struct {
    std::vector<NewTensor> got;
    std::string says;
  } cases[] = {
      {{{"a", DType::kF32, {2, 3}}}, "tensor 'c' is missing"},
      {{{"c", DType::kI64, {1}}}, "tensor 'a' is missing"},
      {{{"a", DType::kF32, {2, 3}}, {"b", DType::kU8, {}}, {"c", DType::kI64, {1}}},
       "tensor 'b' is not one of the model's"},
      {{{"a", DType::kF32, {2, 3}}, {"c", DType::kI64, {1}}, {"d", DType::kU8, {}}},
       "tensor 'd' is not one of the model's"},
      {{{"a", DType::kF16, {2, 3}}, {"c", DType::kI64, {1}}},
       "tensor 'a': dtype is F16, must be F32"},
      {{{"a", DType::kF32, {3, 2}}, {"c", DType::kI64, {1}}},
       "tensor 'a': shape is [3, 2], must be [2, 3]"},
      {{{"a", DType::kF32, {6}}, {"c", DType::kI64, {1}}}, "tensor 'a': shape is [6]"},
      {{}, "tensor 'a' is missing"},
  };
  const auto expected = MakeLayout(model);
  ASSERT_THAT(expected, IsOk());
  for (const auto& c : cases) {
    const auto got = MakeLayout(c.got);
    ASSERT_THAT(got, IsOk());
    EXPECT_THAT(CheckSameLayout(*expected, *got),
                StatusIs(Code::kInvalidArgument, HasSubstr(c.says)));
  }
  const std::vector<NewTensor> other_order = {model[1], model[0]};
  EXPECT_THAT(CheckSameLayout(*expected, *MakeLayout(other_order)), IsOk());
}

}  // namespace
}  // namespace renkei::tensor
