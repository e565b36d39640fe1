// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/bundle.h"

#include <algorithm>

#include "renkei/base/check.h"

namespace renkei::ledger {
namespace {

constexpr size_t kLengthBytes = 2;

}  // namespace

Bytes EncodeBundle(std::span<const Bytes> entries) {
  size_t total = 0;
  for (const Bytes& entry : entries) total += kLengthBytes + entry.size();
  Bytes bytes;
  bytes.reserve(total);
  for (const Bytes& entry : entries) {
    RK_CHECK(entry.size() <= kEntryBytesMax);
    bytes.push_back(static_cast<uint8_t>(entry.size() >> 8));
    bytes.push_back(static_cast<uint8_t>(entry.size()));
    bytes.insert(bytes.end(), entry.begin(), entry.end());
  }
  return bytes;
}

StatusOr<std::vector<Bytes>> DecodeBundle(ByteSpan bytes, uint64_t count) {
  std::vector<Bytes> entries;
  while (entries.size() < count) {
    if (bytes.size() < kLengthBytes) {
      return Error(Code::kDataLoss, "ends after {} of {} entries", entries.size(), count);
    }
    const size_t length = static_cast<size_t>(bytes[0]) << 8 | bytes[1];
    bytes = bytes.subspan(kLengthBytes);
    if (bytes.size() < length) {
      return Error(Code::kDataLoss, "ends inside entry {} of {}", entries.size(), count);
    }
    const ByteSpan entry = bytes.first(length);
    entries.emplace_back(entry.begin(), entry.end());
    bytes = bytes.subspan(length);
  }
  if (bytes.empty()) return entries;
  return Error(Code::kDataLoss, "{} bytes follow the {} entries", bytes.size(), count);
}

Bytes EncodeTile(std::span<const Digest> hashes) {
  Bytes bytes;
  bytes.reserve(hashes.size() * Digest::kSize);
  for (const Digest& hash : hashes) {
    bytes.insert(bytes.end(), hash.bytes.begin(), hash.bytes.end());
  }
  return bytes;
}

StatusOr<std::vector<Digest>> DecodeTile(ByteSpan bytes, uint64_t count) {
  if (bytes.size() != count * Digest::kSize) {
    return Error(Code::kDataLoss, "has {} bytes, {} hashes have {}", bytes.size(), count,
                 count * Digest::kSize);
  }
  std::vector<Digest> hashes(count);
  for (size_t i = 0; i < count; ++i) {
    const ByteSpan hash = bytes.subspan(i * Digest::kSize, Digest::kSize);
    std::copy(hash.begin(), hash.end(), hashes[i].bytes.begin());
  }
  return hashes;
}

}  // namespace renkei::ledger
