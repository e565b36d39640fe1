// SPDX-License-Identifier: Apache-2.0
// What a MAC or a signature of a letter is made over (docs/formats/join-token.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"

namespace renkei::identity {

// The label, then each part behind its length, so that no two lists of parts give the same bytes.
Bytes Framed(std::string_view label, const std::vector<std::string>& parts);

}  // namespace renkei::identity
