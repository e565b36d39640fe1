// SPDX-License-Identifier: Apache-2.0
// GoogleTest matchers for Status and StatusOr: IsOk, IsOkAndHolds, StatusIs. Tests only.
#pragma once

#include <string>

#include <gmock/gmock.h>

#include "renkei/base/status.h"

namespace renkei {

inline const Status& StatusOf(const Status& status) { return status; }
template <typename T>
const Status& StatusOf(const StatusOr<T>& value) {
  return value.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << Text(StatusOf(arg));
  return StatusOf(arg).ok();
}

MATCHER_P(IsOkAndHolds, inner, "is OK and holds a value that matches") {
  if (!arg.ok()) {
    *result_listener << Text(StatusOf(arg));
    return false;
  }
  return testing::ExplainMatchResult(inner, arg.value(), result_listener);
}

MATCHER_P(StatusIs, code, "has the code") {
  *result_listener << Text(StatusOf(arg));
  return StatusOf(arg).code() == code;
}

MATCHER_P2(StatusIs, code, message, "has the code and a message that matches") {
  *result_listener << Text(StatusOf(arg));
  return StatusOf(arg).code() == code &&
         testing::ExplainMatchResult(message, Message(StatusOf(arg)), result_listener);
}

}  // namespace renkei
