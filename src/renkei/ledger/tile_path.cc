// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/tile_path.h"

#include <fmt/format.h>

namespace renkei::ledger {
namespace {

std::string FullPath(const TileName& name) {
  std::string digits = fmt::format("{:03}", name.index % 1000);
  for (uint64_t rest = name.index / 1000; rest > 0; rest /= 1000) {
    digits = fmt::format("x{:03}/{}", rest % 1000, digits);
  }
  return name.level == kBundleLevel ? fmt::format("tile/entries/{}", digits)
                                    : fmt::format("tile/{}/{}", name.level, digits);
}

}  // namespace

std::string TilePath(const TileName& name) {
  return name.width == kTileWidth ? FullPath(name)
                                  : fmt::format("{}/{}", PartialDirectory(name), name.width);
}

std::string PartialDirectory(const TileName& name) { return FullPath(name) + ".p"; }

}  // namespace renkei::ledger
