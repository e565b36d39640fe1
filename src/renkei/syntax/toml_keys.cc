// SPDX-License-Identifier: Apache-2.0
#include "renkei/syntax/toml_keys.h"

#include <algorithm>
#include <string>

#include "renkei/syntax/fields.h"
#include "renkei/syntax/utf8.h"

namespace renkei::syntax {
namespace {

// The offset after the string that begins at `at` with the quote found there. A string on one line
// ends with it at the latest.
size_t SkipString(std::string_view text, size_t at) {
  const char quote = text[at];
  const std::string three(3, quote);
  const bool lines = text.substr(at).starts_with(three);
  at += lines ? 3 : 1;
  while (at < text.size()) {
    if (text[at] == '\\' && quote == '"') {
      at += 2;
    } else if (!lines && (text[at] == quote || text[at] == '\n')) {
      return at + 1;
    } else if (lines && text.substr(at).starts_with(three)) {
      at += 3;
      // Up to two quotes before the closing three belong to the string.
      for (int i = 0; i < 2 && at < text.size() && text[at] == quote; ++i) ++at;
      return at;
    } else {
      ++at;
    }
  }
  return text.size();
}

}  // namespace

Status CheckTomlKeys(std::string_view text, int parts_max) {
  constexpr std::string_view kBetweenKeys = "=,[]{}\n";
  int dots = 0;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = SkipString(text, at);
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (kBetweenKeys.find(c) != std::string_view::npos) dots = 0;
    if (c == '.' && ++dots >= parts_max) {
      return Error(Code::kInvalidArgument, "{}a key of more than {} parts",
                   PositionText(PositionOf(text, at)), parts_max);
    }
    ++at;
  }
  return Ok();
}

}  // namespace renkei::syntax
