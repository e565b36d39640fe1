// SPDX-License-Identifier: Apache-2.0
// The version of this build, "0.1.0".
#pragma once

#include <string_view>

namespace renkei {
std::string_view Version();
}  // namespace renkei
