// SPDX-License-Identifier: Apache-2.0
// Countries by ISO 3166-1 alpha-2.
#pragma once

#include <string_view>

namespace renkei::charter {

// One of the officially assigned codes (249, as of 2024), in upper case.
bool IsCountry(std::string_view code);

}  // namespace renkei::charter
