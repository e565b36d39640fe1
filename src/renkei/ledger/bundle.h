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

// Entries in their bundle form, and where each one is in it.
class Bundle {
 public:
  // DATA_LOSS unless `bytes` are exactly `count` entries.
  static StatusOr<Bundle> Parse(Bytes bytes, uint64_t count);

  void Append(ByteSpan entry);  // at most kEntryBytesMax long
  size_t count() const { return ends_.size(); }
  ByteSpan entry(size_t position) const;
  // The bundle of the first `count` entries.
  ByteSpan Prefix(size_t count) const;

 private:
  Bytes bytes_;
  std::vector<size_t> ends_;
};

Bytes EncodeTile(std::span<const Digest> hashes);
// DATA_LOSS unless the bytes are exactly `count` hashes.
StatusOr<std::vector<Digest>> DecodeTile(ByteSpan bytes, uint64_t count);

}  // namespace renkei::ledger
