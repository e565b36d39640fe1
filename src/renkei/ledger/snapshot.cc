// SPDX-License-Identifier: Apache-2.0
#include "renkei/ledger/snapshot.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "renkei/crypto/hash.h"

namespace renkei::ledger {
namespace {

// magic, size (8 bytes, big-endian), root (32), payload, SHA-256 of all before it (32).
constexpr std::string_view kMagic = "renkei-snapshot-1\n";
constexpr size_t kSizeBytes = 8;
constexpr size_t kFixedBytes = kMagic.size() + kSizeBytes + 2 * Digest::kSize;

Status Damaged(const std::string& path) {
  return Error(Code::kDataLoss, "{}: the snapshot is damaged; fold from entry 0", path);
}

}  // namespace

Status WriteSnapshot(Disk& disk, const std::string& path, const Snapshot& snapshot) {
  Bytes bytes = ToBytes(kMagic);
  for (size_t i = 0; i < kSizeBytes; ++i) {
    bytes.push_back(static_cast<uint8_t>(snapshot.size >> (8 * (kSizeBytes - 1 - i))));
  }
  bytes.insert(bytes.end(), snapshot.root.bytes.begin(), snapshot.root.bytes.end());
  bytes.insert(bytes.end(), snapshot.payload.begin(), snapshot.payload.end());
  const Digest digest = crypto::Sha256(bytes);
  bytes.insert(bytes.end(), digest.bytes.begin(), digest.bytes.end());
  return WriteWhole(disk, path, bytes);
}

StatusOr<Snapshot> ReadSnapshot(Disk& disk, const std::string& path,
                                const std::function<StatusOr<Digest>(uint64_t)>& root_at) {
  RK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWhole(disk, path, kSnapshotBytesMax));
  if (bytes.size() < kFixedBytes || !AsText(bytes).starts_with(kMagic)) return Damaged(path);
  const ByteSpan content = ByteSpan(bytes).first(bytes.size() - Digest::kSize);
  if (!std::ranges::equal(crypto::Sha256(content).span(), ByteSpan(bytes).last(Digest::kSize))) {
    return Damaged(path);
  }
  Snapshot snapshot;
  for (const uint8_t byte : content.subspan(kMagic.size(), kSizeBytes)) {
    snapshot.size = snapshot.size << 8 | byte;
  }
  RK_ASSIGN_OR_RETURN(snapshot.root,
                      Digest::FromSpan(content.subspan(kMagic.size() + kSizeBytes, Digest::kSize)));
  const ByteSpan payload = content.subspan(kFixedBytes - Digest::kSize);
  snapshot.payload.assign(payload.begin(), payload.end());
  const auto root = root_at(snapshot.size);
  if (root.ok() && *root == snapshot.root) return snapshot;
  return Error(Code::kDataLoss, "{}: the snapshot of {} entries is of another ledger", path,
               snapshot.size);
}

}  // namespace renkei::ledger
