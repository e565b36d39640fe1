// SPDX-License-Identifier: Apache-2.0
// RK_CHECK: always on, aborts. For what only a bug of ours can break; never reached by outside
// bytes.
#pragma once

namespace renkei {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);
}  // namespace renkei

#define RK_CHECK(condition) \
  ((condition) ? void() : ::renkei::CheckFailed(__FILE__, __LINE__, #condition))
