// SPDX-License-Identifier: Apache-2.0
// A look at a TOML text before the library that parses it: it makes a table of every part of a
// dotted key and frees them by recursion, so that a long key would exhaust the stack.
#pragma once

#include <string_view>

#include "renkei/base/status.h"

namespace renkei::syntax {

//   INVALID_ARGUMENT  "line L, column C: ...": a key has more than `parts_max` parts. Of a text
//                     that is not TOML, at least the part before its first error is looked at.
Status CheckTomlKeys(std::string_view text, int parts_max);

}  // namespace renkei::syntax
