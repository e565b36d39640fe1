// SPDX-License-Identifier: Apache-2.0
#include "model_file.h"

#include <cmath>
#include <cstddef>
#include <string>

#include <gmock/gmock.h>

#include "network.h"
#include "random.h"
#include "test_folder.h"

namespace wafer {
namespace {

using testing::HasSubstr;

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ModelFile, ComesBackAsItWas) {
  TestFolder folder;
  Random random(1);
  const std::vector<float> parameters = InitialParameters(random);
  ASSERT_TRUE(WriteModel(folder / "m", parameters).ok());
  const auto read = ReadModel(folder / "m");
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(*read, parameters);
  const std::string bytes = folder.Get("m");
  ASSERT_TRUE(WriteModel(folder / "m", *read).ok());
  EXPECT_EQ(folder.Get("m"), bytes);
  EXPECT_EQ((bytes.size() - kParameters * sizeof(float)) % 8, 0u);
}

TEST(ModelFile, RefusesAnotherLayoutAndNamesTheTensor) {
  TestFolder folder;
  std::vector<float> parameters(kParameters, 0.5f);
  ASSERT_TRUE(WriteModel(folder / "m", parameters).ok());
  const std::string good = folder.Get("m");
  const struct {
    std::string bytes;
    const char* message;
  } cases[] = {
      {"", "shorter than eight bytes"},
      {std::string(8, '\x7f'), "longer than the file"},
      {good.substr(0, good.size() - 4), "bytes of values"},
      {Replaced(good, "conv2.bias", "conv9.bias"), "no tensor conv2.bias"},
      {Replaced(good, "F32", "I32"), "tensor conv1.weight is not F32"},
      {Replaced(good, "[3,3,2,16]", "[3,3,16,2]"), "tensor conv1.weight has shape"},
      {Replaced(good, "[0,1152]", "[4,1152]"), "conv1.weight has wrong data_offsets"},
      {Replaced(good, "[0,1152]", "[0,9999999]").erase(0, 0), "JSON"},
      {Replaced(good, "{", "["), "JSON"},
  };
  for (const auto& c : cases) {
    folder.Put("m", c.bytes);
    const auto read = ReadModel(folder / "m");
    ASSERT_FALSE(read.ok()) << c.message;
    EXPECT_THAT(read.message(), HasSubstr(c.message));
  }
  parameters[300] = NAN;
  ASSERT_TRUE(WriteModel(folder / "m", parameters).ok());
  EXPECT_THAT(ReadModel(folder / "m").message(),
              HasSubstr("tensor conv1.bias: element 12 is not finite"));
}

}  // namespace
}  // namespace wafer
