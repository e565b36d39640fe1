// SPDX-License-Identifier: Apache-2.0
// Any bytes are refused with their place or read as a value that is a JSON document too.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "renkei/base/check.h"
#include "renkei/syntax/json.h"
#include "renkei/syntax/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto value = renkei::syntax::ParseYaml({reinterpret_cast<const char*>(bytes), size});
  if (!value.ok()) {
    RK_CHECK(value.status().code() == renkei::Code::kInvalidArgument);
    RK_CHECK(renkei::Message(value.status()).starts_with("line "));
    return 0;
  }
  const auto json = renkei::syntax::ParseJson(DumpJson(*value));
  RK_CHECK(json.ok());
  RK_CHECK(*json == *value);
  return 0;
}
