// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/bundle.h"

#include <algorithm>
#include <utility>

#include "renkei/base/check.h"

namespace renkei::ledger {
namespace {

constexpr size_t kLengthBytes = 2;

}  // namespace

StatusOr<Bundle> Bundle::Parse(Bytes bytes, uint64_t count) {
  Bundle bundle;
  bundle.bytes_ = std::move(bytes);
  size_t at = 0;
  while (bundle.count() < count) {
    const size_t left = bundle.bytes_.size() - at;
    if (left < kLengthBytes) {
      return Error(Code::kDataLoss, "ends after {} of {} entries", bundle.count(), count);
    }
    const size_t length = static_cast<size_t>(bundle.bytes_[at]) << 8 | bundle.bytes_[at + 1];
    if (left - kLengthBytes < length) {
      return Error(Code::kDataLoss, "ends inside entry {} of {}", bundle.count(), count);
    }
    at += kLengthBytes + length;
    bundle.ends_.push_back(at);
  }
  if (at == bundle.bytes_.size()) return bundle;
  return Error(Code::kDataLoss, "{} bytes follow the {} entries", bundle.bytes_.size() - at, count);
}

void Bundle::Append(ByteSpan entry) {
  RK_CHECK(entry.size() <= kEntryBytesMax);
  bytes_.push_back(static_cast<uint8_t>(entry.size() >> 8));
  bytes_.push_back(static_cast<uint8_t>(entry.size()));
  bytes_.insert(bytes_.end(), entry.begin(), entry.end());
  ends_.push_back(bytes_.size());
}

ByteSpan Bundle::entry(size_t position) const {
  const size_t begin = (position == 0 ? 0 : ends_[position - 1]) + kLengthBytes;
  return ByteSpan(bytes_).subspan(begin, ends_[position] - begin);
}

ByteSpan Bundle::Prefix(size_t count) const {
  return ByteSpan(bytes_).first(count == 0 ? 0 : ends_[count - 1]);
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
