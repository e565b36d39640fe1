// SPDX-License-Identifier: Apache-2.0
// Files and sinks in memory, one of them with a hole of any size. Tests, benches and fuzzers only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "renkei/base/bytes.h"
#include "renkei/base/disk.h"
#include "renkei/base/status.h"

namespace renkei::tensor {

// `bytes`, then zeros up to `size_bytes`.
class MemoryFile final : public File {
 public:
  explicit MemoryFile(Bytes bytes) : bytes_(std::move(bytes)), size_bytes_(bytes_.size()) {}
  MemoryFile(Bytes bytes, uint64_t size_bytes)
      : bytes_(std::move(bytes)), size_bytes_(size_bytes) {}

  StatusOr<size_t> ReadAt(uint64_t offset, std::span<uint8_t> into) const override {
    const uint64_t left = offset < size_bytes_ ? size_bytes_ - offset : 0;
    const size_t count = static_cast<size_t>(std::min<uint64_t>(left, into.size()));
    const size_t from = static_cast<size_t>(std::min<uint64_t>(offset, bytes_.size()));
    const size_t held = std::min(count, bytes_.size() - from);
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(from), held, into.begin());
    std::fill_n(into.begin() + static_cast<ptrdiff_t>(held), count - held, uint8_t{0});
    return count;
  }
  StatusOr<uint64_t> Size() const override { return size_bytes_; }
  Status WriteAt(uint64_t, ByteSpan) override { return ReadOnly(); }
  Status Truncate(uint64_t) override { return ReadOnly(); }
  Status Sync() override { return ReadOnly(); }

 private:
  static Status ReadOnly() { return Error(Code::kPermissionDenied, "a memory file is read only"); }

  Bytes bytes_;
  uint64_t size_bytes_;
};

class MemorySink final : public ByteSink {
 public:
  Status Append(ByteSpan bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return Ok();
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace renkei::tensor
