// SPDX-License-Identifier: Apache-2.0
#include "renkei/rules/words.h"

#include "renkei/syntax/fields.h"

namespace renkei::rules {

StatusOr<Words> ParseWords(const syntax::Value& value, const std::string& where) {
  constexpr size_t kBytesMax = 1000;
  syntax::Fields fields(value, where);
  Words words{.en = fields.Text("en"), .ja = fields.Text("ja")};
  for (const auto& [key, text] : {std::pair("en", &words.en), std::pair("ja", &words.ja)}) {
    if (text->empty() || text->size() > kBytesMax || text->find('\n') != std::string::npos) {
      fields.Fail(key, fmt::format("one line of 1 to {} bytes belongs here", kBytesMax));
    }
  }
  RK_RETURN_IF_ERROR(fields.Finish());
  return words;
}

}  // namespace renkei::rules
