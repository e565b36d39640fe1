// SPDX-License-Identifier: Apache-2.0
#include "renkei/identity/framing.h"

#include <fmt/format.h>

namespace renkei::identity {

Bytes Framed(std::string_view label, const std::vector<std::string>& parts) {
  Bytes message = ToBytes(label);
  for (const std::string& part : parts) {
    const std::string length = fmt::format("\n{}:", part.size());
    message.insert(message.end(), length.begin(), length.end());
    message.insert(message.end(), part.begin(), part.end());
  }
  return message;
}

}  // namespace renkei::identity
