// SPDX-License-Identifier: Apache-2.0
// The bytes of entry bundles and hash tiles (C2SP tlog-tiles). A bundle is its entries, each
// behind its length as uint16, big-endian; a tile is its hashes, one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "renkei/base/bytes.h"
#include "renkei/base/status.h"

namespace renkei::ledger {

inline constexpr size_t kEntryBytesMax = 65535;

// Each entry at most kEntryBytesMax long.
Bytes EncodeBundle(std::span<const Bytes> entries);
// DATA_LOSS unless the bytes are exactly `count` entries.
StatusOr<std::vector<Bytes>> DecodeBundle(ByteSpan bytes, uint64_t count);

Bytes EncodeTile(std::span<const Digest> hashes);
// DATA_LOSS unless the bytes are exactly `count` hashes.
StatusOr<std::vector<Digest>> DecodeTile(ByteSpan bytes, uint64_t count);

}  // namespace renkei::ledger
