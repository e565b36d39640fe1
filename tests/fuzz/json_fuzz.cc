// SPDX-License-Identifier: Apache-2.0
// Any bytes are refused or read as a value that the writer gives back; refusals name a place or a
// limit.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "renkei/base/check.h"
#include "renkei/syntax/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using renkei::syntax::ParseJson;
  const auto value = ParseJson({reinterpret_cast<const char*>(bytes), size});
  if (!value.ok()) {
    RK_CHECK(value.status().code() == renkei::Code::kInvalidArgument);
    return 0;
  }
  const auto compact = ParseJson(DumpJson(*value));
  RK_CHECK(compact.ok());
  RK_CHECK(*compact == *value);
  const auto pretty = ParseJson(DumpJsonPretty(*value));
  RK_CHECK(pretty.ok());
  RK_CHECK(*pretty == *value);
  return 0;
}
