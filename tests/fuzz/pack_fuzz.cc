// SPDX-License-Identifier: Apache-2.0
// Any bytes are refused with their file and place, or are a pack that compiles or says why not.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "renkei/base/check.h"
#include "renkei/rules/book.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  auto pack = renkei::rules::ParsePack({reinterpret_cast<const char*>(bytes), size}, "pack.yaml");
  if (!pack.ok()) {
    RK_CHECK(renkei::Message(pack.status()).starts_with("pack.yaml: "));
    return 0;
  }
  std::vector<renkei::rules::Pack> packs;
  packs.push_back(*std::move(pack));
  const auto book = renkei::rules::Compile(std::move(packs));
  RK_CHECK(book.ok() || !renkei::Message(book.status()).empty());
  return 0;
}
