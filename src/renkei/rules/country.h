// SPDX-License-Identifier: Apache-2.0
// Countries by their ISO 3166-1 alpha-2 codes, and XK for Kosovo, which has none.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

namespace renkei::rules {

inline constexpr uint16_t kCountries = 250;
using CountrySet = std::bitset<kCountries>;

// 0 to kCountries - 1; nothing when no country has the code.
std::optional<uint16_t> CountryIndex(std::string_view code);
std::string_view CountryCode(uint16_t index);

}  // namespace renkei::rules
