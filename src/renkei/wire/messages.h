// SPDX-License-Identifier: Apache-2.0
// Bytes of messages and values of the house.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"

namespace renkei::wire {

// SHA-256 values one after the other.
std::string JoinHashes(std::span<const Digest> hashes);
// Appends to `into`. INVALID_ARGUMENT unless whole values, at most `hashes_max`; then `into` may
// hold some of them.
Status SplitHashes(std::string_view bytes, size_t hashes_max, std::vector<Digest>& into);

}  // namespace renkei::wire
