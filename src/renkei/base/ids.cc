// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/ids.h"

#include <algorithm>

namespace renkei {
namespace {

constexpr size_t kNameLengthMax = 63;

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

Status CheckName(std::string_view what, std::string_view text) {
  const bool good =
      !text.empty() && text.size() <= kNameLengthMax && IsLetterOrDigit(text[0]) &&
      IsLetterOrDigit(text.back()) &&
      std::all_of(text.begin(), text.end(), [](char c) { return IsLetterOrDigit(c) || c == '-'; });
  if (good) return Ok();
  // The text may be hostile: it is not repeated.
  return Error(Code::kInvalidArgument,
               "{} of {} bytes is not a name: use 1 to 63 of a-z, 0-9 and inner '-'", what,
               text.size());
}

}  // namespace renkei
