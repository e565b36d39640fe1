// SPDX-License-Identifier: Apache-2.0
// Parties, keys and a charter for tests. Key `n` is the one whose seed is 32 bytes of n.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/charter/charter.h"
#include "renkei/charter/party_card.h"
#include "renkei/crypto/sign.h"

namespace renkei::charter {

crypto::SigningKey TestKey(uint8_t fill);

// A self-signed root; two calls give different ones.
std::string TestRoot(std::string_view party);

// pacific-fab (US, one person: key 1), cascade-lab (US, key 2), kyushu-fab (JP, threshold 2, keys
// 3, 4 and 5, of which 5 is no officer), hokkaido-lab (JP, key 6); coordinator: key 9 at
// pacific-fab.
std::vector<PartyCard> TestCards();

// A draft of those with all its defaults, from 2026-11-24 for a year.
std::string TestToml();

// `toml` in an envelope signed by those keys.
Bytes SignedBy(std::string_view toml, std::initializer_list<uint8_t> keys);

// `text` with the one occurrence of `from` replaced.
std::string Replaced(std::string text, std::string_view from, std::string_view to);

}  // namespace renkei::charter
