// SPDX-License-Identifier: Apache-2.0
// Any text is refused with its place or is a charter whose rules can be asked and linted.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "renkei/base/check.h"
#include "renkei/charter/charter.h"
#include "renkei/charter/permission.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  namespace charter = renkei::charter;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto parsed = charter::Parse(text, "fuzz");
  if (!parsed.ok()) {
    RK_CHECK(renkei::Message(parsed.status()).starts_with("fuzz: "));
    return 0;
  }
  RK_CHECK(charter::Parse(text, "again").value() == *parsed);
  (void)charter::Lint(*parsed);
  for (const charter::Party& from : parsed->parties) {
    for (const charter::Party& to : parsed->parties) {
      const charter::Answer answer = charter::Permits(*parsed, {.item = "model",
                                                                .purposes = parsed->runs.purposes,
                                                                .from = from.id,
                                                                .to = to.id,
                                                                .classification_us = "EAR99",
                                                                .classification_jp = "not-listed"});
      RK_CHECK(!answer.cite.empty());
    }
  }
  return 0;
}
