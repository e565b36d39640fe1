// SPDX-License-Identifier: Apache-2.0
// Any bytes are refused with their place, or are a crossing that is decided, the same way twice.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "renkei/base/check.h"
#include "renkei/rules/decide.h"
#include "renkei/rules/packs_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const renkei::rules::RuleBook book = renkei::rules::Book();
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto facts = renkei::rules::ParseCaseText(text, "crossing", book);
  if (!facts.ok()) {
    RK_CHECK(renkei::Message(facts.status()).starts_with("crossing: "));
    return 0;
  }
  const auto once = Decide(book, *facts), again = Decide(book, *facts);
  for (size_t i = 0; i < once.answers.size(); ++i) {
    RK_CHECK(once.answers[i].outcome == again.answers[i].outcome);
    RK_CHECK(once.answers[i].proof == again.answers[i].proof);
  }
  return 0;
}
