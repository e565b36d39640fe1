// SPDX-License-Identifier: Apache-2.0
// The packs of rulepacks/, read. Tests only.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "renkei/base/status_testing.h"
#include "renkei/rules/pack.h"

namespace renkei::rules {

inline std::vector<Pack> ReadShippedPacks() {
  std::vector<Pack> packs;
  for (const auto& file : std::filesystem::directory_iterator(RENKEI_SOURCE_DIR "/rulepacks")) {
    if (file.path().extension() != ".yaml") continue;
    std::ifstream stream(file.path());
    std::stringstream text;
    text << stream.rdbuf();
    auto pack = ParsePack(text.str(), file.path().filename());
    EXPECT_THAT(pack, IsOk());
    if (pack.ok()) packs.push_back(*std::move(pack));
  }
  return packs;
}

}  // namespace renkei::rules
