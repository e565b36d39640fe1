// SPDX-License-Identifier: Apache-2.0
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

#include "renkei/syntax/value.h"

namespace renkei::syntax {

// Length of the character that begins at `at` < text.size(); 0 when it is not UTF-8.
size_t CharacterLength(std::string_view text, size_t at);

// Offset of the first byte that is not UTF-8; text.size() when all is.
size_t Utf8Prefix(std::string_view text);
inline bool IsUtf8(std::string_view text) { return Utf8Prefix(text) == text.size(); }

// The line and column of a byte offset <= text.size().
Position PositionOf(std::string_view text, size_t offset);

}  // namespace renkei::syntax
