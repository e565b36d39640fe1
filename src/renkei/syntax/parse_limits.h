// SPDX-License-Identifier: Apache-2.0
// What a document may cost its reader.
#pragma once

#include <cstddef>

namespace renkei::syntax {

struct ParseLimits {
  size_t size_bytes_max = 4 << 20;  // beyond: RESOURCE_EXHAUSTED
  int depth_max = 32;               // tables and lists within each other; beyond: INVALID_ARGUMENT
};

}  // namespace renkei::syntax
