// SPDX-License-Identifier: Apache-2.0
// Bytes that must not be printed, compared in variable time or left behind in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "renkei/base/bytes.h"
#include "renkei/base/random.h"

namespace renkei::crypto {

// Fixed at construction, wiped at destruction, moved but never copied. Locked into memory where
// the system allows it.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(ByteSpan bytes);
  static SecretBytes Random(renkei::Random& random, size_t size);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  // Valid while this lives. The caller sees to what it copies.
  ByteSpan reveal() const { return {data_, size_}; }
  size_t size() const { return size_; }
  SecretBytes Copy() const { return SecretBytes(reveal()); }
  bool operator==(const SecretBytes& other) const;  // constant time

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// Overwrites what a text held, such as the base64 form of a key read from a file.
void Wipe(std::span<uint8_t> bytes);

}  // namespace renkei::crypto
