// SPDX-License-Identifier: Apache-2.0
#include "renkei/tensor/reader.h"

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "renkei/base/status_testing.h"
#include "renkei/tensor/memory_file.h"
#include "renkei/tensor/values.h"
#include "renkei/tensor/writer.h"

namespace renkei::tensor {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kModels = RENKEI_SOURCE_DIR "/../shared/data/models/";

std::string Length(uint64_t length) {
  std::string text(8, '\0');
  for (size_t i = 0; i < 8; ++i) text[i] = static_cast<char>(length >> (8 * i) & 0xFF);
  return text;
}

// A file with `header` and `data_bytes` zeros after it.
Bytes FileOf(std::string_view header, size_t data_bytes) {
  return ToBytes(Length(header.size()) + std::string(header) + std::string(data_bytes, '\0'));
}

StatusOr<Layout> Read(Bytes bytes, const ReadLimits& limits = {}) {
  return ReadLayout(MemoryFile(std::move(bytes)), limits);
}

std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The names in the table of published vectors, and our rules.
const std::map<std::string, std::string> kRuleOf = {
    {"HeaderTooLarge", "header-too-large: "},      {"HeaderTooSmall", "header-too-small: "},
    {"InvalidHeaderLength", "header-length: "},    {"InvalidHeader", "utf-8: "},
    {"InvalidHeaderDeserialization", "json: "},    {"TensorInvalidInfo", "size: "},
    {"ValidationOverflow", "overflow: "},          {"InvalidOffset", "overlap: "},
    {"MetadataIncompleteBuffer", "data-length: "},
};

TEST(ReadLayout, JudgesEveryPublishedVectorAsItsTableSays) {
  std::ifstream table(kModels + "safetensors-vectors.csv");
  if (!table) GTEST_SKIP() << "reason: no shared data";
  std::string line;
  std::getline(table, line);
  int count = 0;
  for (; std::getline(table, line); ++count) {
    std::istringstream fields(line);
    std::string name, expected, size, hex;
    std::getline(fields, name, ',');
    std::getline(fields, expected, ',');
    std::getline(fields, size, ',');
    std::getline(fields, hex, ',');
    auto bytes = FromHex(hex);
    ASSERT_THAT(bytes, IsOk());
    ASSERT_EQ(fmt::format("{}", bytes->size()), size);
    const auto layout = Read(*bytes);
    if (expected == "ok") {
      EXPECT_THAT(layout, IsOk()) << name;
    } else {
      EXPECT_THAT(layout, StatusIs(Code::kInvalidArgument, StartsWith(kRuleOf.at(expected))))
          << name;
    }
  }
  EXPECT_EQ(count, 17);
}

TEST(ReadLayout, ReadsRealModels) {
  const struct {
    std::string name;
    size_t tensors;
  } cases[] = {
      {"mnist-convnet.safetensors", 0}, {"multi-layer.safetensors", 0}, {"two-f64.safetensors", 0}};
  for (const auto& c : cases) {
    const std::string bytes = Slurp(kModels + c.name);
    if (bytes.empty()) GTEST_SKIP() << "reason: no shared data";
    const MemoryFile file(ToBytes(bytes));
    const auto layout = ReadLayout(file);
    ASSERT_THAT(layout, IsOk()) << c.name;
    EXPECT_GT(layout->tensors.size(), c.tensors) << c.name;
    EXPECT_THAT(CheckFinite(file, *layout), IsOk()) << c.name;
    const auto norm = L2Norm(file, *layout);
    ASSERT_THAT(norm, IsOk());
    EXPECT_GT(*norm, 0) << c.name;
  }
}

TEST(ReadLayout, RefusesOtherFormatsAndSaysWhatToDo) {
  const struct {
    std::string name;
    std::string says;
  } cases[] = {{"pickle-weights.pt", "save the weights as safetensors"},
               {"small.npy", "a NumPy array; save the weights as safetensors"},
               {"small.npz", "a zip archive"},
               {"gradient-boosting-classifier.onnx", "header-"},
               {"mlperf-tiny-resnet8-f32.tflite", "header-"}};
  for (const auto& c : cases) {
    const std::string bytes = Slurp(kModels + c.name);
    if (bytes.empty()) GTEST_SKIP() << "reason: no shared data";
    EXPECT_THAT(Read(ToBytes(bytes)), StatusIs(Code::kInvalidArgument, HasSubstr(c.says)))
        << c.name;
  }
}

TEST(ReadLayout, GivesWhatTheHeaderSays) {
  const auto layout = Read(FileOf(
      R"({"b":{"data_offsets":[4,12],"shape":[2,1],"dtype":"F32"},"__metadata__":{"format":"pt"},)"
      R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
      R"("\u00e9":{"dtype":"BOOL","shape":[],"data_offsets":[12,13]},)"
      R"("none":{"dtype":"F64","shape":[3,0],"data_offsets":[12,12]}}   )",
      13));
  ASSERT_THAT(layout, IsOk());
  ASSERT_EQ(layout->tensors.size(), 4u);
  EXPECT_EQ(layout->tensors[0], (TensorSpec{"a", DType::kU8, {4}, 0, 4}));
  EXPECT_EQ(layout->tensors[1], (TensorSpec{"b", DType::kF32, {2, 1}, 4, 12}));
  EXPECT_EQ(layout->tensors[2], (TensorSpec{"none", DType::kF64, {3, 0}, 12, 12}));
  EXPECT_EQ(layout->tensors[3], (TensorSpec{"\u00e9", DType::kBool, {}, 12, 13}));
  EXPECT_EQ(layout->tensors[1].elements(), 2u);
  EXPECT_EQ(layout->metadata.at("format"), "pt");
  EXPECT_EQ(layout->data_bytes, 13u);
}

// One tensor "w" with these fields.
std::string W(std::string_view fields) { return fmt::format(R"({{"w":{{{}}}}})", fields); }

// "1,1,1"
std::string Ones(int count) {
  std::string ones = "1";
  for (int i = 1; i < count; ++i) ones += ",1";
  return ones;
}

struct BadFile {
  std::string header;
  size_t data_bytes;
  std::string says;
};

const BadFile kBadFiles[] = {
    // not an object of tensors
    {"", 0, "json: "},
    {"   ", 0, "json: "},
    {"[]", 0, "object: the header is a list"},
    {"null", 0, "object: the header is null"},
    {"3", 0, "object: the header is a number"},
    {"{}{}", 0, "json: "},
    {"{} x", 0, "json: "},
    {"{}\xEF\xBB\xBF", 0, "json: "},
    {std::string("{}\0", 3), 0, "json: "},
    {R"({"w":null})", 0, "object: tensor 'w': is null"},
    {R"({"w":[0,4]})", 0, "object: tensor 'w': is a list"},
    {R"({"w":"F32"})", 0, "object: tensor 'w': is text"},
    {R"({"w":{}})", 0, "missing-key: tensor 'w': dtype"},
    {R"({'w':{}})", 0, "json: "},
    {R"({"__metadata__":{},})", 0, "json: "},
    {"{\"\xC3\x28\":{}}", 0, "utf-8: byte 2"},
    {R"({"\ud800":{}})", 0, "json: "},
    // names
    {R"({"":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})", 1, "name: a tensor has an empty"},
    {R"({"a\nb":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})", 1, R"('a\x0ab')"},
    {R"({"\u0000":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})", 1, "control character"},
    {"{\"" + std::string(1025, 'n') + R"(":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})", 1,
     "longer than 1024"},
    {R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
     R"("w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
     2, "duplicate-name: tensor 'w'"},
    {R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
     R"("\u0077":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
     2, "duplicate-name: tensor 'w'"},
    // fields
    {W(R"("shape":[1],"data_offsets":[0,1])"), 1, "missing-key: tensor 'w': dtype"},
    {W(R"("dtype":"U8","data_offsets":[0,1])"), 1, "missing-key: tensor 'w': shape"},
    {W(R"("dtype":"U8","shape":[1])"), 1, "missing-key: tensor 'w': data_offsets"},
    {W(R"("dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1])"), 1,
     "duplicate-key: tensor 'w': dtype"},
    {W(R"("dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1])"), 1,
     "duplicate-key: tensor 'w': shape"},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1])"), 1,
     "duplicate-key: tensor 'w': data_offsets"},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[0,1],"strides":[1])"), 1,
     "unknown-key: tensor 'w': 'strides'"},
    {W(R"("Dtype":"U8","shape":[1],"data_offsets":[0,1])"), 1, "unknown-key: tensor 'w': 'Dtype'"},
    // dtype
    {W(R"("dtype":"F8_E5M2","shape":[1],"data_offsets":[0,1])"), 1, "dtype: tensor 'w': 'F8_E5M2'"},
    {W(R"("dtype":"f32","shape":[1],"data_offsets":[0,4])"), 4, "dtype: tensor 'w': 'f32'"},
    {W(R"("dtype":"","shape":[1],"data_offsets":[0,4])"), 4, "dtype: tensor 'w': ''"},
    {W(R"("dtype":4,"shape":[1],"data_offsets":[0,4])"), 4, "dtype: tensor 'w': dtype is a num"},
    {W(R"("dtype":["F32"],"shape":[1],"data_offsets":[0,4])"), 4,
     "dtype: tensor 'w': dtype is a l"},
    // shape
    {W(R"("dtype":"U8","shape":1,"data_offsets":[0,1])"), 1, "shape: tensor 'w': a number"},
    {W(R"("dtype":"U8","shape":[-1],"data_offsets":[0,1])"), 1,
     "shape: tensor 'w': a dimension is neg"},
    {W(R"("dtype":"U8","shape":[1.0],"data_offsets":[0,1])"), 1,
     "shape: tensor 'w': a dimension is not"},
    {W(R"("dtype":"U8","shape":[1e0],"data_offsets":[0,1])"), 1,
     "shape: tensor 'w': a dimension is not"},
    {W(R"("dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,1])"), 1,
     "shape: tensor 'w': a dim"},
    {W(R"("dtype":"U8","shape":["1"],"data_offsets":[0,1])"), 1, "shape: tensor 'w': text"},
    {W(R"("dtype":"U8","shape":[[1]],"data_offsets":[0,1])"), 1, "shape: tensor 'w': a list"},
    {W(R"("dtype":"U8","shape":[null],"data_offsets":[0,1])"), 1, "shape: tensor 'w': null"},
    {W(R"("dtype":"U8","shape":{},"data_offsets":[0,1])"), 1, "shape: tensor 'w': an object"},
    {W(R"("dtype":"U8","shape":[)" + Ones(65) + R"(],"data_offsets":[0,1])"), 1,
     "shape: tensor 'w': more than 64"},
    {W(R"("dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0])"), 0,
     "overflow: tensor 'w'"},
    {W(R"("dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0])"), 0,
     "overflow: tensor 'w'"},
    // data_offsets
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[0])"), 1,
     "offsets: tensor 'w': data_offsets must"},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[])"), 1,
     "offsets: tensor 'w': data_offsets must"},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[0,1,1])"), 1,
     "offsets: tensor 'w': data_offsets has more"},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[-1,0])"), 1,
     "offsets: tensor 'w': an offset is neg"},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[0.0,1])"), 1,
     "offsets: tensor 'w': an offset is not"},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[0,true])"), 1,
     "offsets: tensor 'w': true or false"},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":{"0":1})"), 1, "offsets: tensor 'w': an object"},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[1,0])"), 1,
     "offsets: tensor 'w': ends at byte 0"},
    {W(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"), 4, "size: tensor 'w'"},
    {W(R"("dtype":"F32","shape":[],"data_offsets":[0,0])"), 0, "size: tensor 'w'"},
    // places
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[1,2])"), 2, "hole: tensor 'w'"},
    {R"({"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
     R"("w":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
     3, "overlap: tensor 'w'"},
    {R"({"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
     R"("w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
     2, "overlap: tensor 'w'"},
    {R"({"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
     R"("w":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}})",
     2, "overlap: tensor 'w'"},
    {R"({"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
     R"("w":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}})",
     5, "hole: tensor 'w'"},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[0,1])"), 0, "data-length: "},
    {W(R"("dtype":"U8","shape":[1],"data_offsets":[0,1])"), 2, "data-length: "},
    {"{}", 1, "data-length: "},
    // metadata
    {R"({"__metadata__":null})", 0, "metadata: "},
    {R"({"__metadata__":[]})", 0, "metadata: "},
    {R"({"__metadata__":{"a":1}})", 0, "metadata: __metadata__ holds a number"},
    {R"({"__metadata__":{"a":{}}})", 0, "metadata: __metadata__ holds an object"},
    {R"({"__metadata__":{"a":"1","a":"2"}})", 0, "duplicate-key: __metadata__ has 'a' twice"},
    {R"({"__metadata__":{},"__metadata__":{}})", 0, "duplicate-key: __metadata__ is"},
    {R"({"w":{"dtype":"U8","shape":[[[[[]]]]],"data_offsets":[0,1]}})", 1, "shape: "},
};

TEST(ReadLayout, RefusesEveryBadFileWithTheRuleAndTheTensor) {
  for (const BadFile& bad : kBadFiles) {
    EXPECT_THAT(Read(FileOf(bad.header, bad.data_bytes)),
                StatusIs(Code::kInvalidArgument, HasSubstr(bad.says)))
        << bad.header;
  }
  EXPECT_GE(std::size(kBadFiles), 40u);
}

TEST(ReadLayout, RefusesAGoodFileCutAtAnyByte) {
  const Bytes whole = FileOf(R"({"w":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 3);
  ASSERT_THAT(Read(whole), IsOk());
  for (size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_THAT(Read(cut), StatusIs(Code::kInvalidArgument)) << size;
  }
}

TEST(ReadLayout, NamesTheLimitThatAFilePasses) {
  const Bytes two = FileOf(
      R"({"__metadata__":{"a":"","b":""},"v":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
      R"("w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
      0);
  EXPECT_THAT(Read(two), IsOk());
  EXPECT_THAT(Read(two, {.header_bytes_max = 100}),
              StatusIs(Code::kResourceExhausted, StartsWith("header-too-large: ")));
  EXPECT_THAT(Read(two, {.tensors_max = 1}),
              StatusIs(Code::kResourceExhausted, StartsWith("too-many-tensors: at most 1")));
  EXPECT_THAT(Read(two, {.metadata_entries_max = 1}),
              StatusIs(Code::kResourceExhausted, StartsWith("metadata: at most 1")));
}

TEST(ReadLayout, RefusesMoreThanAQuarterMillionTensors) {
  std::string header = "{";
  for (int i = 0; i <= 250'000; ++i) {
    header += fmt::format(R"("{}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}},)", i);
  }
  header.back() = '}';
  EXPECT_THAT(Read(FileOf(header, 0)),
              StatusIs(Code::kResourceExhausted, StartsWith("too-many-tensors: ")));
}

TEST(ReadLayout, QuotesALongNameWithoutCuttingACharacter) {
  std::string name = std::string(99, 'n') + "\u00e9" + "tail";
  EXPECT_EQ(Quoted(name), "'" + std::string(99, 'n') + "...'");
  EXPECT_EQ(Quoted("a\x7F"), R"('a\x7f')");
}

}  // namespace
}  // namespace renkei::tensor
