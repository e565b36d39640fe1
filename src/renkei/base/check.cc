// SPDX-License-Identifier: Apache-2.0
#include "renkei/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace renkei {

void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace renkei
