// SPDX-License-Identifier: Apache-2.0
// A sentence in the two languages of the house. Both are always there.
#pragma once

#include <string>
#include <string_view>

#include "renkei/base/status.h"
#include "renkei/syntax/value.h"

namespace renkei::rules {

enum class Language { kEnglish, kJapanese };

struct Words {
  std::string en{};
  std::string ja{};

  const std::string& In(Language language) const {
    return language == Language::kEnglish ? en : ja;
  }
  bool operator==(const Words&) const = default;
};

// A table {en: ..., ja: ...} of one line each, at most 1,000 bytes.
//   INVALID_ARGUMENT  another table, a language is missing or empty
StatusOr<Words> ParseWords(const syntax::Value& value, const std::string& where);

}  // namespace renkei::rules
