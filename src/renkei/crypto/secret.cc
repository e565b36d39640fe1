// SPDX-License-Identifier: Apache-2.0
#include "renkei/crypto/secret.h"

#include <cstring>
#include <sodium.h>
#include <utility>

#include "renkei/base/check.h"
#include "renkei/crypto/hash.h"

namespace renkei::crypto {

SecretBytes::SecretBytes(ByteSpan bytes) : size_(bytes.size()) {
  RK_CHECK(sodium_init() >= 0);
  if (size_ == 0) return;
  data_ = static_cast<uint8_t*>(sodium_malloc(size_));
  RK_CHECK(data_ != nullptr);
  std::memcpy(data_, bytes.data(), size_);
}

SecretBytes SecretBytes::Random(renkei::Random& random, size_t size) {
  Bytes bytes = random.Take(size);
  SecretBytes secret{ByteSpan(bytes)};
  Wipe(bytes);
  return secret;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

SecretBytes::~SecretBytes() { sodium_free(data_); }

bool SecretBytes::operator==(const SecretBytes& other) const {
  return EqualInConstantTime(reveal(), other.reveal());
}

void Wipe(std::span<uint8_t> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

}  // namespace renkei::crypto
