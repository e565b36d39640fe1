// SPDX-License-Identifier: Apache-2.0
#include "wafer_map.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "test_folder.h"

namespace wafer {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

const std::string kImage = "P5\n3 2\n2\n"s + "\0\1\2\1\1\0"s;
const std::string kHead = "record,wafer_id,rows,cols,label,pass_dies,fail_dies,source_split\n";
const std::string kLine = "0,17,2,3,Edge-Loc,3,1,train\n";

Outcome<std::vector<Wafer>> Load(const TestFolder& folder) {
  std::vector<Wafer> wafers;
  WAFER_RETURN_IF_FAILED(ReadWafers(folder.path(), [&](Wafer wafer) {
    wafers.push_back(std::move(wafer));
    return Success();
  }));
  return wafers;
}

TEST(ReadWafers, ReadsImagesWithTheirLabels) {
  TestFolder folder;
  folder.Put("a.pgm", kImage + "P5 # a comment\n1 1 2\n\2");
  folder.Put("a-labels.csv", kHead + "0,17,2,3,Edge-Loc,3,1,train\r\n1,4,1,1,none,0,1,train");
  const auto wafers = Load(folder);
  ASSERT_TRUE(wafers.ok()) << wafers.message();
  ASSERT_EQ(wafers->size(), 2u);
  EXPECT_EQ((*wafers)[0].id, 17u);
  EXPECT_EQ((*wafers)[0].label, 3);
  EXPECT_EQ((*wafers)[0].map, (WaferMap{.rows = 2, .cols = 3, .dies = {0, 1, 2, 1, 1, 0}}));
  EXPECT_EQ((*wafers)[1].id, 4u);
}

TEST(ReadWafers, ReadsWhatTheWriterWrote) {
  TestFolder folder;
  const Wafer wafer = {.id = 5, .label = 8, .map = {.rows = 1, .cols = 4, .dies = {0, 1, 2, 1}}};
  auto writer = WaferWriter::Open(folder.path());
  ASSERT_TRUE(writer.ok() && writer->Add(wafer).ok() && writer->Close().ok());
  const auto wafers = Load(folder);
  ASSERT_TRUE(wafers.ok()) << wafers.message();
  ASSERT_EQ(wafers->size(), 1u);
  EXPECT_EQ(wafers->front().id, 5u);
  EXPECT_EQ(wafers->front().label, 8);
  EXPECT_EQ(wafers->front().map, wafer.map);
}

TEST(ReadWafers, SaysWhatIsWrongAndInWhichRecord) {
  const struct {
    const char* why;
    std::string maps;
    std::string labels;
    const char* message;
  } cases[] = {
      {"no PGM", "GIF89a, which is another thing", kHead + kLine, "record 0: no binary PGM"},
      {"wrong maxval", "P5\n3 2\n255\n", kHead + kLine, "record 0: the PGM maxval is 255"},
      {"no number", "P5\n3 two\n2\n", kHead + kLine, "record 0: the PGM header has 'two'"},
      {"too large", "P5\n3 4000\n2\n", kHead + kLine, "record 0: the PGM header has '4000'"},
      {"endless header", "P5" + std::string(300, ' '), kHead + kLine, "longer than 256"},
      {"short image", kImage + "P5\n3 2\n2\n\1", kHead + kLine, "record 1: "},
      {"bad die", "P5\n1 1\n2\n\3", kHead + "0,1,1,1,none,0,0,a\n", "record 0: die 0 is 3"},
      {"no label", kImage + kImage, kHead + kLine, "record 1: an image without a label"},
      {"no image", kImage, kHead + kLine + "1,18,2,3,none,0,0,a\n", "record 1: a label without"},
      {"other size", kImage, kHead + "0,1,3,2,none,0,0,a\n", "record 0: the labels say 3x2"},
      {"unknown class", kImage, kHead + "0,1,2,3,Blob,0,0,a\n", "record 0: unknown class 'Blob'"},
      {"other record", kImage, kHead + "7,1,2,3,none,0,0,a\n", "record 0: the label line is for"},
      {"bad id", kImage, kHead + "0,x1,2,3,none,0,0,a\n", "'x1' in the labels is no whole"},
      {"few cells", kImage, kHead + "0,1,2\n", "record 0: the label line has 3 cells"},
      {"same id", kImage + kImage, kHead + kLine + "1,17,2,3,none,0,0,a\n", "wafer 17 is there tw"},
      {"no column", kImage, "record,wafer_id,rows,cols,class\n", "no column 'label'"},
      {"no header", kImage, "", "no column"},
  };
  for (const auto& c : cases) {
    TestFolder folder;
    folder.Put("a.pgm", c.maps);
    folder.Put("a-labels.csv", c.labels);
    const auto wafers = Load(folder);
    ASSERT_FALSE(wafers.ok()) << c.why;
    EXPECT_THAT(wafers.message(), HasSubstr(c.message)) << c.why;
    EXPECT_THAT(wafers.message(), HasSubstr(folder.path())) << c.why;
  }
}

TEST(ReadWafers, FindsATruncatedOrDamagedGzipFile) {
  TestFolder whole;
  auto writer = WaferWriter::Open(whole.path());
  ASSERT_TRUE(writer.ok());
  WaferMap map{.rows = 100, .cols = 100, .dies = {}};
  for (uint32_t i = 0, x = 1; i < 10000; ++i, x = x * 1664525 + 1013904223) {
    map.dies.push_back(static_cast<uint8_t>((x >> 24) % 3));
  }
  ASSERT_TRUE(writer->Add({.id = 1, .label = 0, .map = map}).ok() && writer->Close().ok());
  const std::string packed = whole.Get("wafers.pgm.gz");
  std::string damaged = packed;
  damaged[damaged.size() / 2] ^= 0x10;
  for (const std::string& bytes : {packed.substr(0, packed.size() / 2), damaged}) {
    TestFolder folder;
    folder.Put("wafers.pgm.gz", bytes);
    folder.Put("wafers-labels.csv.gz", whole.Get("wafers-labels.csv.gz"));
    const auto wafers = Load(folder);
    ASSERT_FALSE(wafers.ok());
    EXPECT_THAT(wafers.message(), HasSubstr("wafers.pgm.gz: record 0"));
  }
}

TEST(ReadWafers, NamesAFolderWithoutMaps) {
  TestFolder folder;
  EXPECT_THAT(Load(folder).message(), HasSubstr("no wafer maps"));
  folder.Put("a.pgm", kImage);
  EXPECT_THAT(Load(folder).message(), HasSubstr("no a-labels.csv"));
  EXPECT_FALSE(ReadWafers(folder / "nowhere", [](Wafer) { return Success(); }).ok());
}

}  // namespace
}  // namespace wafer
